"""What people and clocks did, in order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.tables import audit_event


def record(
    connection: Connection,
    at: datetime,
    actor: str,
    act: str,
    subject: str,
    controller_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one act. `detail` holds no plain phone number."""
    connection.execute(
        insert(audit_event).values(
            at=at,
            actor=actor,
            act=act,
            subject=subject,
            controller_id=controller_id,
            detail=dict(detail or {}),
        )
    )


def latest(connection: Connection, controller_id: int, limit: int) -> list[dict[str, Any]]:
    """The last acts of one controller, newest first."""
    rows = connection.execute(
        select(audit_event)
        .where(audit_event.c.controller_id == controller_id)
        .order_by(audit_event.c.id.desc())
        .limit(limit)
    )
    return [dict(row) for row in rows.mappings()]
