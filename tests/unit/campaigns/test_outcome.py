"""The outcome of a call: RFC 3261 answers, Q.850 causes, and what Asterisk was seen to tell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outcome import (
    ANSWERED,
    NOT_THE_PERSONS,
    OURS,
    PATIENT_MS,
    REACHED,
    Facts,
    Outcome,
    Taken,
    quartile,
    resolve,
    taken,
)


def unanswered(tech: str | None = None, tech_cause: int = 0, cause: int = 0) -> Outcome:
    return resolve(Facts(answered=False, tech=tech, tech_cause=tech_cause, cause=cause))


@pytest.mark.parametrize(
    ("code", "cause", "expected"),
    [
        # code, the cause chan_pjsip makes of it, outcome
        (302, 23, Outcome.UNREACHABLE),
        (401, 21, Outcome.CARRIER_REFUSED),
        (403, 21, Outcome.CARRIER_REFUSED),
        (404, 1, Outcome.INVALID_NUMBER),
        (407, 21, Outcome.CARRIER_REFUSED),
        (408, 18, Outcome.UNREACHABLE),
        (410, 22, Outcome.INVALID_NUMBER),
        (420, 3, Outcome.CARRIER_REFUSED),
        (428, 127, Outcome.AUTH_BLOCKED),
        (433, 127, Outcome.AUTH_BLOCKED),
        (436, 127, Outcome.AUTH_BLOCKED),
        (437, 127, Outcome.AUTH_BLOCKED),
        (438, 127, Outcome.AUTH_BLOCKED),
        (480, 19, Outcome.NO_ANSWER),
        (484, 28, Outcome.INVALID_NUMBER),
        (485, 1, Outcome.INVALID_NUMBER),
        (486, 17, Outcome.BUSY),
        (487, 127, Outcome.NO_ANSWER),
        (488, 58, Outcome.CONFIG_ERROR),
        (500, 38, Outcome.CARRIER_FAILURE),
        (501, 29, Outcome.CARRIER_REFUSED),
        (502, 27, Outcome.UNREACHABLE),
        (503, 34, Outcome.CONGESTION),
        (504, 102, Outcome.CARRIER_FAILURE),
        (600, 17, Outcome.BUSY),
        (603, 21, Outcome.REJECTED),
        (604, 1, Outcome.INVALID_NUMBER),
        (606, 58, Outcome.CONFIG_ERROR),
        (607, 127, Outcome.UNWANTED),
        (608, 127, Outcome.ANALYTICS_BLOCKED),
    ],
)
def test_sip_answer_decides(code: int, cause: int, expected: Outcome) -> None:
    assert unanswered(f"SIP {code} Whatever", code, cause) is expected
    assert unanswered(None, code, cause) is expected, "where only the Hangup event tells the code"


@pytest.mark.parametrize("tech", ["SIP 180 Ringing", "SIP 181 Forwarded", "SIP 183 Progress"])
def test_no_final_answer_is_our_own_ring_timeout(tech: str) -> None:
    # Hangup shows a 480 that nobody sent, and some versions give cause 0.
    assert unanswered(tech, 480, 19) is Outcome.NO_ANSWER
    assert unanswered(tech, 480, 0) is Outcome.NO_ANSWER
    assert unanswered(tech, 480, 20) is Outcome.NO_ANSWER


def test_raw_words_win_over_the_code_of_the_hangup_event() -> None:
    assert unanswered("SIP 486 Busy Here", 480, 19) is Outcome.BUSY
    assert unanswered("SIP 607 Unwanted", 480, 127) is Outcome.UNWANTED


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (19, Outcome.CARRIER_FAILURE),  # the far side never said a word
        (0, Outcome.CONGESTION),  # nothing left for want of an RTP port
        (23, Outcome.UNREACHABLE),  # redirected
    ],
)
def test_no_sip_answer_at_all(cause: int, expected: Outcome) -> None:
    assert unanswered("", 480, cause) is expected


def test_answered_at_the_moment_of_the_timeout() -> None:
    assert unanswered("SIP 200 OK", 480, 19) is Outcome.ANSWERED_TOO_LATE


def test_answered_and_hung_up_before_the_dialplan_began() -> None:
    assert unanswered("SIP 200 OK", 200, 16) is Outcome.HUNG_UP_EARLY
    assert unanswered("SIP 200 OK", 0, 0) is Outcome.HUNG_UP_EARLY


@pytest.mark.parametrize(
    ("packets", "expected"), [(49, Outcome.HUNG_UP_EARLY), (50, Outcome.SILENT_CALL)]
)
def test_who_waited_for_a_dialplan_that_never_ran_was_on_a_silent_line(
    packets: int, expected: Outcome
) -> None:
    """By the sound that came since the answer, 20 ms a packet: nothing else was there to see it."""
    facts = Facts(False, tech="SIP 200 OK", tech_cause=200, cause=16, rtp_received=packets)
    assert resolve(facts) is expected
    assert resolve(replace(facts, cause=19)) is Outcome.ANSWERED_TOO_LATE


@pytest.mark.parametrize(
    ("tech", "cause", "expected"),
    [
        ("SIP 480 Temporarily Unavailable", 20, Outcome.UNREACHABLE),
        ("SIP 480 Temporarily Unavailable", 17, Outcome.BUSY),
        ("SIP 480 Temporarily Unavailable", 16, Outcome.NO_ANSWER),
        ("SIP 500 Server Internal Error", 34, Outcome.CONGESTION),
        ("SIP 500 Server Internal Error", 1, Outcome.INVALID_NUMBER),
        ("SIP 503 Service Unavailable", 17, Outcome.BUSY),
        ("SIP 503 Service Unavailable", 27, Outcome.UNREACHABLE),
        ("SIP 486 Busy Here", 34, Outcome.BUSY),
        ("SIP 404 Not Found", 16, Outcome.INVALID_NUMBER),
    ],
)
def test_reason_of_the_carrier_refines_only_general_codes(
    tech: str, cause: int, expected: Outcome
) -> None:
    assert unanswered(tech, 0, cause) is expected


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (0, Outcome.UNREACHABLE),
        (1, Outcome.INVALID_NUMBER),
        (3, Outcome.CARRIER_REFUSED),
        (17, Outcome.BUSY),
        (18, Outcome.UNREACHABLE),
        (19, Outcome.NO_ANSWER),
        (20, Outcome.UNREACHABLE),
        (21, Outcome.REJECTED),
        (22, Outcome.INVALID_NUMBER),
        (27, Outcome.UNREACHABLE),
        (28, Outcome.INVALID_NUMBER),
        (29, Outcome.CARRIER_REFUSED),
        (34, Outcome.CONGESTION),
        (38, Outcome.CARRIER_FAILURE),
        (41, Outcome.CARRIER_FAILURE),
        (42, Outcome.CONGESTION),
        (44, Outcome.CONGESTION),
        (58, Outcome.CONFIG_ERROR),
        (102, Outcome.CARRIER_FAILURE),
    ],
)
def test_cause_decides_where_no_sip_code_is_known(cause: int, expected: Outcome) -> None:
    assert unanswered(None, 0, cause) is expected


def test_bye_leaves_cause_zero_and_changes_nothing() -> None:
    facts = Facts(True, "playing", cause=0, heard_ms=700, message_ms=2000, rtp_sent=35)
    assert resolve(facts) is Outcome.HUNG_UP_EARLY


@pytest.mark.parametrize(
    ("result", "heard_ms", "rtp_sent", "expected"),
    [
        ("played", 2000, 100, Outcome.DELIVERED),
        ("playing", 900, 45, Outcome.HUNG_UP_EARLY),
        ("playing", 4, 0, Outcome.HUNG_UP_EARLY),  # answered and hung up at once
        ("optout", 300, 15, Outcome.OPTED_OUT),
        ("optout", 0, 0, Outcome.OPTED_OUT),
        ("playing", 0, 0, Outcome.SILENT_CALL),
        ("", 0, 0, Outcome.SILENT_CALL),
    ],
)
def test_answered_calls(result: str, heard_ms: int, rtp_sent: int, expected: Outcome) -> None:
    facts = Facts(True, result, heard_ms=heard_ms, message_ms=2000, rtp_sent=rtp_sent)
    assert resolve(facts) is expected


@pytest.mark.parametrize(
    ("waited_ms", "expected"),
    [
        (40, Outcome.HUNG_UP_EARLY),
        (PATIENT_MS - 1, Outcome.HUNG_UP_EARLY),
        (PATIENT_MS, Outcome.SILENT_CALL),
    ],
)
def test_who_waited_on_a_silent_line_did_not_hang_up_on_us(
    waited_ms: int, expected: Outcome
) -> None:
    """The dialplan takes the time gone by for what was heard, where it has no position."""
    facts = Facts(True, "playing", heard_ms=waited_ms, message_ms=2000, first_ms=waited_ms)
    assert resolve(facts) is expected


def test_message_that_cannot_be_played_is_a_silent_call() -> None:
    """A person answered and heard nothing: it counts, and is not made again at once.

    The dialplan gives up some milliseconds after the answer and not a packet was sent.
    """
    facts = Facts(True, "playing", cause=27, heard_ms=4, message_ms=2000, rtp_sent=0)
    assert resolve(facts) is Outcome.SILENT_CALL
    assert Outcome.SILENT_CALL not in NOT_THE_PERSONS


@given(
    st.builds(
        Facts,
        answered=st.booleans(),
        result=st.sampled_from(["", "playing", "played", "optout"]),
        tech=st.one_of(
            st.none(),
            st.sampled_from([100, 180, 200, 302, 404, 486, 503, 699]).map(lambda c: f"SIP {c} X"),
            st.text(),
        ),
        tech_cause=st.integers(0, 699),
        cause=st.integers(0, 127),
        heard_ms=st.integers(0, 60_000),
        message_ms=st.integers(0, 60_000),
        rtp_sent=st.integers(0, 3000),
        first_ms=st.one_of(st.none(), st.integers(0, 60_000)),
    )
)
def test_every_ended_call_has_an_outcome_and_only_answered_ones_say_so(facts: Facts) -> None:
    found = resolve(facts)
    assert found not in {Outcome.IN_DOUBT, Outcome.PBX_LOST}
    if facts.answered:
        assert found in ANSWERED
    elif not (facts.tech or "").startswith("SIP 200") and facts.tech_cause != 200:
        assert found not in ANSWERED
    assert 0 <= quartile(facts) <= 4


@given(st.integers(300, 699), st.integers(0, 127))
def test_our_own_congestion_is_never_reported_as_busy(code: int, cause: int) -> None:
    if unanswered(f"SIP {code} X", cause=cause) is Outcome.BUSY:
        assert code in {486, 600} or cause == 17


@pytest.mark.parametrize(
    ("heard", "expected"), [(0, 0), (499, 0), (500, 1), (999, 1), (1500, 3), (2000, 4), (2500, 4)]
)
def test_quartiles_of_the_message(heard: int, expected: int) -> None:
    assert quartile(Facts(True, heard_ms=heard, message_ms=2000)) == expected


def test_a_message_of_no_length_has_no_quartile() -> None:
    assert quartile(Facts(True, heard_ms=10, message_ms=0)) == 0


def test_groups_do_not_overlap() -> None:
    assert not REACHED & NOT_THE_PERSONS
    assert not ANSWERED & NOT_THE_PERSONS
    assert REACHED < ANSWERED


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_taken_in_one_way(outcome: Outcome) -> None:
    groups = {Taken.ANSWERED: outcome in ANSWERED, Taken.OURS: outcome in OURS}
    expected = [group for group, is_in in groups.items() if is_in] or [Taken.NOT_ANSWERED]
    assert [taken(outcome.value)] == expected
