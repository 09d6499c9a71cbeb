"""When a target is called again, by how its last attempt ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.states import TargetState

MAX_NETWORK_TRIES = 20
"""Calls for one target that failed through no fault of the person's, before we give up on it."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon.

    Attributes:
        max_attempts: attempts the person may receive in this campaign, the first included.
        delays: wait after an outcome; an outcome that is absent is not retried.
        network_tries: calls that may fail by congestion or a carrier's fault, in all.
        network_delay: wait after the first of those; doubled each time, an hour at most.
    """

    max_attempts: int = 3
    delays: Mapping[Outcome, timedelta] = field(
        default_factory=lambda: {
            Outcome.BUSY: timedelta(minutes=20),
            Outcome.NO_ANSWER: timedelta(hours=2),
            Outcome.UNREACHABLE: timedelta(hours=4),
            Outcome.SILENT_CALL: timedelta(hours=4),
            Outcome.ANSWERED_TOO_LATE: timedelta(hours=4),
        }
    )
    network_tries: int = MAX_NETWORK_TRIES
    network_delay: timedelta = timedelta(minutes=1)


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
        return _after_network(tries, at, policy)
    delay = policy.delays.get(outcome)
    if delay is None or attempts >= policy.max_attempts:
        return Next(TargetState.UNREACHED, None, counted=True)
    return Next(TargetState.PENDING, at + delay, counted=True)


def counts(outcome: Outcome) -> bool:
    """Whether the person received this attempt: our own congestion never counts."""
    return outcome not in NOT_THE_PERSONS


def _after_network(tries: int, at: datetime, policy: RetryPolicy) -> Next:
    if tries >= policy.network_tries:
        return Next(TargetState.UNREACHED, None, counted=False)
    factor = 2 ** min(tries - 1, 10)
    wait = min(policy.network_delay * factor, timedelta(hours=1))
    return Next(TargetState.PENDING, at + wait, counted=False)
