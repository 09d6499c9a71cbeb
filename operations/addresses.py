"""Looking for the constituencies of a list's addresses, each different one once."""

from collections.abc import Iterator

from sqlalchemy import Engine

from campaigns.contacts.constituency import Address, Constituencies
from store import places
from store.engine import reading, writing

AT_ONCE = 4000
"""Contacts whose addresses are looked for in one piece."""


def place_list(engine: Engine, list_id: int, table_id: int) -> Iterator[None]:
    """Find out where the addresses of a list are, a piece at a time; again, it changes nothing.

    Args:
        engine: the store.
        list_id: a whole list.
        table_id: by which table of constituencies; 0 for the communes alone.
    """
    with reading(engine) as connection:
        table = Constituencies(places.rows_of(connection, table_id))
        known = places.placed(connection, list_id, table_id)
    after: int | None = 0
    while after is not None:
        with reading(engine) as connection:
            found, after = places.addresses(connection, list_id, after, AT_ONCE)
        _keep(engine, list_id, table_id, table, found - known)
        known |= found
        yield


def _keep(
    engine: Engine, list_id: int, table_id: int, table: Constituencies, new: set[Address]
) -> None:
    if new:
        with writing(engine) as connection:
            places.place(connection, list_id, table_id, ((one, table.place(one)) for one in new))
