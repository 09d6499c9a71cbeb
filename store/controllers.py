"""Controllers, on whose behalf calls are made, and their API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from campaigns.errors import NotFound
from store import api_keys
from store.tables import api_key, controller


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

_OWNER = select(*_COLUMNS).where(
    api_key.c.digest == bindparam("b_digest"), api_keys.in_force(bindparam("b_now"))
)
"""Made once: every request of a program asks it."""


def ensure(connection: Connection, name: str, now: datetime) -> int:
    """The id of the controller of that name, made where absent."""
    found = connection.execute(select(controller.c.id).where(controller.c.name == name)).scalar()
    if found is not None:
        return int(found)
    made = connection.execute(
        insert(controller).values(name=name, created_at=now).returning(controller.c.id)
    )
    return int(made.scalar_one())


def named(connection: Connection, name: str) -> int:
    """The id of the controller of that name.

    Raises:
        NotFound: there is none.
    """
    found = connection.execute(select(controller.c.id).where(controller.c.name == name)).scalar()
    if found is None:
        raise NotFound(f"There is no controller named «{name}».")
    return int(found)


def names(connection: Connection) -> dict[int, str]:
    """Every controller's name by its id."""
    rows = connection.execute(select(controller.c.id, controller.c.name).order_by(controller.c.id))
    return {row.id: row.name for row in rows}


def name_of(connection: Connection, controller_id: int) -> str:
    """The name of a controller."""
    return str(
        connection.execute(
            select(controller.c.name).where(controller.c.id == controller_id)
        ).scalar_one()
    )


def one(connection: Connection, controller_id: int) -> dict[str, Any]:
    """A controller that is there."""
    found = connection.execute(select(controller).where(controller.c.id == controller_id))
    return dict(found.mappings().one())


def weights(connection: Connection) -> dict[str, float]:
    """Every controller's weight by its name, in order of id."""
    rows = connection.execute(
        select(controller.c.name, controller.c.weight).order_by(controller.c.id)
    )
    return {row.name: row.weight for row in rows}


def weigh(connection: Connection, controller_id: int, weight: float) -> None:
    """Change a controller's weight."""
    connection.execute(
        update(controller).where(controller.c.id == controller_id).values(weight=weight)
    )


def add_key(
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


def key_owner(connection: Connection, digest: bytes, now: datetime) -> Key | None:
    """The key of a digest, where it is in force."""
    found = connection.execute(_OWNER, {"b_digest": digest, "b_now": now}).first()
    return None if found is None else Key(*found)


def key(connection: Connection, key_id: int, now: datetime) -> Key | None:
    """The key of an id, where it is in force."""
    found = _keys(connection, now, api_key.c.id == key_id)
    return found[0] if found else None


def keys_of(connection: Connection, controller_id: int, now: datetime) -> list[Key]:
    """Every key of a controller that is in force, oldest first."""
    return _keys(connection, now, api_key.c.controller_id == controller_id)


def _keys(connection: Connection, now: datetime, which: ColumnElement[bool]) -> list[Key]:
    asked = (
        select(*_COLUMNS)
        .where(
            which,
            api_keys.in_force(now),
        )
        .order_by(api_key.c.id)
    )
    return [Key(**row) for row in connection.execute(asked).mappings()]


def revoke_key(connection: Connection, controller_id: int, name: str, now: datetime) -> bool:
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
