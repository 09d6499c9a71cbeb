"""The last look at suppressions before a call, at a cost that can be paid for every call."""

from contextlib import closing
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection

from campaigns.errors import StoreUnavailable
from store.columns import Instant


class Refusals:
    """Whether a number was refused since its claim.

    A claim applies every suppression in its own transaction; between that and the call there may
    be some tens of milliseconds, in which somebody may refuse. Asking costs one look into the
    index by number, on a connection of its own, past the layers that make a query pleasant.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._instants = Instant()
        self._query = _IN_FORCE.replace("?", "?" if engine.dialect.name == "sqlite" else "%s")
        self._connection: PoolProxiedConnection | None = None

    def holds(self, number: str, controller_id: int, campaign_id: int, now: datetime) -> bool:
        """Whether this campaign of this controller must not call this number now.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        at = self._instants.process_bind_param(now, self._engine.dialect)
        try:
            return self._finds(number, controller_id, campaign_id, at)
        except self._engine.dialect.loaded_dbapi.Error as error:
            self.close()
            raise StoreUnavailable(f"The database cannot be read now: {error}") from error

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _finds(self, *values: Any) -> bool:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(self._query, values)
            found = cursor.fetchone() is not None
        self._connection.rollback()
        return found


_IN_FORCE = """
SELECT 1 FROM suppression
WHERE number = ? AND (scope = 'operator' OR (scope = 'controller' AND owner_id = ?)
    OR (scope = 'campaign' AND owner_id = ?)) AND (expires_at IS NULL OR expires_at > ?)
LIMIT 1
"""
"""As `store.suppressions.in_force`."""
