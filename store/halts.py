"""The one stop for everything: while it is kept, no campaign of anybody places a call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from store.tables import halt


@dataclass(frozen=True, slots=True)
class Halt:
    """Everything was stopped.

    Attributes:
        at: when.
        by: the person who asked for it.
        reason: why, in that person's words; may be empty.
    """

    at: datetime
    by: str
    reason: str


def current(connection: Connection) -> Halt | None:
    """The stop in force; None where calls may be placed."""
    found = connection.execute(_CURRENT).first()
    return None if found is None else Halt(found.at, found.by, found.reason)


def put(connection: Connection, wanted: Halt) -> bool:
    """Put a stop in force; False where one was already, which stays as it is."""
    if current(connection) is not None:
        return False
    connection.execute(insert(halt).values(id=1, at=wanted.at, by=wanted.by, reason=wanted.reason))
    return True


def lift(connection: Connection) -> bool:
    """Let calls be placed again; False where nothing was stopped."""
    return connection.execute(delete(halt).where(halt.c.id == 1)).rowcount > 0


_CURRENT = select(halt.c.at, halt.c.by, halt.c.reason).where(halt.c.id == 1)
