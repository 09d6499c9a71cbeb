import pytest
from ledger_calls import call, pressed, unanswered

from rehearsal.expectation import Announced, expected_outcomes
from rehearsal.ledger import LedgerCall

ANNOUNCED = Announced(message_seconds=10.0, ring_timeout=25.0)


def _expect(seen: LedgerCall) -> set[str]:
    return set(expected_outcomes(seen, ANNOUNCED))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, "unreachable"),
        (404, "invalid_number"),
        (428, "auth_blocked"),
        (480, "no_answer"),
        (486, "busy"),
        (500, "carrier_failure"),
        (503, "congestion"),
        (603, "rejected"),
        (607, "unwanted"),
        (608, "analytics_blocked"),
        (599, "carrier_failure"),
    ],
)
def test_a_refusal_has_one_outcome(status: int, outcome: str) -> None:
    assert _expect(unanswered(status)) == {outcome}


def test_a_reason_header_may_be_followed_or_be_dropped_by_the_pbx() -> None:
    assert _expect(unanswered(480, reason='Q.850;cause=20;text="Subscriber absent"')) == {
        "unreachable",
        "no_answer",
    }


def test_ringing_out_is_no_answer() -> None:
    assert _expect(unanswered(487, cancel_at=1025.0)) == {"no_answer"}


def test_a_cancel_long_before_the_time_out_is_our_own() -> None:
    assert _expect(unanswered(487, cancel_at=1003.0)) == {"cancelled", "pbx_lost"}


def test_an_answer_that_crosses_the_cancel_is_no_call_anyone_had() -> None:
    crossed = call(cancel_at=1002.0, rtp_packets=0, rtp_seconds=0.0)
    assert _expect(crossed) == {"answered_too_late", "no_answer"}


def test_an_answer_at_the_time_out_without_a_cancel_may_have_come_too_late() -> None:
    met = call(answer_at=1025.0, rtp_packets=0, rtp_seconds=0.0)
    assert _expect(met) == {"answered_too_late", "silent_call"}


def test_an_answer_without_any_message_is_a_silent_call() -> None:
    assert _expect(call(rtp_packets=0, rtp_seconds=0.0)) == {"silent_call"}


def test_whoever_leaves_before_the_first_packet_left_early() -> None:
    gone = call(rtp_packets=0, rtp_seconds=0.0, hung_up_by="network", bye_at=1000.3)
    assert _expect(gone) == {"hung_up_early"}


def test_whoever_leaves_a_line_that_stayed_silent_was_not_spoken_to() -> None:
    left = call(rtp_packets=0, rtp_seconds=0.0, hung_up_by="network", bye_at=1004.0)
    assert _expect(left) == {"silent_call"}


@pytest.mark.parametrize("heard", [9.75, 10.0, 25.0])
def test_the_whole_message_is_delivered(heard: float) -> None:
    assert _expect(call(rtp_seconds=heard)) == {"delivered"}


def test_leaving_in_the_message_is_leaving_early() -> None:
    left = call(rtp_seconds=4.0, rtp_last_at=1006.0, hung_up_by="network", bye_at=1006.0)
    assert _expect(left) == {"hung_up_early"}


def test_leaving_well_after_the_message_is_delivery() -> None:
    assert _expect(call(hung_up_by="network", bye_at=1012.5)) == {"delivered"}


@pytest.mark.parametrize(("heard", "after"), [(9.8, 0.0), (10.0, 0.1), (9.9, 1.0)])
def test_leaving_at_the_end_of_the_message_may_be_either(heard: float, after: float) -> None:
    left = call(rtp_seconds=heard, hung_up_by="network", bye_at=1012.0 + after)
    assert _expect(left) == {"delivered", "hung_up_early"}


def test_a_nine_is_an_opt_out_whenever_it_comes() -> None:
    assert _expect(call(keys=pressed("9", 1004.0), rtp_seconds=2.0)) == {"opted_out"}
    assert _expect(call(keys=pressed("9", 1004.0, "info"), rtp_seconds=0.0, rtp_packets=0)) == {
        "opted_out"
    }


def test_a_nine_that_crosses_the_hang_up_may_not_have_been_heard() -> None:
    assert _expect(call(keys=pressed("9", 1012.95))) == {"opted_out", "delivered"}


def test_another_key_is_no_opt_out() -> None:
    assert _expect(call(keys=pressed("1", 1004.0))) == {"delivered"}


def test_the_opt_out_key_is_the_campaigns() -> None:
    seven = Announced(10.0, optout_digit="7")
    assert expected_outcomes(call(keys=pressed("7", 1004.0)), seven) == {"opted_out"}


def test_a_message_the_pbx_cut_short_is_not_delivered() -> None:
    cut = _expect(call(rtp_seconds=5.0))
    assert "delivered" not in cut
    assert "hung_up_early" not in cut
    assert "machine" in cut


def test_a_call_nobody_ended_is_in_doubt() -> None:
    up = call(hung_up_by=None, bye_at=None, ended_at=None, rtp_seconds=3.0)
    assert _expect(up) == {"in_doubt", "pbx_lost"}
    assert "in_doubt" in _expect(unanswered(None))


def test_who_hears_all_is_a_machine_only_where_machines_are_looked_for() -> None:
    looks = Announced(10.0, machines=True)
    assert expected_outcomes(call(), looks) == {"delivered", "machine", "machine_message_left"}
    left = call(hung_up_by="network", bye_at=1012.5)
    assert expected_outcomes(left, looks) == {"delivered"}
    assert expected_outcomes(call(keys=pressed("9", 1004.0)), looks) == {"opted_out"}
