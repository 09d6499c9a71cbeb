from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from ledger_calls import call, pressed, unanswered

from rehearsal.checker import Limits, Mismatch, TargetRecord, Verdict, check
from rehearsal.expectation import Announced
from rehearsal.matching import AttemptRecord

if TYPE_CHECKING:
    from rehearsal.ledger import LedgerCall

AT = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LIMITS = Limits(channels=3, starts_per_second=2)
ANNOUNCED = Announced(message_seconds=10.0)


def _number(n: int) -> str:
    return f"+331990000{n:02d}"


def _attempt(n: int, outcome: str, **facts: Any) -> AttemptRecord:
    made = AttemptRecord(f"a{n}", f"t{n}", _number(n), f"c{n}", outcome, "ended", AT)
    return replace(made, **facts)


def _target(n: int, **facts: Any) -> TargetRecord:
    return replace(TargetRecord(f"t{n}", _number(n), "done", terminal=True, attempts=1), **facts)


class Record:
    """A campaign of four targets without a fault, to plant one in."""

    def __init__(self) -> None:
        self.calls: list[LedgerCall] = [
            call("c1", 1000.0, number="0199000001"),
            unanswered(486, 1001.0, sip_call_id="c2", number="+33199000002"),
            call("c3", 1002.0, number="33199000003", keys=pressed("9", 1005.0)),
            unanswered(607, 1020.0, sip_call_id="c4", number="0033199000004"),
        ]
        words = ("delivered", "busy", "opted_out", "unwanted")
        self.attempts = [_attempt(n, word) for n, word in enumerate(words, 1)]
        self.targets = [_target(n) for n in range(1, 5)]
        self.suppressed = {"01 99 00 00 03": AT}

    def verdict(self) -> Verdict:
        return check(self.calls, self.attempts, self.targets, LIMITS, self.suppressed, ANNOUNCED)


@pytest.fixture
def record() -> Record:
    return Record()


def test_a_clean_record_has_no_fault(record: Record) -> None:
    verdict = record.verdict()
    assert verdict.faults == []
    assert verdict.optouts_sent == verdict.optouts_recorded == [_number(3)]
    assert (verdict.peak_channels, verdict.peak_cps, verdict.ledger_calls) == (3, 1, 4)
    assert verdict.behaviours == {"answers_and_listens": 4}


def test_an_attempt_is_held_against_the_message_it_played(record: Record) -> None:
    record.attempts[0] = replace(record.attempts[0], message_seconds=20.0)
    (found,) = record.verdict().mismatches
    assert (found.attempt_id, found.got) == ("a1", "delivered")
    assert "delivered" not in found.expected


def test_the_summary_counts(record: Record) -> None:
    summary = record.verdict().summary()
    assert summary["optouts_sent"] == 1
    assert summary["mismatches"] == 0
    assert summary["limit_channels"] == 3


def test_a_clean_record_without_call_ids_is_matched_by_number_and_order(record: Record) -> None:
    again = unanswered(486, 900.0, sip_call_id="c0", number="0199000002")
    record.calls.append(replace(again, behaviour="busy", status=603))
    earlier = _attempt(2, "rejected", attempt_id="a0", sent_at=AT.replace(hour=17))
    record.attempts = [replace(a, sip_call_id=None) for a in [*record.attempts, earlier]]
    record.targets[1] = _target(2, attempts=2)
    assert record.verdict().faults == []


def test_a_wrong_outcome_is_reported(record: Record) -> None:
    record.attempts[1] = _attempt(2, "no_answer")
    verdict = record.verdict()
    assert verdict.mismatches == [Mismatch("a2", frozenset({"busy"}), "no_answer")]
    assert verdict.faults == ["1 outcomes that differ"]


def test_a_missing_outcome_is_reported(record: Record) -> None:
    record.attempts[1] = replace(record.attempts[1], outcome=None)
    assert len(record.verdict().mismatches) == 1


def test_a_duplicate_call_is_reported(record: Record) -> None:
    record.calls.append(unanswered(486, 1030.0, sip_call_id="c9", number="0199000002"))
    verdict = record.verdict()
    assert verdict.called_twice == [_number(2)]
    assert verdict.uninvited == ["c9"]


def test_two_calls_at_once_to_one_number_are_reported(record: Record) -> None:
    record.calls.append(call("c5", 1001.5, number="0199000002", ended_at=1001.6))
    record.attempts.append(_attempt(2, "delivered", attempt_id="a5", sip_call_id="c5"))
    record.targets[1] = _target(2, attempts=2)
    verdict = record.verdict()
    assert verdict.called_twice == [_number(2)]
    assert verdict.uninvited == []


@pytest.mark.parametrize("n", [1, 3, 4])
def test_a_call_after_a_final_outcome_is_reported(record: Record, n: int) -> None:
    record.calls.append(call("c6", 2000.0, number=_number(n)))
    record.attempts.append(_attempt(n, "delivered", attempt_id="a6", sip_call_id="c6"))
    record.targets[n - 1] = _target(n, attempts=2)
    assert record.verdict().called_twice == [_number(n)]


def test_a_retry_after_busy_is_no_fault(record: Record) -> None:
    record.calls.append(call("c6", 2000.0, number=_number(2)))
    record.attempts.append(_attempt(2, "delivered", attempt_id="a6", sip_call_id="c6"))
    record.targets[1] = _target(2, attempts=2)
    assert record.verdict().faults == []


def test_a_lost_opt_out_is_reported(record: Record) -> None:
    record.suppressed.clear()
    verdict = record.verdict()
    assert verdict.lost_optouts == [_number(3)]
    assert verdict.optouts_recorded == []


def test_a_call_after_an_opt_out_is_reported(record: Record) -> None:
    record.calls.append(call("c7", 1500.0, number=_number(3)))
    assert record.verdict().calls_after_optout == [_number(3)]


def test_a_target_left_open_is_reported(record: Record) -> None:
    record.targets[0] = _target(1, terminal=False, state="dialing")
    assert record.verdict().lost == ["target t1: left in state dialing"]


def test_attempts_that_do_not_add_up_are_reported(record: Record) -> None:
    record.targets[0] = _target(1, attempts=2)
    assert record.verdict().lost == ["target t1: counts 2 attempts, 1 were sent"]


def test_attempts_of_an_unknown_target_are_reported(record: Record) -> None:
    del record.targets[0]
    assert record.verdict().lost == ["target t1: attempts but no such target"]


def test_an_attempt_nobody_saw_is_reported(record: Record) -> None:
    del record.calls[0]
    assert record.verdict().lost == ["attempt a1: sent, but never seen"]


def test_an_attempt_that_never_left_the_pbx_is_no_fault(record: Record) -> None:
    del record.calls[0]
    record.attempts[0] = _attempt(1, "pbx_lost", sip_call_id=None)
    assert record.verdict().faults == []


def test_doubt_is_counted_and_no_mismatch(record: Record) -> None:
    record.attempts[0] = _attempt(1, "in_doubt")
    verdict = record.verdict()
    assert verdict.faults == []
    assert verdict.in_doubt == ["a1"]


def test_a_call_in_doubt_about_its_leaving_is_the_one_that_was_seen(record: Record) -> None:
    record.attempts[0] = _attempt(1, "in_doubt", sip_call_id=None, sent_at=None)
    assert record.verdict().faults == []


def test_a_call_that_is_said_not_to_have_left_is_uninvited(record: Record) -> None:
    record.attempts[0] = _attempt(1, "cancelled", sip_call_id=None, sent_at=None)
    record.targets[0] = _target(1, attempts=0)
    verdict = record.verdict()
    assert verdict.uninvited == ["c1"]
    assert verdict.called_twice == [_number(1)]


def test_a_call_id_that_belongs_to_another_number_is_no_match(record: Record) -> None:
    record.attempts[0] = _attempt(1, "delivered", sip_call_id="c2")
    record.attempts[1] = _attempt(2, "busy", sip_call_id="c1")
    assert record.verdict().faults == []


def test_a_call_over_the_channel_limit_is_reported(record: Record) -> None:
    record.calls.append(call("c8", 1002.5, number=_number(8)))
    record.attempts.append(_attempt(8, "delivered"))
    record.targets.append(_target(8))
    assert record.verdict().faults == ["4 calls at once, limit 3"]


def test_a_start_over_the_rate_limit_is_reported(record: Record) -> None:
    for n in (8, 9):
        record.calls.append(call(f"c{n}", 3000.9 + n / 100, number=_number(n)))
        record.attempts.append(_attempt(n, "delivered"))
        record.targets.append(_target(n))
    record.calls[0] = replace(record.calls[0], invite_at=3000.2, ended_at=3000.3)
    assert record.verdict().faults == ["3 starts in one second, limit 2"]


def test_a_redirected_number_that_gets_called_was_not_invited(record: Record) -> None:
    record.calls.append(call("c10", 4000.0, number="+99933199000001"))
    verdict = record.verdict()
    assert verdict.uninvited == ["c10"]
    assert verdict.called_twice == ["+99933199000001"]


@pytest.mark.parametrize(
    ("replies", "faulty"),
    [
        ((), False),
        ((("1", 1005.1),), False),
        ((("1", 1004.9),), False),  # taken a moment before the last of its packets
        ((("2", 1005.1),), True),
        ((("1", 1003.0),), True),
        ((("1", 1007.0),), True),
        ((("1", 1005.1), ("2", 1006.0)), True),
    ],
)
def test_what_was_said_was_pressed_at_that_moment(
    replies: tuple[tuple[str, float], ...], faulty: bool
) -> None:
    record = Record()
    record.calls[0] = replace(record.calls[0], keys=pressed("1", 1005.0))
    record.attempts[0] = replace(record.attempts[0], replies=replies)
    assert record.verdict().never_said == (["a1"] if faulty else [])
    assert bool(record.verdict().faults) is faulty


def test_whoever_asked_for_it_may_have_been_put_through() -> None:
    record = Record()
    record.attempts[0] = replace(record.attempts[0], outcome="transferred")
    assert record.verdict().mismatches
    record.calls[0] = replace(record.calls[0], keys=pressed("3", 1005.0))
    told = replace(ANNOUNCED, transfer_digit="3")
    verdict = check(record.calls, record.attempts, record.targets, LIMITS, record.suppressed, told)
    assert verdict.faults == []
