"""The last look at suppressions before calls, at a cost that can be paid for every call."""

from collections.abc import Collection
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine, PoolProxiedConnection

from campaigns.contacts.suppression import SuppressionScope
from campaigns.errors import StoreUnavailable
from store import suppression_keys
from store.columns import Instant


class Asked(NamedTuple):
    """Whether this campaign of this controller must not call this number."""

    number: str
    controller_id: int
    campaign_id: int


class Refusals:
    """Which numbers were refused since their claim.

    A claim applies every suppression in its own transaction; between that and the call there may
    be some tenths of a second, in which somebody may refuse. Asking costs one look into the index
    for each number, on a connection of its own, past the layers that make a query pleasant.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._instants = Instant()
        self._mark = "?" if engine.dialect.name == "sqlite" else "%s"
        self._connection: PoolProxiedConnection | None = None

    def among(self, asked: Collection[Asked], now: datetime) -> set[Asked]:
        """Those that must not be called now.

        Raises:
            StoreUnavailable: the database cannot be read.
            SuppressionKeyMissing: nobody can tell who was erased.
        """
        numbers = {one.number for one in asked}
        at = self._instants.process_bind_param(now, self._engine.dialect)
        found = self._ask(_WITH_KEY, *numbers, at)
        rows = {tuple(row) for row in found}
        digests = suppression_keys.digests(self._engine, found, numbers)
        if digests:
            hidden = self._ask(_IN_FORCE, *digests, at)
            rows |= {(digests[one], scope, owner) for one, scope, owner in hidden}
        return {one for one in asked if not rows.isdisjoint(_concerning(one))}

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._found(statement, *values)
        except self._engine.dialect.loaded_dbapi.Error as error:
            self.close()
            raise StoreUnavailable(f"The database cannot be read now: {error}") from error

    def _found(self, statement: str, *values: Any) -> list[Any]:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        marks = ", ".join([self._mark] * (len(values) - 1))
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(statement.format(numbers=marks, now=self._mark), values)
            found = cursor.fetchall()
        self._connection.rollback()
        return list(found)


_IN_FORCE = """
SELECT number, scope, CASE scope WHEN 'operator' THEN 0 ELSE owner_id END FROM suppression
WHERE number IN ({numbers}) AND (expires_at IS NULL OR expires_at > {now})
"""

_STANDING = """
UNION ALL SELECT fingerprint, CASE WHEN erased_at IS NULL THEN 'unused' ELSE 'used' END, 0
FROM suppression_key
"""
"""As `store.suppression_keys.STANDING`."""

_WITH_KEY = _IN_FORCE + _STANDING


def _concerning(asked: Asked) -> set[tuple[str, str, int]]:
    """What a row says that concerns this call; as `store.suppressions.in_force`."""
    return {
        (asked.number, SuppressionScope.OPERATOR.value, 0),
        (asked.number, SuppressionScope.CONTROLLER.value, asked.controller_id),
        (asked.number, SuppressionScope.CAMPAIGN.value, asked.campaign_id),
    }
