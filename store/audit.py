"""What people and clocks did, in order: appended, chained, never changed.

Nothing is removed by retention: an event names numbers of rows, and people of the controller's or
the operator's own, but no phone number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, or_, select, tuple_

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


_TYPES = (audit_event.c.at.type, audit_event.c.segment_id.type, audit_event.c.sequence.type)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which acts are looked for; what is empty or None doesn't matter.

    Attributes:
        act: its name, or the first part of it: `campaign` finds `campaign.launch`.
        actor: who, exactly.
        subject: of what, exactly.
        before: earlier than the act of this instant, segment and sequence.
        calls: the calls allowed by claims too.
    """

    act: str = ""
    actor: str = ""
    subject: str = ""
    before: tuple[datetime, int, int] | None = None
    calls: bool = False


def found(
    connection: Connection, controller_id: int, sought: Sought, limit: int
) -> list[dict[str, Any]]:
    """The last acts of one controller that are looked for, newest first."""
    event = audit_event.c
    asked = select(audit_event).where(event.controller_id == controller_id)
    if sought.act:
        asked = asked.where(or_(event.act == sought.act, event.act.startswith(f"{sought.act}.")))
    if not sought.calls and sought.act != CALLS_ALLOWED:
        asked = asked.where(event.act != CALLS_ALLOWED)
    if sought.actor:
        asked = asked.where(event.actor == sought.actor)
    if sought.subject:
        asked = asked.where(event.subject == sought.subject)
    newest = (event.at, event.segment_id, event.sequence)
    if sought.before:
        asked = asked.where(tuple_(*newest) < tuple_(*map(literal, sought.before, _TYPES)))
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
