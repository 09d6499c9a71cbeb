"""What became of a campaign's calls, summed up a stretch at a time, for charts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, case, func, select, type_coerce

from store.tables import attempt

MINUTE_MS = 60_000
_SECOND_MS = 1000


@dataclass(frozen=True, slots=True)
class Some:
    """Ended calls that are alike.

    Attributes:
        minute: in which they were begun, counted from the epoch.
        outcome: how they ended.
        variant: whose message they played; None for the campaign's own.
        heard_s: whole seconds of it that were heard; None where nobody answered.
        keys: what was pressed; empty for nothing.
        calls: how many.
        rang: of them, those of which it is known how long they took to ring.
        delay_ms: from sending to ringing, summed over those.
        talked: of them, those that were answered.
        talk_ms: from answer to end, summed over those.
    """

    minute: int
    outcome: str
    variant: str | None
    heard_s: int | None
    keys: str
    calls: int
    rang: int
    delay_ms: int
    talked: int
    talk_ms: int


_CLAIMED, _SENT, _RINGING, _ANSWERED, _ENDED = (
    type_coerce(attempt.c[name], BigInteger)
    for name in ("claimed_at", "sent_at", "ringing_at", "answered_at", "ended_at")
)
_RANG = _RINGING >= _SENT
_TALKED = _ENDED >= _ANSWERED
_HEARD = case((_ANSWERED.is_not(None), func.coalesce(attempt.c.heard_ms, 0) // _SECOND_MS))
_ALIKE = {
    "a_minute": _CLAIMED // MINUTE_MS,
    "a_outcome": attempt.c.outcome,
    "a_variant": attempt.c.variant,
    "a_heard": _HEARD,
    "a_keys": func.coalesce(attempt.c["keys"], ""),
}
_SUMS = (
    func.count(),
    func.sum(case((_RANG, 1), else_=0)),
    func.sum(case((_RANG, _RINGING - _SENT), else_=0)),
    func.sum(case((_TALKED, 1), else_=0)),
    func.sum(case((_TALKED, _ENDED - _ANSWERED), else_=0)),
)


def stretch(
    connection: Connection, campaign_id: int, after: datetime, until: datetime, count: int
) -> tuple[Sequence[Some], datetime | None]:
    """Sum up the ended ones of some of a campaign's calls, in order of time.

    Args:
        connection: a transaction; it reads no more than `count` rows.
        campaign_id: which.
        after: calls claimed later than this.
        until: and no later than this.
        count: how many calls at most are looked at.

    Returns:
        The sums; and what to give as `after` for the next ones, None where there are none.
    """
    between = (
        (attempt.c.campaign_id == campaign_id)
        & (attempt.c.claimed_at > after)
        & (attempt.c.claimed_at <= until)
    )
    some = select(attempt.c.claimed_at).where(between).order_by(attempt.c.claimed_at).limit(count)
    last = connection.execute(select(func.max(some.subquery().c.claimed_at))).scalar()
    if last is None:
        return [], None
    rows = connection.execute(
        select(*(one.label(name) for name, one in _ALIKE.items()), *_SUMS)
        .where(between, attempt.c.claimed_at <= last, attempt.c.outcome.is_not(None))
        .group_by(*_ALIKE)  # by their labels: PostgreSQL takes no two parameters for one
    )
    return [_some(*row) for row in rows], last


def _some(
    minute: Any, outcome: str, variant: str | None, heard_s: Any, keys: str, *sums: Any
) -> Some:
    """PostgreSQL sums 64-bit integers as decimals."""
    heard = None if heard_s is None else int(heard_s)
    return Some(int(minute), outcome, variant, heard, keys, *map(int, sums))
