"""API keys: kept by their digests, so that none of them can be read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    bindparam,
    insert,
    or_,
    select,
    update,
)

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


@dataclass(frozen=True, slots=True)
class Key:
    """An API key that is in force.

    Attributes:
        scopes: names of permissions; None for all that can be done for the controller.
        expires_at: when it ends; None for never.
    """

    id: int
    controller_id: int
    name: str
    scopes: list[str] | None
    created_at: datetime
    expires_at: datetime | None


_COLUMNS = [api_key.c[name] for name in Key.__slots__]

_OF_DIGEST = select(*_COLUMNS).where(
    api_key.c.digest == bindparam("b_digest"), in_force(bindparam("b_now"))
)
"""Made once: every request of a program asks it."""


def add(
    connection: Connection,
    controller_id: int,
    name: str,
    digest: bytes,
    now: datetime,
    expires_at: datetime | None = None,
    scopes: Sequence[str] | None = None,
) -> int:
    """Store a key by its SHA-256; the key itself is never kept."""
    made = connection.execute(
        insert(api_key)
        .values(
            controller_id=controller_id,
            name=name,
            digest=digest,
            created_at=now,
            expires_at=expires_at,
            scopes=None if scopes is None else list(scopes),
        )
        .returning(api_key.c.id)
    )
    return int(made.scalar_one())


def of_digest(connection: Connection, digest: bytes, now: datetime) -> Key | None:
    """The key of a digest, where it is in force."""
    found = connection.execute(_OF_DIGEST, {"b_digest": digest, "b_now": now}).first()
    return None if found is None else Key(*found)


def by_id(connection: Connection, key_id: int, now: datetime) -> Key | None:
    """The key of an id, where it is in force."""
    found = _in_force(connection, now, api_key.c.id == key_id)
    return found[0] if found else None


def of_controller(connection: Connection, controller_id: int, now: datetime) -> list[Key]:
    """Every key of a controller that is in force, oldest first."""
    return _in_force(connection, now, api_key.c.controller_id == controller_id)


def _in_force(connection: Connection, now: datetime, which: ColumnElement[bool]) -> list[Key]:
    asked = select(*_COLUMNS).where(which, in_force(now)).order_by(api_key.c.id)
    return [Key(**row) for row in connection.execute(asked).mappings()]


def one(connection: Connection, controller_id: int, key_id: int) -> dict[str, Any]:
    """One key as its controller sees it, in force or not.

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


def revoke_named(connection: Connection, controller_id: int, name: str, now: datetime) -> bool:
    """Put keys of that name out of force; whether there were any."""
    done = connection.execute(
        update(api_key)
        .where(
            api_key.c.controller_id == controller_id,
            api_key.c.name == name,
            api_key.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return done.rowcount > 0


def revoke_all(connection: Connection, now: datetime) -> list[tuple[str, int]]:
    """Put every key of every controller out of force; (name, controller) of those that were in."""
    done = connection.execute(
        update(api_key)
        .where(in_force(now))
        .values(revoked_at=now)
        .returning(api_key.c.name, api_key.c.controller_id)
    )
    return [tuple(row) for row in done]
