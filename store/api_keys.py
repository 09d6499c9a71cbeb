"""API keys as their controller sees them; none of them can be read back."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, or_, select, update

from campaigns.errors import NotFound
from store.tables import api_key

_SHOWN = (
    api_key.c.id, api_key.c.name, api_key.c.created_at, api_key.c.expires_at, api_key.c.scopes,
    api_key.c.revoked_at,
)  # fmt: skip


def in_force(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Of a key that is neither revoked nor past its last instant."""
    return api_key.c.revoked_at.is_(None) & or_(
        api_key.c.expires_at.is_(None), api_key.c.expires_at > now
    )


def one(connection: Connection, controller_id: int, key_id: int) -> dict[str, Any]:
    """One key.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    found = connection.execute(
        select(*_SHOWN).where(api_key.c.id == key_id, api_key.c.controller_id == controller_id)
    )
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no key {key_id}.")
    return dict(row)


def page(
    connection: Connection, controller_id: int, before: int | None, count: int
) -> list[dict[str, Any]]:
    """Keys of a controller, newest first, from before an id; those out of force too."""
    asked = select(*_SHOWN).where(api_key.c.controller_id == controller_id)
    if before is not None:
        asked = asked.where(api_key.c.id < before)
    rows = connection.execute(asked.order_by(api_key.c.id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]


def revoke(connection: Connection, key_id: int, now: datetime) -> None:
    """Put a key out of force."""
    connection.execute(update(api_key).where(api_key.c.id == key_id).values(revoked_at=now))


def revoke_all(connection: Connection, now: datetime) -> list[tuple[str, int]]:
    """Put every key of every controller out of force; (name, controller) of those that were in."""
    done = connection.execute(
        update(api_key)
        .where(in_force(now))
        .values(revoked_at=now)
        .returning(api_key.c.name, api_key.c.controller_id)
    )
    return [tuple(row) for row in done]
