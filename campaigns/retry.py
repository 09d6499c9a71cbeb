"""When a target is called again, by how its last attempt ended. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.states import TargetState

MAX_NETWORK_TRIES = 20
"""Calls for one target that failed through no fault of the person's, before we give up on it."""

APART = timedelta(hours=2)
"""How far from the hour of the last call another hour of the day is, at least."""

OTHER_HOUR = frozenset({Outcome.NO_ANSWER, Outcome.MACHINE})
"""Who does not answer at this hour, or lets a machine do it, may at another."""

OTHER_TRUNK = frozenset(
    {
        Outcome.CONGESTION,
        Outcome.CARRIER_FAILURE,
        Outcome.CARRIER_REFUSED,
        Outcome.AUTH_BLOCKED,
        Outcome.CONFIG_ERROR,
    }
)
"""What one carrier could not or would not do, another may."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon.

    Attributes:
        max_attempts: attempts the person may receive in this campaign, the first included.
        delays: wait after an outcome; an outcome that is absent is not retried.
        network_tries: calls that may fail by congestion or a carrier's fault, in all.
        network_delay: wait after the first of those; doubled each time, an hour at most.
        counts: after how many calls of its kind (attempts, or tries where the person had no part
            in it) an outcome is the last; beside `max_attempts` and `network_tries`.
        other_hour: outcomes after which the next call falls at another hour of the day.
        other_trunk: outcomes after which the next call goes out by another trunk, if there is one.
    """

    max_attempts: int = 3
    delays: Mapping[Outcome, timedelta] = field(
        default_factory=lambda: {
            Outcome.BUSY: timedelta(minutes=20),
            Outcome.NO_ANSWER: timedelta(hours=2),
            Outcome.UNREACHABLE: timedelta(hours=4),
            Outcome.SILENT_CALL: timedelta(hours=4),
            Outcome.ANSWERED_TOO_LATE: timedelta(hours=4),
            Outcome.MACHINE: timedelta(hours=4),
        }
    )
    network_tries: int = MAX_NETWORK_TRIES
    network_delay: timedelta = timedelta(minutes=1)
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    other_hour: Set[Outcome] = OTHER_HOUR
    other_trunk: Set[Outcome] = OTHER_TRUNK


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a target after an attempt.

    Attributes:
        state: PENDING (again), or a final one.
        due_at: when it may be called again; only where PENDING.
        counted: whether the attempt counts as one the person received.
    """

    state: TargetState
    due_at: datetime | None
    counted: bool


def after(outcome: Outcome, attempts: int, tries: int, at: datetime, policy: RetryPolicy) -> Next:
    """Decide what follows an attempt.

    Args:
        outcome: how it ended.
        attempts: attempts the person has received, this one included if it counts.
        tries: calls for this target that did not count, this one included if it does not.
        at: when it ended.
        policy: the campaign's.
    """
    if outcome in REACHED:
        return Next(TargetState.REACHED, None, counted=True)
    if outcome is Outcome.IN_DOUBT:
        return Next(TargetState.IN_DOUBT, None, counted=True)
    if outcome in NOT_THE_PERSONS:
        return _after_network(outcome, tries, at, policy)
    delay = policy.delays.get(outcome)
    if delay is None or attempts >= _most(outcome, policy.max_attempts, policy):
        return Next(TargetState.UNREACHED, None, counted=True)
    due_at = at + delay
    if outcome in policy.other_hour:
        due_at = another_hour(at, due_at)
    return Next(TargetState.PENDING, due_at, counted=True)


def counts(outcome: Outcome) -> bool:
    """Whether the person received this attempt: our own congestion never counts."""
    return outcome not in NOT_THE_PERSONS


def another_hour(last: datetime, due: datetime) -> datetime:
    """The first instant from `due` on whose hour of the day is `APART` from that of `last`.

    Counted in hours that pass, 24 to the day: where clocks change in between, an hour may lack.
    """
    apart = (due - last) % _DAY
    if apart < APART:
        return due + (APART - apart)
    if apart > _DAY - APART:
        return due + (_DAY - apart) + APART
    return due


def _most(outcome: Outcome, limit: int, policy: RetryPolicy) -> int:
    return min(limit, policy.counts.get(outcome, limit))


def _after_network(outcome: Outcome, tries: int, at: datetime, policy: RetryPolicy) -> Next:
    if tries >= _most(outcome, policy.network_tries, policy):
        return Next(TargetState.UNREACHED, None, counted=False)
    factor = 2 ** min(tries - 1, 10)
    wait = min(policy.network_delay * factor, timedelta(hours=1))
    return Next(TargetState.PENDING, at + wait, counted=False)
