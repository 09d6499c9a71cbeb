"""Numbers not to be called."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, null, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.suppression import Suppression, SuppressionScope
from store.tables import suppression

_KEY = ("number", "scope", "owner_id", "channel")


def _concerns(controller: ColumnElement[int], campaign: ColumnElement[int]) -> ColumnElement[bool]:
    """Rows of the operator, of this controller, or of this campaign."""
    return or_(
        suppression.c.scope == SuppressionScope.OPERATOR.value,
        (suppression.c.scope == SuppressionScope.CONTROLLER.value)
        & (suppression.c.owner_id == controller),
        (suppression.c.scope == SuppressionScope.CAMPAIGN.value)
        & (suppression.c.owner_id == campaign),
    )


_IN_FORCE = select(suppression.c.number).where(
    suppression.c.number.in_(bindparam("numbers", expanding=True)),
    _concerns(bindparam("controller"), bindparam("campaign")),
    or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > bindparam("now")),
)


def in_force(
    connection: Connection,
    numbers: Sequence[str],
    controller_id: int,
    campaign_id: int,
    now: datetime,
) -> set[str]:
    """Which of these numbers this campaign of this controller must not call."""
    found = connection.execute(
        _IN_FORCE,
        {"numbers": numbers, "controller": controller_id, "campaign": campaign_id, "now": now},
    )
    return set(found.scalars())


def add(connection: Connection, rows: Sequence[Suppression]) -> int:
    """Suppress numbers; how many were not suppressed before.

    One that is there already stays, and stays for ever where either of the two is for ever.
    """
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(suppression)
    new = statement.on_conflict_do_nothing(index_elements=_KEY).returning(*_key_columns())
    longer = statement.on_conflict_do_update(
        index_elements=_KEY, set_={"expires_at": _longer(statement.excluded.expires_at)}
    )
    values = [_values(row) for row in rows]
    added = {tuple(row) for row in connection.execute(new, values)}
    asked = Counter(_key_of(row) for row in values)
    again = [row for row in values if _key_of(row) not in added or asked[_key_of(row)] > 1]
    if again:
        connection.execute(longer, again)
    return len(added)


def _key_columns() -> list[ColumnElement[Any]]:
    return [suppression.c[name] for name in _KEY]


def _key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _longer(other: ColumnElement[datetime]) -> ColumnElement[datetime]:
    kept = suppression.c.expires_at
    return case((or_(kept.is_(None), other.is_(None)), null()), (other > kept, other), else_=kept)


def _values(row: Suppression) -> dict[str, Any]:
    return {
        "number": row.number,
        "scope": row.scope.value,
        "owner_id": row.owner_id,
        "channel": row.channel.value,
        "reason": row.reason.value,
        "source": row.source,
        "attempt_id": row.attempt_id,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }


def page(
    connection: Connection, scope: SuppressionScope, owner_id: int, after: int, count: int
) -> list[dict[str, Any]]:
    """Suppressions of one owner in order of id, from after a cursor; expired ones too."""
    rows = connection.execute(
        select(suppression)
        .where(
            suppression.c.scope == scope.value,
            suppression.c.owner_id == owner_id,
            suppression.c.id > after,
        )
        .order_by(suppression.c.id)
        .limit(count)
    )
    return [dict(row) for row in rows.mappings()]


def of_controller(connection: Connection, controller_id: int) -> dict[str, datetime]:
    """{number: since when} of every number that this controller must not call."""
    rows = connection.execute(
        select(suppression.c.number, suppression.c.created_at).where(
            suppression.c.scope == SuppressionScope.CONTROLLER.value,
            suppression.c.owner_id == controller_id,
        )
    )
    return {row.number: row.created_at for row in rows}


def remove(connection: Connection, number: str, scope: SuppressionScope, owner_id: int) -> bool:
    """Suppress a number no more; whether it was suppressed."""
    done = connection.execute(
        delete(suppression).where(
            suppression.c.number == number,
            suppression.c.scope == scope.value,
            suppression.c.owner_id == owner_id,
        )
    )
    return done.rowcount > 0
