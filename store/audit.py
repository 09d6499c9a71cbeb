"""What people and clocks did, in order: appended, chained, never changed.

Nothing is removed by retention: an event names numbers of rows, and people of the controller's or
the operator's own, but no phone number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, tuple_

from campaigns.contacts.hiding import hidden, without_numbers
from store import audit_segments
from store.tables import audit_event

CALLS_ALLOWED = "calls.allow"
"""The act of a claim (see `store.allowed_calls`); there are several a second."""

REMOVAL_BEGUN, REMOVED = "retention.begin", "retention.remove"
REMOVALS = (REMOVAL_BEGUN, REMOVED)
"""The acts between which the people of a campaign or a list are removed, a batch at a time."""


def record(
    connection: Connection,
    at: datetime,
    actor: str,
    act: str,
    subject: str,
    controller_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one act in the caller's transaction; a phone number in any text of it is masked."""
    event = {
        "controller_id": controller_id,
        "actor": hidden(actor),
        "act": act,
        "subject": hidden(subject),
        "detail": without_numbers(detail or {}),
    }
    audit_segments.append(connection, at, event)


def latest(
    connection: Connection, controller_id: int | None, limit: int, *, calls: bool = False
) -> list[dict[str, Any]]:
    """The last acts of one controller, newest first.

    Args:
        connection: of a transaction.
        controller_id: whose; None for what concerns every controller.
        limit: how many at most.
        calls: the calls allowed by claims too.
    """
    theirs = audit_event.c.controller_id.is_not_distinct_from(controller_id)
    asked = select(audit_event).where(theirs)
    if not calls:
        asked = asked.where(audit_event.c.act != CALLS_ALLOWED)
    newest = (audit_event.c.at, audit_event.c.segment_id, audit_event.c.sequence)
    rows = connection.execute(asked.order_by(*(one.desc() for one in newest)).limit(limit))
    return [dict(row) for row in rows.mappings()]


class Place(NamedTuple):
    """Where an event stands among all, by time."""

    at: datetime
    segment_id: int
    sequence: int


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts are asked for.

    Attributes:
        act: one, such as `list.import`, or all of a kind, such as `list`; empty for any.
        acts: any of these; empty for any.
        since: then or later.
        until: before that.
        calls: the calls allowed by claims too.
        actor: who, exactly; empty for anybody.
        subject: of what, exactly; empty for anything.
    """

    act: str = ""
    since: datetime | None = None
    until: datetime | None = None
    calls: bool = False
    actor: str = ""
    subject: str = ""
    acts: tuple[str, ...] = ()

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What is asked, over `audit_event`."""
        if self.act:
            under = audit_event.c.act.startswith(f"{self.act}.", autoescape=True)
            yield or_(audit_event.c.act == self.act, under)
        if self.acts:
            yield audit_event.c.act.in_(self.acts)
        if self.since is not None:
            yield audit_event.c.at >= self.since
        if self.until is not None:
            yield audit_event.c.at < self.until
        if not self.calls and self.act != CALLS_ALLOWED:
            yield audit_event.c.act != CALLS_ALLOWED
        if self.actor:
            yield audit_event.c.actor == self.actor
        if self.subject:
            yield audit_event.c.subject == self.subject


def page(
    connection: Connection,
    controller_id: int,
    before: Place | None,
    count: int,
    asked: AuditFilter,
) -> list[dict[str, Any]]:
    """Acts of one controller, newest first, from before a place."""
    newest = (audit_event.c.at, audit_event.c.segment_id, audit_event.c.sequence)
    found = select(audit_event).where(
        audit_event.c.controller_id == controller_id, *asked.conditions()
    )
    if before is not None:
        found = found.where(tuple_(*newest) < tuple_(*_bound(before)))
    rows = connection.execute(found.order_by(*(one.desc() for one in newest)).limit(count))
    return [dict(row) for row in rows.mappings()]


def _bound(place: Place) -> Iterator[ColumnElement[Any]]:
    columns = (audit_event.c.at, audit_event.c.segment_id, audit_event.c.sequence)
    return (literal(one, column.type) for one, column in zip(place, columns, strict=True))


def last_at(connection: Connection, controller_id: int, act: str) -> datetime | None:
    """When an act was last done for a controller, or for everybody; None where it never was."""
    theirs = or_(
        audit_event.c.controller_id == controller_id, audit_event.c.controller_id.is_(None)
    )
    return connection.execute(
        select(func.max(audit_event.c.at)).where(theirs, audit_event.c.act == act)
    ).scalar()
