"""Every row of a table in a form that SQLite and PostgreSQL share, streamed, and its hash.

JSON and days are text, instants milliseconds: as they are stored. So nothing is read into Python's
own types and written anew, which could change it unnoticed.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    String,
    Table,
    Text,
    cast,
    select,
    type_coerce,
)

from store.columns import Canonical, Instant

AT_ONCE = 5000
"""Rows in memory at once."""

Rows = Sequence[tuple[Any, ...]]
"""Some rows of a table, with its columns in their order."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds.

    Attributes:
        rows: how many.
        sha256: over all of them, in the order of their keys.
    """

    rows: int
    sha256: str


def summed(connection: Connection, table: Table, each: Callable[[Rows], None]) -> Sum:
    """Read a table from its first row to its last.

    Args:
        connection: of a transaction.
        table: which.
        each: called with every batch of rows.
    """
    count, digest = 0, hashlib.sha256()
    for rows in batches(connection, table):
        # Python's own notation of plain values: two rows that differ differ in it.
        digest.update("".join(f"{one!r}\n" for one in rows).encode())
        each(rows)
        count += len(rows)
    return Sum(count, digest.hexdigest())


def batches(connection: Connection, table: Table) -> Iterator[Rows]:
    """The rows of a table in the order of their keys, some thousands at a time."""
    streamed = {"yield_per": AT_ONCE}
    for rows in connection.execute(
        in_order(connection, table), execution_options=streamed
    ).partitions():
        yield [tuple(row) for row in rows]


def in_order(connection: Connection, table: Table) -> Select[Any]:
    """The query for them.

    Text is ordered by its bytes, as SQLite does, whatever language PostgreSQL sorts by.
    """
    postgres = connection.dialect.name == "postgresql"
    key = (
        one.collate("C") if postgres and isinstance(one.type, String) else one
        for one in table.primary_key
    )
    return select(*map(_stored, table.c)).order_by(*key)


def _stored(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON | Date):
        return cast(column, Text)
    if isinstance(column.type, Instant):
        return type_coerce(column, BigInteger)
    if isinstance(column.type, Canonical):
        return type_coerce(column, Text)
    return column
