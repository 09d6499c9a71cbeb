"""Noticing new suppressions at once, at a cost that can be paid before every call."""

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import Engine, PoolProxiedConnection, func, select

from campaigns.errors import StoreUnavailable
from store.engine import reading
from store.tables import suppression

_KEPT = 10_000
"""New suppressions remembered; a claim is sent or returned long before so many come."""


class NewRefusals:
    """The numbers suppressed since it was opened, whoever suppressed them.

    A claim applies every suppression in its own transaction; between that and the call there may
    be some tens of milliseconds, in which somebody may refuse. Asking costs one look at the end
    of the primary key on a connection of its own, past the layers that make a query pleasant.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._numbers: dict[str, int] = {}
        with reading(engine) as connection:
            self._last = int(connection.execute(select(func.max(suppression.c.id))).scalar() or 0)

    def holds(self, number: str) -> bool:
        """Whether this number was suppressed since this was opened, in any scope.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        try:
            for found_id, found in self._newer():
                self._last = found_id
                self._numbers[found] = found_id
        except self._engine.dialect.loaded_dbapi.Error as error:
            self.close()
            raise StoreUnavailable(f"The database cannot be read now: {error}") from error
        self._forget()
        return number in self._numbers

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _newer(self) -> Iterator[tuple[int, str]]:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(_NEWER.format(self._last))
            rows = cursor.fetchall()
        self._connection.rollback()
        return iter(rows)

    def _forget(self) -> None:
        while len(self._numbers) > _KEPT:
            del self._numbers[next(iter(self._numbers))]


_NEWER = "SELECT id, number FROM suppression WHERE id > {:d} ORDER BY id"
