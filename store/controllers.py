"""Controllers, on whose behalf calls are made, and their API keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaigns.errors import NotFound
from store import api_keys
from store.tables import api_key, controller


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
        )
        .returning(api_key.c.id)
    )
    return int(made.scalar_one())


def key_owner(connection: Connection, digest: bytes, now: datetime) -> tuple[int, str] | None:
    """(controller id, key's name) of a key in force, or None."""
    row = connection.execute(
        select(api_key.c.controller_id, api_key.c.name).where(
            api_key.c.digest == digest, api_keys.in_force(now)
        )
    ).first()
    return (row.controller_id, row.name) if row else None


def has_key(connection: Connection, controller_id: int) -> bool:
    """Whether a controller has a key that was not revoked."""
    found = connection.execute(
        select(api_key.c.id)
        .where(api_key.c.controller_id == controller_id, api_key.c.revoked_at.is_(None))
        .limit(1)
    )
    return found.first() is not None


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
