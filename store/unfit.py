"""Values that SQLite keeps and PostgreSQL does not: it checks lengths, ranges and encodings."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Connection, Date, Integer, String, Table
from sqlalchemy.types import TypeEngine

from campaigns.contacts.hiding import hidden
from store.stored_rows import batches
from store.tables import metadata

_LARGEST = 2**31 - 1
"""Of PostgreSQL's integer (https://www.postgresql.org/docs/current/datatype-numeric.html)."""


def unfit(connection: Connection) -> Iterator[str]:
    """Every such value of a database: table, key and column, and what is wrong with it.

    Args:
        connection: a transaction of SQLite that reads text that is no UTF-8 all the same
            (`store.audit_rows.as_stored`).
    """
    for table in metadata.sorted_tables:
        for rows in batches(connection, table):
            for row in rows:
                yield from _of_row(table, row)


def _of_row(table: Table, row: tuple[Any, ...]) -> Iterator[str]:
    for column, value in zip(table.c, row, strict=True):
        why = None if value is None else _why_not(column.type, value)
        if why is not None:
            yield f"{table.name} {_key(table, row)}: {column.name} {why}"


def _key(table: Table, row: tuple[Any, ...]) -> str:
    named = zip(table.c, row, strict=True)
    return hidden(", ".join(f"{one.name} {value}" for one, value in named if one.primary_key))


def _why_not(kind: TypeEngine[Any], value: Any) -> str | None:
    if isinstance(value, str):
        return _why_no_text(value) or _why_not_such_text(kind, value)
    return _why_no_number(kind, value) if isinstance(kind, Integer) else None


def _why_no_number(kind: Integer, value: Any) -> str | None:
    if not isinstance(value, int):
        return "is no number"
    fits = isinstance(kind, BigInteger) or -_LARGEST - 1 <= value <= _LARGEST
    return None if fits else f"is larger than {_LARGEST:,}"


def _why_no_text(value: str) -> str | None:
    if "\0" in value:
        return "has a NUL character, which PostgreSQL keeps in no text"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "is no UTF-8"
    return None


def _why_not_such_text(kind: TypeEngine[Any], value: str) -> str | None:
    if isinstance(kind, JSON):
        return None if _is_json(value) else "is no JSON"
    if isinstance(kind, Date):
        return None if _is_day(value) else "is no day"
    if isinstance(kind, Integer):
        return "is no number"
    longest = kind.length if isinstance(kind, String) else None
    return f"is longer than {longest} characters" if longest and len(value) > longest else None


def _is_json(value: str) -> bool:
    """Whether it is JSON by RFC 8259, which Python writes but for numbers that are none."""
    try:
        json.loads(value, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
