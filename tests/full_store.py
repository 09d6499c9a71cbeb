"""Rows in every table, with values at the ends of what each column may have."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    Engine,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
)
from store_subjects import World

from store import audit
from store.columns import Canonical, Instant
from store.engine import open_engine, writing
from store.tables import lease, metadata

ROWS = 12
FIRST = 1001
"""The first key of those that are numbers: others are the store's own."""

_LONG = "Une œuvre de 100 000 signes 😀\n" * 3_334

_TEXTS = (
    "plain", "", r"\N", r"\.", "tab\tnew\nline\rback\\slash", "« Élysée »", "😀👨‍👩‍👧 \U0010ffff",
    "\uffff", "\u2028\u202e\x7f\x01", "'; DROP TABLE contact; --", '{"a": 1}', _LONG,
)  # fmt: skip

_KEYS = ("a", "B", "b", "Z", "é", "E", "_", "-", "\uffff", "😀", "10", "9")
"""Ordered in another way by every language than by their bytes."""

_JSON = (
    {}, [], "", 0, False, 1.5, {"b": 1, "a": [None, {"é": "😀"}]}, "\0\ud800", {"n": 2**63},
    [1e300, -0.0], "null", {"": " "},
)  # fmt: skip

_INSTANTS = (
    datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, 0, 123000, tzinfo=UTC),
)  # fmt: skip

_DAYS = (date.min, date.max, date(2024, 2, 29), date(1969, 12, 31))
_WHOLE = (0, 1, -1, 2**31 - 1, -(2**31 - 1))
_LARGE = (0, 1, -1, 2**63 - 1, -(2**63))
_FRACTIONS = (0.1, 1 / 3, 1e300, 5e-324, -2.5, 0.0)
_BYTES = (bytes(range(256)), b"", b"\\x00", b"\0")

_VALUES: tuple[tuple[type[Any], Callable[[int], Any]], ...] = (
    (Instant, lambda index: _INSTANTS[index % len(_INSTANTS)]),
    (Canonical, lambda index: {"of": _TEXTS[index], "json": [1, None, True]}),
    (JSON, lambda index: _JSON[index]),
    (Date, lambda index: _DAYS[index % len(_DAYS)]),
    (Boolean, lambda index: bool(index % 2)),
    (Float, lambda index: _FRACTIONS[index % len(_FRACTIONS)]),
    (BigInteger, lambda index: _LARGE[index % len(_LARGE)]),
    (Integer, lambda index: _WHOLE[index % len(_WHOLE)]),
    (LargeBinary, lambda index: _BYTES[index % len(_BYTES)]),
)


def fill(engine: Engine) -> None:
    """Put rows into every table: a campaign as it is, odd ones, and an audit of two processes."""
    World(engine).called(3)
    other = open_engine(engine.url.render_as_string(hide_password=False))
    for one in (engine, other):
        with writing(one) as connection:
            for act in _TEXTS:
                detail = {"text": act, "nothing": None}
                audit.record(connection, datetime.now(UTC), act, "test.act", act, 1, detail)
    other.dispose()
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            if not table.name.startswith("audit_"):  # nothing stands there but what was done
                _fill(connection, table)


def _fill(connection: Connection, table: Table) -> None:
    if table is lease:  # whoever looks whether a dialer runs reads every row of it
        over = {"process": "", "status": {}, "draining": True}
        connection.execute(insert(table), {**_row(table, 0), **over})
    elif not _has_one_row(table):
        connection.execute(insert(table), [_row(table, index) for index in range(ROWS)])
    elif connection.execute(select(table)).first() is None:
        connection.execute(insert(table), {**_row(table, 0), "id": 1})


def _has_one_row(table: Table) -> bool:
    return any(isinstance(one, CheckConstraint) for one in table.constraints)


def _row(table: Table, index: int) -> dict[str, Any]:
    return {one.name: _value(table, one, index) for one in table.c}


def _value(table: Table, column: Column[Any], index: int) -> Any:
    refers_or_is_key = bool(column.foreign_keys) or column.primary_key or _is_unique(table, column)
    if refers_or_is_key and isinstance(column.type, LargeBinary):
        return bytes([index]) * 32
    if refers_or_is_key and isinstance(column.type, Integer):
        return FIRST + index
    if column.nullable and index % 3 == 2:
        return None
    if isinstance(column.type, String):
        return (_KEYS if refers_or_is_key else _TEXTS)[index][: column.type.length]
    return next(make(index) for kind, make in _VALUES if isinstance(column.type, kind))


def _is_unique(table: Table, column: Column[Any]) -> bool:
    constraints = (one for one in table.constraints if isinstance(one, UniqueConstraint))
    return bool(column.unique) or any(column.name in one.columns for one in constraints)
