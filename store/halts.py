"""The one stop for everything: while it is kept, no campaign of anybody places a call."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from store import notices
from store.tables import halt


@dataclass(frozen=True, slots=True)
class Halt:
    """Everything was stopped.

    Attributes:
        at: when.
        by: the person who asked for it.
        reason: why, in that person's words; may be empty.
        controller_id: whose key asked for it; None for the operator, at the command line.
    """

    at: datetime
    by: str
    reason: str
    controller_id: int | None = None


def current(connection: Connection) -> Halt | None:
    """The stop in force; None where calls may be placed."""
    found = connection.execute(_CURRENT).first()
    return None if found is None else Halt(*found)


def put(connection: Connection, wanted: Halt) -> bool:
    """Put a stop in force; False where one was already, which stays as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = dialect.insert(halt).values(id=1, **asdict(wanted)).on_conflict_do_nothing()
    # Of an INSERT the count is thrown away on PostgreSQL unless it is asked for.
    done = connection.execute(made, execution_options={"preserve_rowcount": True})
    notices.changed(connection)
    return done.rowcount > 0


def lift(connection: Connection) -> bool:
    """Let calls be placed again; False where nothing was stopped."""
    notices.changed(connection)
    return connection.execute(delete(halt).where(halt.c.id == 1)).rowcount > 0


_CURRENT = select(halt.c.at, halt.c.by, halt.c.reason, halt.c.controller_id).where(halt.c.id == 1)
