"""What people and clocks did, in order: appended, chained, never changed.

Nothing is removed by retention: an event names numbers of rows, and people of the controller's or
the operator's own, but no phone number.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select

from campaigns.contacts.hiding import hidden, without_numbers
from store import audit_segments
from store.tables import audit_event

CALLS_ALLOWED = "calls.allow"
"""The act of a claim (see `store.allowed_calls`); there are several a second."""


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


def last_at(connection: Connection, controller_id: int, act: str) -> datetime | None:
    """When an act was last done for a controller, or for everybody; None where it never was."""
    theirs = or_(
        audit_event.c.controller_id == controller_id, audit_event.c.controller_id.is_(None)
    )
    return connection.execute(
        select(func.max(audit_event.c.at)).where(theirs, audit_event.c.act == act)
    ).scalar()
