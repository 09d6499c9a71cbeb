"""Taking back verdicts on numbers that a trunk out of order had spoken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from campaigns.outcome import Outcome
from campaigns.states import LIVE_CAMPAIGN, TargetState
from store import invalid_numbers, tallies
from store.columns import Instant
from store.tables import attempt, campaign, target

AT_ONCE = 500
"""Targets revived in one transaction, so that none is long."""

AGAIN = timedelta(minutes=5)
"""How soon a number is called again that a trunk out of order knew nothing of: by then it is mended
or another trunk is tried."""

INSTEAD = Outcome.CARRIER_REFUSED
"""What a call is counted as whose outcome was taken back."""

_INVALID = Outcome.INVALID_NUMBER.value
_REFUSED = INSTEAD.value

_CONDEMNED = (
    select(
        attempt.c.id,
        attempt.c.campaign_id,
        attempt.c.target_id,
        target.c.state,
        target.c.attempts,
        target.c.tries,
        campaign.c.other_trunks,
    )
    .join(target, target.c.id == attempt.c.target_id)
    .join(campaign, campaign.c.id == attempt.c.campaign_id)
    .where(
        campaign.c.state.in_([state.value for state in LIVE_CAMPAIGN]),
        attempt.c.claimed_at >= bindparam("since", type_=Instant),
        attempt.c.trunk == bindparam("trunk"),
        attempt.c.outcome == _INVALID,
        # Called again already and ended otherwise, it is judged by that.
        target.c.outcome == _INVALID,
        target.c.state.in_([TargetState.UNREACHED.value, TargetState.PENDING.value]),
    )
    .order_by(attempt.c.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True, of=target)
)

_AMEND = update(attempt).where(attempt.c.id == bindparam("b_id")).values(outcome=_REFUSED)

_REVIVE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(
        state=TargetState.PENDING.value,
        retry=True,
        due_at=bindparam("b_due_at", type_=Instant),
        attempts=bindparam("b_attempts"),
        tries=bindparam("b_tries"),
        outcome=_REFUSED,
        avoid=bindparam("b_avoid"),
        gate=None,
    )
)


def revive(connection: Connection, trunk: str, since: datetime, now: datetime) -> int:
    """Take back what a trunk out of order said: that numbers do not exist.

    Targets of live campaigns that it condemned wait again, as if the carrier had refused the call:
    nothing is counted against the person, and another trunk is tried first. What the far side
    said stays in the attempt's `tech`. No number stays suppressed for it, in whatever campaign.

    Args:
        connection: a writing transaction.
        trunk: the trunk's name.
        since: attempts claimed from then on. Their ends are told by the clock of the PBX, which
            can differ from ours.
        now: they are due again a while after it.

    Returns:
        How many; `AT_ONCE` at most, so where it is not 0 there may be more: ask again.
    """
    invalid_numbers.take_back(connection, trunk, since, now)
    rows = connection.execute(_CONDEMNED, {"trunk": trunk, "since": since}).mappings().all()
    if not rows:
        return 0
    calls = Counter(row["target_id"] for row in rows)
    each = {row["target_id"]: row for row in rows}
    due_at = now + AGAIN
    connection.execute(_AMEND, [{"b_id": row["id"]} for row in rows])
    connection.execute(
        _REVIVE, [_revived(row, calls[id_], trunk, due_at) for id_, row in each.items()]
    )
    tallies.add(connection, _delta(rows, list(each.values())))
    return len(each)


def as_ended(outcomes: Mapping[str, int], taken_back: Mapping[str, int]) -> dict[str, int]:
    """Ended calls by the outcome that they had then: no such count ever goes down.

    Args:
        outcomes: counts under `tallies.OUTCOME`.
        taken_back: those under `tallies.TAKEN_BACK`, of the same moment.
    """
    found = Counter(outcomes)
    found.update(taken_back)
    found[_REFUSED] -= sum(taken_back.values())
    return dict(found)


def _revived(row: RowMapping, calls: int, trunk: str, due_at: datetime) -> dict[str, Any]:
    return {
        "b_id": row["target_id"],
        "b_due_at": due_at,
        "b_attempts": max(0, row["attempts"] - calls),
        "b_tries": row["tries"] + calls,
        # Where it is the only one, nobody else would ever call them.
        "b_avoid": trunk if row["other_trunks"] else None,
    }


def _delta(calls: Sequence[RowMapping], targets: Sequence[RowMapping]) -> tallies.Delta:
    delta: tallies.Delta = Counter()
    for row in calls:
        delta[row["campaign_id"], tallies.OUTCOME, _INVALID] -= 1
        delta[row["campaign_id"], tallies.OUTCOME, _REFUSED] += 1
        delta[row["campaign_id"], tallies.TAKEN_BACK, _INVALID] += 1
    for row in targets:
        tallies.moved(delta, row["campaign_id"], row["state"], TargetState.PENDING.value)
    return delta
