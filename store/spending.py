"""What campaigns spend: the room a claim has, and sums by day and trunk for the accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.budget import Spending
from store import tallies
from store.tables import campaign, spending

DAYS_OF = ZoneInfo("Europe/Paris")
"""Accounts and invoices count days by this clock."""

_BUDGET = select(campaign.c.budget).where(campaign.c.id == bindparam("id"))

_SQLITE = sqlite.insert(spending)
_POSTGRESQL = postgresql.insert(spending)
_SUMMED = ("calls", "seconds", "cost", "unpriced")
_ADD = {
    "sqlite": _SQLITE.on_conflict_do_update(
        index_elements=list(spending.primary_key),
        set_={name: spending.c[name] + _SQLITE.excluded[name] for name in _SUMMED},
    ),
    "postgresql": _POSTGRESQL.on_conflict_do_update(
        index_elements=list(spending.primary_key),
        set_={name: spending.c[name] + _POSTGRESQL.excluded[name] for name in _SUMMED},
    ),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls of one campaign, of one day, over one trunk.

    Attributes:
        day: of the answer, in Paris.
        calls: answered ones.
        seconds: from answer to end, begun seconds counted whole.
        cost: micro-euros.
        unpriced: of the calls, those for which the trunk had no tariff.
    """

    campaign_id: int
    day: date
    trunk: str
    calls: int
    seconds: int
    cost: int
    unpriced: int = 0


def day_of(at: datetime) -> date:
    """The day an instant is counted under."""
    return at.astimezone(DAYS_OF).date()


def budget(connection: Connection, campaign_id: int) -> int | None:
    """What a campaign may spend in all, in micro-euros; None where there is no budget."""
    found = connection.execute(_BUDGET, {"id": campaign_id}).scalar_one()
    return None if found is None else int(found)


def of_campaign(connection: Connection, campaign_id: int) -> Spending:
    """How a campaign's money stands now."""
    spent, reserved = (
        tallies.one(connection, campaign_id, tallies.MONEY, name)
        for name in (tallies.SPENT, tallies.RESERVED)
    )
    return Spending(spent, reserved, budget(connection, campaign_id))


def held(connection: Connection, campaign_id: int) -> Spending:
    """The same within a claim: no other transaction promises anything until this one is over."""
    tallies.hold(connection, campaign_id, tallies.MONEY, tallies.RESERVED)
    return of_campaign(connection, campaign_id)


def add(connection: Connection, calls: Sequence[Spent]) -> None:
    """Count answered calls that ended."""
    if not calls:
        return
    sums: dict[tuple[int, date, str], list[int]] = {}
    for one in calls:
        found = sums.setdefault((one.campaign_id, one.day, one.trunk), [0, 0, 0, 0])
        for place, name in enumerate(_SUMMED):
            found[place] += getattr(one, name)
    connection.execute(
        _ADD[connection.dialect.name],
        [
            {
                "campaign_id": id_,
                "day": day,
                "trunk": trunk,
                **dict(zip(_SUMMED, some, strict=True)),
            }
            for (id_, day, trunk), some in sorted(sums.items())
        ],
    )


def by_day(connection: Connection, campaign_ids: Sequence[int]) -> list[Spent]:
    """What campaigns spent, in the order of days, then of trunks."""
    rows = connection.execute(
        select(spending)
        .where(spending.c.campaign_id.in_(campaign_ids))
        .order_by(spending.c.day, spending.c.trunk, spending.c.campaign_id)
    )
    return [Spent(**row) for row in rows.mappings()]


def set_budget(connection: Connection, campaign_id: int, micros: int | None) -> None:
    """Put another budget in force, for the next claim on."""
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(budget=micros))
