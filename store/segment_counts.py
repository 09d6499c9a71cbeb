"""How many people of lists a campaign would call, and what some of them would hear."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from campaigns.selection import Selection
from store import segments
from store.tables import contact


def fates(connection: Connection, selection: Selection, list_ids: Sequence[int]) -> dict[str, int]:
    """How many people of some lists have each fate; see `store.segments.fate`."""
    each = (
        select(segments.fate(selection).label("fate"))
        .select_from(segments.people(selection))
        .where(contact.c.list_id.in_(list_ids))
        .subquery()
    )
    rows = connection.execute(
        select(each.c.fate, func.count()).group_by(each.c.fate).order_by(each.c.fate)
    )
    return dict(rows.all())


def called(connection: Connection, selection: Selection, list_ids: Sequence[int]) -> int:
    """How many of them are called."""
    found = fates(connection, selection, list_ids)
    return sum(many for fate, many in found.items() if fate.startswith(segments.CALLED))


def some(
    connection: Connection, selection: Selection, list_id: int, count: int
) -> list[dict[str, Any]]:
    """The first people of a list, each with its `fate`."""
    rows = connection.execute(
        select(
            contact.c.list_id,
            contact.c.line,
            contact.c.number,
            segments.attribute("postcode").label("postcode"),
            segments.attribute("commune").label("commune"),
            segments.fate(selection).label("fate"),
        )
        .select_from(segments.people(selection))
        .where(contact.c.list_id == list_id)
        .order_by(contact.c.line)
        .limit(count)
    )
    return [dict(one) for one in rows.mappings()]
