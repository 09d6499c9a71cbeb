"""The rows of the audit exactly as they are stored, for whoever holds them against their hashes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Text,
    exists,
    func,
    select,
    true,
    type_coerce,
)

from store.engine import reading
from store.tables import audit_anchor, audit_chain, audit_event, audit_segment

Stored = dict[str, Any]
"""A row: instants in milliseconds, `detail` as text."""

AT_ONCE = 1000
"""Events read at once: what a look over the audit takes in memory."""


class Stretch(NamedTuple):
    """Events that follow each other, with their segment as it stood when they were read."""

    segment: Stored
    events: Sequence[Stored]

    @property
    def is_last(self) -> bool:
        """Whether there was nothing after them."""
        return len(self.events) < AT_ONCE


@contextmanager
def as_stored(engine: Engine) -> Iterator[Connection]:
    """A reading transaction in which text that is no UTF-8 is read all the same."""
    with reading(engine) as connection:
        if engine.dialect.name != "sqlite":
            yield connection
            return
        driver: Any = connection.connection.driver_connection
        driver.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        try:
            yield connection
        finally:
            driver.text_factory = str


def chain(connection: Connection) -> Stored | None:
    """How many segments there must be, and the opening of the last; None where nothing says."""
    return _plain(connection.execute(select(audit_chain)).mappings().one_or_none())


_SEGMENT = select(
    *(one for one in audit_segment.c if one.name != "opened_at"),
    type_coerce(audit_segment.c.opened_at, BigInteger).label("opened_at"),
)


def next_segment(connection: Connection, after: int | None) -> Stored | None:
    """The segment that comes after that one; the first one after None."""
    asked = _SEGMENT.where(_beyond(audit_segment.c.id, after))
    rows = connection.execute(asked.order_by(audit_segment.c.id).limit(1))
    return _plain(rows.mappings().first())


def covered_by(connection: Connection, segment_id: int) -> list[tuple[int, int, str]]:
    """(segment, length, head) of those a segment vouches for."""
    rows = connection.execute(
        select(audit_anchor.c.covered_id, audit_anchor.c.sequence, audit_anchor.c.hash)
        .where(audit_anchor.c.segment_id == segment_id)
        .order_by(audit_anchor.c.covered_id)
    )
    return [tuple(row) for row in rows]


def hash_of(connection: Connection, segment_id: int, sequence: int) -> str | None:
    """Hash of one event; None where it is missing."""
    found = select(audit_event.c.hash).where(
        audit_event.c.segment_id == segment_id, audit_event.c.sequence == sequence
    )
    return connection.execute(found).scalar()


_EVENT = select(
    *(one for one in audit_event.c if one.name not in {"at", "detail"}),
    type_coerce(audit_event.c.at, BigInteger).label("at"),
    type_coerce(audit_event.c.detail, Text).label("detail"),
).order_by(audit_event.c.sequence)


def stretch(connection: Connection, segment_id: int, after: int | None) -> Stretch | None:
    """Events of a segment after that one, the first ones after None; None without the segment."""
    segment = connection.execute(_SEGMENT.where(audit_segment.c.id == segment_id))
    found = _plain(segment.mappings().one_or_none())
    events = _EVENT.where(
        audit_event.c.segment_id == segment_id, _beyond(audit_event.c.sequence, after)
    )
    rows = connection.execute(events.limit(AT_ONCE)).mappings()
    return Stretch(found, [dict(row) for row in rows]) if found is not None else None


def has_act(connection: Connection, acts: Sequence[str], subject: str) -> bool:
    """Whether any of some acts was done to a subject."""
    asked = exists().where(audit_event.c.act.in_(acts), audit_event.c.subject == subject)
    return bool(connection.execute(select(asked)).scalar_one())


def _beyond(column: ColumnElement[int], after: int | None) -> ColumnElement[bool]:
    """Everything from the least on after None: a forger may write any number."""
    return true() if after is None else column > after


def _plain(row: Mapping[Any, Any] | None) -> Stored | None:
    return None if row is None else dict(row)


def without_segment(connection: Connection) -> list[tuple[int, int]]:
    """(segment, how many events) of events whose segment is missing."""
    segment_id = audit_event.c.segment_id
    rows = connection.execute(
        select(segment_id, func.count())
        .where(~exists().where(audit_segment.c.id == segment_id))
        .group_by(segment_id)
        .order_by(segment_id)
    )
    return [(row[0], row[1]) for row in rows]
