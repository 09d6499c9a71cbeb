"""Segments of the audit: each process appends to one of its own, hash after hash.

Processes so never wait for each other's head. A segment vouches for those before it: its anchor is
over the opening of the segment before and over where every segment stood that had grown. Nothing is
appended but in the transaction of the act, and what is rolled back leaves no hole: the head goes
back with it.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from store import audit_hashes
from store.columns import canonical, to_ms
from store.tables import audit_anchor, audit_chain, audit_event, audit_segment


class ProcessKind(StrEnum):
    """What sort of process writes a segment."""

    API = "api"
    DIALER = "dialer"
    COMMAND = "command"
    EARLIER = "earlier"  # whatever wrote before there were segments


@dataclass(frozen=True, slots=True)
class Head:
    """Where a segment of this process stands, as far as it knows."""

    segment_id: int
    opening: str
    length: int
    hash: str


_kinds: WeakKeyDictionary[Engine, ProcessKind] = WeakKeyDictionary()
_heads: WeakKeyDictionary[Engine, Head] = WeakKeyDictionary()

_ADVANCE = (
    update(audit_segment)
    .where(audit_segment.c.id == bindparam("b_id"), audit_segment.c.head == bindparam("b_before"))
    .values(length=bindparam("b_length"), head=bindparam("b_after"))
)
_STANDING = (
    select(audit_segment.c.length, audit_segment.c.head)
    .where(audit_segment.c.id == bindparam("b_id"), audit_segment.c.opening == bindparam("b_open"))
    .with_for_update()
)
_APPEND = insert(audit_event)


def written_by(engine: Engine, kind: ProcessKind) -> None:
    """Say what sort of process this is; a command where nothing is said."""
    _kinds[engine] = kind


def append(connection: Connection, at: datetime, event: Mapping[str, Any]) -> None:
    """Append an event to the segment of this process, in the caller's transaction.

    Args:
        connection: the caller's.
        at: when it happened.
        event: every other column but those of its place in the chain.
    """
    head = _heads.get(connection.engine)
    if head is None or not _appended(connection, head, at, event):
        head = _standing(connection, head) or _open(connection)
        _appended(connection, head, at, event)


def _appended(connection: Connection, head: Head, at: datetime, event: Mapping[str, Any]) -> bool:
    """Append after this head; False where it is not the segment's: then nothing was done."""
    place = {"segment_id": head.segment_id, "sequence": head.length + 1}
    row = {**event, **place, "at": at}
    plain = {**row, "at": to_ms(at), "detail": canonical(event["detail"])}
    after = audit_hashes.of_event(head.hash, plain)
    moved = {"b_id": head.segment_id, "b_before": head.hash, "b_length": place["sequence"]}
    if connection.execute(_ADVANCE, {**moved, "b_after": after}).rowcount != 1:
        return False
    connection.execute(_APPEND, {**row, "hash": after})
    _heads[connection.engine] = Head(head.segment_id, head.opening, place["sequence"], after)
    return True


def _standing(connection: Connection, known: Head | None) -> Head | None:
    """Where our segment really stands: another thread appended, or a transaction was rolled back.

    None where it was never committed; another process may have its number by now.
    """
    if known is None:
        return None
    asked = {"b_id": known.segment_id, "b_open": known.opening}
    found = connection.execute(_STANDING, asked).first()
    return found and Head(known.segment_id, known.opening, found.length, found.head)


def _open(connection: Connection) -> Head:
    """Open a segment; others that want to wait for this transaction, once in their life."""
    count = audit_chain.c.segments
    number, before = connection.execute(
        update(audit_chain).values(segments=count + 1).returning(count, audit_chain.c.opening)
    ).one()
    covered = _grown(connection)
    segment: dict[str, Any] = {
        "id": number,
        "kind": _kinds.get(connection.engine, ProcessKind.COMMAND).value,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "anchor": audit_hashes.of_anchor(before, covered),
    }
    now = datetime.now(UTC)
    opening = audit_hashes.of_opening({**segment, "opened_at": to_ms(now)})
    kept = {**segment, "opened_at": now, "opening": opening, "length": 0, "head": opening}
    connection.execute(insert(audit_segment), kept)
    _vouch(connection, number, covered)
    connection.execute(update(audit_chain).values(opening=opening))
    return Head(number, opening, 0, opening)


def _grown(connection: Connection) -> list[tuple[int, int, str]]:
    """(segment, length, head) of those with events that no segment vouches for yet."""
    last = select(func.coalesce(func.max(audit_anchor.c.sequence), 0)).where(
        audit_anchor.c.covered_id == audit_segment.c.id
    )
    rows = connection.execute(
        select(audit_segment.c.id, audit_segment.c.length, audit_segment.c.head).where(
            audit_segment.c.length > last.scalar_subquery()
        )
    )
    return [(row.id, row.length, row.head) for row in rows]


def _vouch(connection: Connection, number: int, covered: list[tuple[int, int, str]]) -> None:
    if covered:
        connection.execute(
            insert(audit_anchor),
            [
                {"segment_id": number, "covered_id": id_, "sequence": length, "hash": head}
                for id_, length, head in covered
            ],
        )
