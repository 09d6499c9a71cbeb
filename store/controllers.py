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
