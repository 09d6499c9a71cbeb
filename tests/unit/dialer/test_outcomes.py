"""From what the PBX told to what is written of a call."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dialer_subjects import MESSAGE_MS, a_call, a_campaign

from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.stages import LATE_MS
from campaigns.states import AttemptState, TargetState
from dialer.events import CallEnded, HungUp
from dialer.outcomes import began_late, closed, in_doubt, never_placed, opted_out, unsent

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ANSWERED_MS = 1_772_445_500_000


def reported(attempt_id: str = "x", **changes: Any) -> CallEnded:
    values: dict[str, Any] = {
        "ended_ms": ANSWERED_MS + 4000, "answered_ms": ANSWERED_MS, "cause": 16,
        "tech": "SIP 200 OK", "sip_call_id": "abc@host", "result": "played", "heard_ms": 1990,
        "rtp_sent": 100, "rtp_received": 99, "keys": "", "first_ms": 12,
    }  # fmt: skip
    return CallEnded(attempt_id, **{**values, **changes})


def busy() -> CallEnded:
    return reported(answered_ms=0, cause=17, tech="SIP 486 Busy Here", result="", heard_ms=0,
        rtp_sent=0, rtp_received=0)  # fmt: skip


def test_a_delivered_message() -> None:
    call = a_call(sent_at=AT, ringing_at=AT, ended=reported(keys="12"))
    closing = closed(call, HungUp("x", 16, 0), AT)
    ended, settled = closing.ended, closing.settled
    assert (ended.outcome, ended.state) == (Outcome.DELIVERED, AttemptState.CLOSED)
    assert (ended.heard_ms, ended.quartile) == (MESSAGE_MS, 4), "played to its end is all of it"
    assert ended.answered_at == datetime(2026, 3, 2, 9, 58, 20, tzinfo=UTC)
    assert ended.ended_at == ended.answered_at + timedelta(seconds=4)
    assert (ended.keys, ended.sip_call_id) == ("12", "abc@host")
    assert (ended.rtp_sent, ended.rtp_received, ended.first_ms) == (100, 99, 12)
    assert (settled.state, settled.attempts, settled.tries) == (TargetState.REACHED, 1, 0)
    assert closing.suppress == ""


@pytest.mark.parametrize(
    ("told", "late"),
    [
        ({"first_ms": LATE_MS}, False),
        ({"first_ms": LATE_MS + 1}, True),
        ({"first_ms": LATE_MS + 1, "result": "playing", "heard_ms": 300}, True),
        ({"first_ms": None}, False),
        # Heard nothing at all: counted by its outcome, and not once more.
        ({"first_ms": 3000, "rtp_sent": 0, "result": "playing", "heard_ms": 0}, False),
    ],
)
def test_a_message_that_begins_too_late_is_told_whatever_came_of_it(
    told: dict[str, Any], late: bool
) -> None:
    assert began_late(closed(a_call(ended=reported(**told)), None, AT).ended) is late


def test_of_a_call_in_which_nothing_was_sent_there_is_no_first_sample() -> None:
    silent = reported(first_ms=900, rtp_sent=0, result="playing", heard_ms=880)
    assert closed(a_call(ended=silent), None, AT).ended.first_ms is None


def test_no_more_was_heard_than_there_is() -> None:
    call = a_call(ended=reported(result="playing", heard_ms=MESSAGE_MS + 700))
    assert closed(call, None, AT).ended.heard_ms == MESSAGE_MS


def test_a_busy_number_is_called_again_later() -> None:
    settled = closed(a_call(ended=busy()), HungUp("x", 17, 486), AT).settled
    assert settled.state is TargetState.PENDING
    assert settled.due_at == AT + timedelta(minutes=20)
    assert (settled.retry, settled.attempts, settled.outcome) == (True, 1, "busy")


def test_the_last_attempt_counts_those_before() -> None:
    assert closed(a_call(attempts=2, ended=busy()), None, AT).settled.state is TargetState.UNREACHED


def test_congestion_counts_as_a_try_and_not_as_an_attempt() -> None:
    ended = reported(answered_ms=0, cause=34, tech="SIP 503 Service Unavailable", result="")
    settled = closed(a_call(attempts=1, tries=2, ended=ended), None, AT).settled
    assert (settled.attempts, settled.tries) == (1, 3)
    assert settled.due_at == AT + timedelta(minutes=4)


@pytest.mark.parametrize("ended", [None, reported(result="playing"), busy()])
def test_a_refusal_journalled_by_the_pbx_wins_over_everything(ended: CallEnded | None) -> None:
    closing = closed(a_call(opted_out=True, ended=ended), HungUp("x", 17, 486), AT)
    assert closing.ended.outcome is Outcome.OPTED_OUT
    assert closing.settled.state is TargetState.REACHED
    assert closing.suppress == "key"


def test_unwanted_suppresses() -> None:
    ended = reported(answered_ms=0, cause=127, tech="SIP 607 Unwanted", result="")
    closing = closed(a_call(ended=ended), HungUp("x", 127, 607), AT)
    assert closing.suppress == "unwanted_607"
    assert closing.settled.state is TargetState.UNREACHED


UNKNOWN = HungUp("x", 1, 404)
REAL = a_campaign(rehearsal=False)


def test_a_number_that_the_network_does_not_know_is_suppressed_and_waits_for_others() -> None:
    ended = reported(answered_ms=0, cause=1, tech="SIP 404 Not Found", result="")
    closing = closed(a_call(ended=ended, campaign=REAL), UNKNOWN, AT)
    assert (closing.settled.state, closing.suppress) == (TargetState.UNREACHED, "invalid_number")
    assert opted_out([closing]) == [], "it is nobody's refusal, which must not wait"
    refused = closed(a_call(opted_out=True, campaign=REAL), UNKNOWN, AT)
    assert opted_out([closing, refused]) == [refused]


def test_what_the_simulated_network_does_not_know_may_be_somebody() -> None:
    assert closed(a_call(), UNKNOWN, AT).ended.outcome is Outcome.INVALID_NUMBER
    assert closed(a_call(), UNKNOWN, AT).suppress == ""


def test_a_number_that_the_campaign_tries_again_is_not_given_up() -> None:
    again = RetryPolicy(delays={Outcome.INVALID_NUMBER: timedelta(hours=1)})
    campaign = a_campaign(rehearsal=False, retry=again)
    assert closed(a_call(campaign=campaign), UNKNOWN, AT).suppress == ""
    assert closed(a_call(2, campaign=campaign), UNKNOWN, AT).suppress == "invalid_number"


def test_without_a_report_the_hangup_says_what_it_can() -> None:
    closing = closed(a_call(), HungUp("x", 17, 486), AT)
    assert closing.ended.outcome is Outcome.BUSY
    assert (closing.ended.cause, closing.ended.ended_at) == (17, AT)


def test_keys_heard_by_event_are_kept_where_there_is_no_report() -> None:
    call = a_call(answered_at=AT)
    call.keys += ["1", "2"]
    assert closed(call, HungUp("x", 0, 0), AT).ended.keys == "12"


def test_doubt_counts_and_is_settled_as_nothing() -> None:
    closing = in_doubt(a_call(attempts=0), AT)
    assert (closing.ended.state, closing.ended.outcome) == (AttemptState.IN_DOUBT, None)
    assert closing.settled.state is TargetState.IN_DOUBT
    assert closing.settled.attempts == 1
    assert closing.suppress == ""


def test_a_call_that_never_left_counts_nothing() -> None:
    closing = unsent(a_call(attempts=2, tries=1), AT)
    assert closing.ended.state is AttemptState.UNSENT
    settled = closing.settled
    assert (settled.state, settled.attempts, settled.tries) == (TargetState.PENDING, 2, 1)
    assert (settled.due_at, settled.outcome) == (AT, None)


def test_what_the_pbx_would_not_place_is_no_fault_of_the_person() -> None:
    call = a_call()
    settled = never_placed(call, Outcome.CONFIG_ERROR, AT).settled
    assert (settled.state, settled.attempts, settled.tries) == (TargetState.PENDING, 0, 1)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (busy(), Outcome.CANCELLED),
        (reported(result="playing", heard_ms=900), Outcome.CANCELLED),
        (reported(result="played"), Outcome.DELIVERED),
        (reported(result="optout"), Outcome.OPTED_OUT),
        (None, Outcome.CANCELLED),
    ],
)
def test_what_our_own_stop_cut_short_is_told_so(ended: CallEnded | None, expected: Outcome) -> None:
    call = a_call(hung_up_by_us=True, ended=ended)
    assert closed(call, HungUp("x", 16, 0), AT).ended.outcome is expected
