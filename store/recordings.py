"""Recordings that were uploaded; their audio lies in the library on disk."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from campaigns.errors import NotFound
from store.tables import recording


def add(
    connection: Connection,
    controller_id: int,
    name: str,
    file_name: str,
    sha256: str,
    path: str,
    seconds: float,
    by: str,
    now: datetime,
) -> int:
    """Keep one; the same audio under the same name is kept once."""
    found = connection.execute(
        select(recording.c.id).where(
            recording.c.controller_id == controller_id,
            recording.c.sha256 == sha256,
            recording.c.name == name,
        )
    ).scalar()
    if found is not None:
        return int(found)
    made = connection.execute(
        insert(recording)
        .values(
            controller_id=controller_id,
            name=name,
            file_name=file_name,
            sha256=sha256,
            path=path,
            seconds=seconds,
            created_at=now,
            created_by=by,
        )
        .returning(recording.c.id)
    )
    return int(made.scalar_one())


def one(connection: Connection, controller_id: int, recording_id: int) -> dict[str, Any]:
    """One recording.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    row = (
        connection.execute(
            select(recording).where(
                recording.c.id == recording_id, recording.c.controller_id == controller_id
            )
        )
        .mappings()
        .first()
    )
    if row is None:
        raise NotFound(f"There is no recording {recording_id}.")
    return dict(row)


def all_of(connection: Connection, controller_id: int) -> list[dict[str, Any]]:
    """Every recording of a controller, newest first."""
    rows = connection.execute(
        select(recording)
        .where(recording.c.controller_id == controller_id)
        .order_by(recording.c.id.desc())
    )
    return [dict(row) for row in rows.mappings()]


def page(
    connection: Connection, controller_id: int, before: int | None, count: int
) -> list[dict[str, Any]]:
    """Recordings of a controller, newest first, from before an id."""
    asked = select(recording).where(recording.c.controller_id == controller_id)
    if before is not None:
        asked = asked.where(recording.c.id < before)
    rows = connection.execute(asked.order_by(recording.c.id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]
