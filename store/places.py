"""Tables of constituencies, and where the addresses of lists are by them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.constituency import Address, Placed
from campaigns.rules.gates import Gate
from campaigns.states import TargetState
from store.segments import ADDRESS_PARTS, at_address, attribute
from store.tables import (
    address,
    constituency_place,
    constituency_table,
    contact,
    target,
)

_PARTS = [attribute(part) for part in ADDRESS_PARTS]


def add_table(connection: Connection, file_name: str, sha256: str, by: str, now: datetime) -> int:
    """A new table, with no rows yet; nobody asks it before it is ready."""
    made = connection.execute(
        insert(constituency_table)
        .values(
            sha256=sha256, file_name=file_name, rows=0, ready=False, created_at=now, created_by=by
        )
        .returning(constituency_table.c.id)
    )
    return int(made.scalar_one())


def add_rows(connection: Connection, table_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows, each with its line, the parts of its address and its constituency."""
    if rows:
        connection.execute(
            insert(constituency_place), [{"table_id": table_id, **one} for one in rows]
        )


def make_ready(connection: Connection, table_id: int, rows: int) -> None:
    """From now on it is the one that is asked."""
    connection.execute(
        update(constituency_table)
        .where(constituency_table.c.id == table_id)
        .values(ready=True, rows=rows)
    )


def newest(connection: Connection) -> dict[str, Any] | None:
    """The table that is asked; None where there is none."""
    rows = connection.execute(
        select(constituency_table)
        .where(constituency_table.c.ready)
        .order_by(constituency_table.c.id.desc())
        .limit(1)
    )
    found = rows.mappings().first()
    return dict(found) if found else None


def rows_of(connection: Connection, table_id: int) -> Iterator[tuple[Address, str]]:
    """Every row of a table, as `Constituencies` takes it."""
    place = constituency_place.c
    rows = connection.execute(
        select(place.postcode, place.commune, place.insee, place.station, place.constituency)
        .where(place.table_id == table_id)
        .order_by(place.line)
    )
    return (
        (Address(postcode, commune, insee, station), constituency)
        for postcode, commune, insee, station, constituency in rows
    )


def constituencies(connection: Connection, table_id: int) -> dict[str, int]:
    """Every constituency of a table, with how many rows are of it."""
    place = constituency_place.c
    rows = connection.execute(
        select(place.constituency, func.count())
        .where(place.table_id == table_id)
        .group_by(place.constituency)
        .order_by(place.constituency)
    )
    return dict(rows.all())


def addresses(
    connection: Connection, list_id: int, after: int, count: int
) -> tuple[set[Address], int | None]:
    """The different addresses of the next contacts of a list; the last one's id, None at the end.

    Call it again and again: no transaction is long.
    """
    some = (
        select(contact.c.id)
        .where(contact.c.list_id == list_id, contact.c.id > after)
        .order_by(contact.c.id)
        .limit(count)
    )
    last = connection.execute(select(func.max(some.subquery().c.id))).scalar()
    if last is None:
        return set(), None
    rows = connection.execute(
        select(*_PARTS)
        .distinct()
        .where(contact.c.list_id == list_id, contact.c.id > after, contact.c.id <= last)
    )
    return {Address(*map(str, row)) for row in rows}, int(last)


def placed(connection: Connection, list_id: int, table_id: int) -> set[Address]:
    """The addresses of a list that were looked for by a table already."""
    rows = connection.execute(
        select(address.c.postcode, address.c.commune, address.c.insee, address.c.station).where(
            address.c.list_id == list_id, address.c.table_id == table_id
        )
    )
    return {Address(*map(str, row)) for row in rows}


def place(
    connection: Connection, list_id: int, table_id: int, found: Iterable[tuple[Address, Placed]]
) -> None:
    """Keep where addresses of a list are by a table."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [
        {
            "list_id": list_id,
            "table_id": table_id,
            "postcode": one.postcode,
            "commune": one.commune,
            "insee": one.insee,
            "station": one.station,
            "commune_as": where.commune,
            "constituency": where.constituency,
            "doubt": where.doubt.value if where.doubt else None,
        }
        for one, where in found
    ]
    if rows:
        connection.execute(dialect.insert(address).on_conflict_do_nothing(), rows)


def remove(connection: Connection, list_id: int, count: int) -> int:
    """Remove up to so many addresses of a list whose people are removed; how many."""
    key = [address.c.table_id, *(address.c[part] for part in ADDRESS_PARTS)]
    some = connection.execute(select(*key).where(address.c.list_id == list_id).limit(count)).all()
    if some:
        connection.execute(
            delete(address).where(
                address.c.list_id == list_id, tuple_(*key).in_([tuple(one) for one in some])
            )
        )
    return len(some)


def doubtful(
    connection: Connection, campaign_id: int, table_id: int, after: int, count: int
) -> list[dict[str, Any]]:
    """People of a campaign who are held back for their address, from after a target's id."""
    rows = connection.execute(
        select(
            target.c.id,
            contact.c.list_id,
            contact.c.line,
            contact.c.external_id,
            *(part.label(name) for part, name in zip(_PARTS, ADDRESS_PARTS, strict=True)),
            address.c.doubt,
        )
        .select_from(at_address(table_id).join(target, target.c.contact_id == contact.c.id))
        .where(
            target.c.campaign_id == campaign_id,
            target.c.id > after,
            target.c.state == TargetState.REFUSED.value,
            target.c.gate == Gate.DOUBTFUL_ADDRESS.value,
        )
        .order_by(target.c.id)
        .limit(count)
    )
    return [dict(one) for one in rows.mappings()]
