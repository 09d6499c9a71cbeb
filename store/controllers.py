"""Controllers, on whose behalf calls are made."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaigns.errors import NotFound
from store.tables import controller


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
    """One controller as `every` has it.

    Raises:
        NotFound: there is none with that id.
    """
    found = connection.execute(select(controller).where(controller.c.id == controller_id))
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no controller {controller_id}.")
    return dict(row)


def every(connection: Connection) -> list[dict[str, Any]]:
    """Every controller, in order of id."""
    return [
        dict(row)
        for row in connection.execute(select(controller).order_by(controller.c.id)).mappings()
    ]


def mark_public_body(connection: Connection, controller_id: int, *, marked: bool) -> None:
    """Note whether a controller is a public body."""
    changed = update(controller).where(controller.c.id == controller_id)
    connection.execute(changed.values(public_body=marked))


def weigh(connection: Connection, controller_id: int, weight: float) -> None:
    """Change a controller's weight."""
    connection.execute(
        update(controller).where(controller.c.id == controller_id).values(weight=weight)
    )


def limits(connection: Connection, controller_id: int) -> tuple[int | None, float | None]:
    """Concurrent calls, and calls started in a second, of all its campaigns; None for no limit.

    Nobody else changes them before this transaction is over.

    Raises:
        NotFound: there is no such controller.
    """
    row = connection.execute(
        select(controller.c.max_channels, controller.c.max_cps)
        .where(controller.c.id == controller_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound(f"There is no controller {controller_id}.")
    return row.max_channels, row.max_cps


def limit(
    connection: Connection, controller_id: int, max_channels: int | None, max_cps: float | None
) -> None:
    """Change what all campaigns of a controller may use together."""
    connection.execute(
        update(controller)
        .where(controller.c.id == controller_id)
        .values(max_channels=max_channels, max_cps=max_cps)
    )
