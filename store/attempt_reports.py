"""Attempts as they are shown: one by one, and summed up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select

from campaigns.outcome import Outcome
from campaigns.states import AttemptState
from store.tables import attempt, contact, target


@dataclass(frozen=True, slots=True)
class AttemptFilter:
    """Which attempts are asked for; None asks for any.

    Attributes:
        since: claimed then or later.
        until: claimed before that.
    """

    state: AttemptState | None = None
    outcome: Outcome | None = None
    number: str | None = None
    external_id: str | None = None
    target_id: int | None = None
    trunk: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What is asked, over `attempt` and `contact`."""
        wanted: dict[ColumnElement[Any], Any] = {
            attempt.c.state: self.state and self.state.value,
            attempt.c.outcome: self.outcome and self.outcome.value,
            attempt.c.number: self.number,
            contact.c.external_id: self.external_id,
            attempt.c.target_id: self.target_id,
            attempt.c.trunk: self.trunk,
        }
        yield from (column == value for column, value in wanted.items() if value is not None)
        if self.since is not None:
            yield attempt.c.claimed_at >= self.since
        if self.until is not None:
            yield attempt.c.claimed_at < self.until


ANY_ATTEMPT = AttemptFilter()


def page(
    connection: Connection,
    campaign_id: int,
    after: str,
    count: int,
    asked: AttemptFilter = ANY_ATTEMPT,
) -> list[dict[str, Any]]:
    """Attempts of a campaign in order of time and id, from after one's id."""
    rows = connection.execute(
        select(attempt, contact.c.external_id, contact.c.line)
        .join(target, target.c.id == attempt.c.target_id)
        .join(contact, contact.c.id == target.c.contact_id)
        .where(attempt.c.campaign_id == campaign_id, *behind(after), *asked.conditions())
        .order_by(*IN_ORDER)
        .limit(count)
    )
    return [dict(found) for found in rows.mappings()]


IN_ORDER = (attempt.c.claimed_at, attempt.c.id)
"""As `ix_attempt_campaign_id_claimed_at` has the attempts of a campaign: none need be sorted."""


def behind(after: str) -> Iterator[ColumnElement[bool]]:
    """Of attempts that come after that one; of all, where there is none of that id."""
    if not after:
        return
    known = attempt.alias("known")
    at = select(known.c.claimed_at).where(known.c.id == after).scalar_subquery()
    since = func.coalesce(at, 0)
    yield attempt.c.claimed_at >= since
    yield or_(attempt.c.claimed_at > since, attempt.c.id > after)


def charged(
    connection: Connection, campaign_ids: Sequence[int], after: str, count: int
) -> list[dict[str, Any]]:
    """Answered attempts that have ended, with what they cost, in order of id, from after one."""
    rows = connection.execute(
        select(
            attempt.c.id,
            attempt.c.number,
            attempt.c.trunk,
            attempt.c.answered_at,
            attempt.c.ended_at,
            attempt.c.cost,
        )
        .where(
            attempt.c.campaign_id.in_(campaign_ids),
            attempt.c.id > after,
            attempt.c.answered_at.is_not(None),
            attempt.c.state == AttemptState.CLOSED.value,
        )
        .order_by(attempt.c.id)
        .limit(count)
    )
    return [dict(found) for found in rows.mappings()]


@dataclass(frozen=True, slots=True)
class Heard:
    """What people heard, over answered calls.

    Attributes:
        answered: how many calls.
        seconds: heard on average; 0 where none was answered.
        quartiles: calls by how many quarters of the message were reached, 0 to 4.
    """

    answered: int
    seconds: float
    quartiles: dict[int, int]


def heard(
    connection: Connection, campaign_id: int, after: datetime | None, count: int
) -> tuple[Counter[str], datetime | None]:
    """Sum up what people heard in some of a campaign's attempts, in order of time.

    Returns:
        Answered calls by quartile (`q0` to `q4`) and the milliseconds heard in them (`ms`); and
        what to give as `after` for the next ones, None where there are none.
    """
    mine = attempt.c.campaign_id == campaign_id
    later = mine if after is None else mine & (attempt.c.claimed_at > after)
    some = select(attempt.c.claimed_at).where(later).order_by(attempt.c.claimed_at).limit(count)
    last = connection.execute(select(func.max(some.subquery().c.claimed_at))).scalar()
    if last is None:
        return Counter(), None
    rows = connection.execute(
        select(attempt.c.quartile, func.count().label("many"), func.sum(attempt.c.heard_ms))
        .where(later, attempt.c.claimed_at <= last, attempt.c.answered_at.is_not(None))
        .group_by(attempt.c.quartile)
    )
    found: Counter[str] = Counter()
    for quartile, many, heard_ms in rows:
        found[f"q{quartile or 0}"] += many
        found["ms"] += heard_ms or 0
    return found, last


def summed(found: Mapping[str, int]) -> Heard:
    """The sums of `heard` over a whole campaign."""
    quartiles = {one: found[f"q{one}"] for one in range(5) if found.get(f"q{one}")}
    answered = sum(quartiles.values())
    seconds = found.get("ms", 0) / answered / 1000 if answered else 0.0
    return Heard(answered, seconds, quartiles)
