"""Column types shared by every table."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A growing key: 64 bits everywhere; SQLite numbers rows by itself only where it is INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as milliseconds since the epoch in UTC.

    The same in SQLite and PostgreSQL, cheap to compare and index, and free of the time zone a
    database session happens to have.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware datetime to milliseconds."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive datetime has no place in the store.")
        return to_ms(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Milliseconds to aware UTC datetime."""
        del dialect
        return None if value is None else from_ms(value)


class Canonical(TypeDecorator[Any]):
    """JSON in the one way in which it can be written, so that its bytes can be vouched for."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Anything JSON takes to its canonical text."""
        del dialect
        return None if value is None else canonical(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        """What the text says."""
        del dialect
        return None if value is None else json.loads(value)


def is_number(kept: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a number is kept there, and no digest of one (`suppression_key.is_digest`)."""
    return kept.startswith("+")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no space; what has no JSON, as Python writes it."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=repr
    )


def to_ms(value: datetime) -> int:
    """Milliseconds since the epoch of an aware instant."""
    return round(value.timestamp() * 1000)


def from_ms(value: int) -> datetime:
    """The aware UTC instant of milliseconds since the epoch."""
    return datetime.fromtimestamp(value / 1000, UTC)
