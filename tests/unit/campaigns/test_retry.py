"""What becomes of a target after each outcome."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.retry import APART, RetryPolicy, after, another_hour, counts
from campaigns.states import TargetState

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [
        (Outcome.BUSY, timedelta(minutes=20)),
        (Outcome.NO_ANSWER, timedelta(hours=2)),
        (Outcome.UNREACHABLE, timedelta(hours=4)),
        (Outcome.SILENT_CALL, timedelta(hours=4)),
        (Outcome.ANSWERED_TOO_LATE, timedelta(hours=4)),
        (Outcome.MACHINE, timedelta(hours=4)),
    ],
)
def test_called_again_after_a_wait(outcome: Outcome, wait: timedelta) -> None:
    following = after(outcome, attempts=1, tries=0, at=AT, policy=POLICY)
    assert (following.state, following.due_at) == (TargetState.PENDING, AT + wait)
    assert following.counted


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.DELIVERED, TargetState.REACHED),
        (Outcome.OPTED_OUT, TargetState.REACHED),
        (Outcome.TRANSFERRED, TargetState.REACHED),
        (Outcome.MACHINE_MESSAGE_LEFT, TargetState.REACHED),
        (Outcome.HUNG_UP_EARLY, TargetState.UNREACHED),
        (Outcome.REJECTED, TargetState.UNREACHED),
        (Outcome.INVALID_NUMBER, TargetState.UNREACHED),
        (Outcome.UNWANTED, TargetState.UNREACHED),
        (Outcome.IN_DOUBT, TargetState.IN_DOUBT),
    ],
)
def test_never_called_again(outcome: Outcome, state: TargetState) -> None:
    following = after(outcome, attempts=1, tries=0, at=AT, policy=POLICY)
    assert (following.state, following.due_at) == (state, None)


def test_the_last_attempt_is_the_last() -> None:
    assert after(Outcome.BUSY, 2, 0, AT, POLICY).state is TargetState.PENDING
    assert after(Outcome.BUSY, 3, 0, AT, POLICY).state is TargetState.UNREACHED


@pytest.mark.parametrize("outcome", sorted(NOT_THE_PERSONS))
def test_faults_of_ours_consume_no_attempt(outcome: Outcome) -> None:
    following = after(outcome, attempts=3, tries=1, at=AT, policy=POLICY)
    assert not following.counted
    assert not counts(outcome)
    assert following.state is TargetState.PENDING, "though all three attempts are used"


def test_waits_after_faults_of_ours_double_up_to_an_hour() -> None:
    waits = [
        after(Outcome.CONGESTION, 0, tries, AT, RetryPolicy(network_tries=1000)).due_at
        for tries in range(1, 900)
    ]
    minutes = [(at - AT) / timedelta(minutes=1) for at in waits if at is not None]
    assert minutes[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert minutes[-1] == 60


def test_faults_of_ours_end_at_the_cap() -> None:
    policy = RetryPolicy(network_tries=4)
    assert after(Outcome.CONGESTION, 0, 3, AT, policy).state is TargetState.PENDING
    last = after(Outcome.CONGESTION, 0, 4, AT, policy)
    assert (last.state, last.counted) == (TargetState.UNREACHED, False)


@given(
    st.sampled_from(Outcome),
    st.integers(0, 10),
    st.integers(1, 30),
    st.integers(1, 10),
    st.integers(1, 25),
)
def test_nobody_is_called_more_often_than_the_policy_says(
    outcome: Outcome, attempts: int, tries: int, most: int, network: int
) -> None:
    policy = RetryPolicy(max_attempts=most, network_tries=network)
    following = after(outcome, attempts, tries, AT, policy)
    if following.state is TargetState.PENDING:
        assert following.due_at is not None
        assert following.due_at > AT
        assert attempts < most if following.counted else tries < network
        assert outcome not in REACHED
    else:
        assert following.due_at is None


instants = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: AT + timedelta(minutes=minutes))
waits = st.integers(0, 14 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(instants, waits)
def test_another_hour_is_two_hours_off_and_never_sooner(last: datetime, wait: timedelta) -> None:
    found = another_hour(last, last + wait)
    apart = (found - last) % timedelta(days=1)
    assert APART <= apart <= timedelta(days=1) - APART
    assert timedelta() <= found - (last + wait) <= 2 * APART
    assert another_hour(last, found) == found


def test_who_did_not_answer_is_called_at_another_hour_the_next_day() -> None:
    policy = RetryPolicy(delays={Outcome.NO_ANSWER: timedelta(days=1), Outcome.BUSY: APART * 12})
    assert after(Outcome.NO_ANSWER, 1, 0, AT, policy).due_at == AT + timedelta(hours=26)
    assert after(Outcome.BUSY, 1, 0, AT, policy).due_at == AT + timedelta(hours=24)


def test_an_outcome_may_be_the_last_sooner_than_others() -> None:
    policy = RetryPolicy(counts={Outcome.NO_ANSWER: 2, Outcome.CONFIG_ERROR: 1})
    assert after(Outcome.NO_ANSWER, 1, 0, AT, policy).state is TargetState.PENDING
    assert after(Outcome.NO_ANSWER, 2, 0, AT, policy).state is TargetState.UNREACHED
    assert after(Outcome.BUSY, 2, 0, AT, policy).state is TargetState.PENDING
    assert after(Outcome.CONFIG_ERROR, 0, 1, AT, policy).state is TargetState.UNREACHED
    assert after(Outcome.CONGESTION, 0, 1, AT, policy).state is TargetState.PENDING


@given(
    st.lists(st.sampled_from(sorted(set(Outcome) - {Outcome.IN_DOUBT})), min_size=1, max_size=40),
    st.integers(1, 5),
    st.integers(1, 10),
    st.dictionaries(st.sampled_from(sorted(Outcome)), st.integers(1, 20), max_size=3),
)
def test_a_whole_life_of_calls_keeps_every_count(
    ends: list[Outcome], most: int, network: int, limits: dict[Outcome, int]
) -> None:
    policy = RetryPolicy(most, network_tries=network, counts=limits)
    attempts = tries = 0
    at = AT
    for outcome in ends:
        attempts, tries = attempts + counts(outcome), tries + (not counts(outcome))
        following = after(outcome, attempts, tries, at, policy)
        assert following.counted is counts(outcome), "our own congestion consumes no attempt"
        if following.state is not TargetState.PENDING:
            break
        assert following.due_at is not None
        assert following.due_at > at
        at = following.due_at
    assert attempts <= most
    assert tries <= network
