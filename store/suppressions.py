"""Numbers not to be called, those of erased people as digests among them."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    case,
    delete,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.suppression_key import kept_as
from store import suppression_keys
from store.tables import campaign as campaigns
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


_IN_FORCE = select(suppression.c.number, null()).where(
    suppression.c.number.in_(bindparam("numbers", expanding=True)),
    _concerns(bindparam("controller"), bindparam("campaign")),
    or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > bindparam("now")),
)
_WITH_KEY = _IN_FORCE.union_all(suppression_keys.STANDING)


def in_force(
    connection: Connection,
    numbers: Sequence[str],
    controller_id: int,
    campaign_id: int,
    now: datetime,
) -> set[str]:
    """Which of these numbers this campaign of this controller must not call.

    One statement; a second one, for digests, where anybody was ever erased. A person erased
    between the two stood in the first as a number, or was not refused yet: then the erasure waits
    for a claim that has the target.

    Raises:
        SuppressionKeyMissing: nobody can tell which of them were erased.
    """
    asked = {"controller": controller_id, "campaign": campaign_id, "now": now}
    rows = connection.execute(_WITH_KEY, {**asked, "numbers": numbers}).all()
    found = {one for one, key in rows if key is None}
    digests = suppression_keys.digests(connection.engine, rows, numbers)
    if digests:
        hidden = connection.execute(_IN_FORCE, {**asked, "numbers": list(digests)})
        found |= {digests[one] for one in hidden.scalars()}
    return found


def add(connection: Connection, rows: Sequence[Suppression]) -> int:
    """Suppress numbers; how many were not suppressed before.

    One that is there already stays, and stays for ever where either of the two is for ever; that a
    number does not exist gives way to a refusal. Of a person who was erased it stays a digest: the
    number is not kept again.
    """
    if not rows:
        return 0
    return _add(connection, _as_kept(connection, [_values(row) for row in rows]))


def _as_kept(connection: Connection, values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With digests in the place of the numbers that are kept as such by the same owner.

    Where the key is missing, numbers stay as they are: a refusal is never lost for want of it.
    """
    key = suppression_keys.in_use(connection.engine)
    if key is None:
        return values
    digests = {one["number"]: key.digest(one["number"]) for one in values}
    rows = connection.execute(
        select(*_key_columns()).where(suppression.c.number.in_(list(digests.values())))
    )
    known = {tuple(row) for row in rows}
    again = [{**one, "number": digests[one["number"]]} for one in values]
    return [
        hidden if _key_of(hidden) in known else plain
        for hidden, plain in zip(again, values, strict=True)
    ]


def _add(connection: Connection, values: list[dict[str, Any]]) -> int:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(suppression)
    new = statement.on_conflict_do_nothing(index_elements=_KEY).returning(*_key_columns())
    longer = statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "expires_at": _longer(statement.excluded.expires_at),
            **_weightier(statement.excluded),
        },
    )
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


def _weightier(other: Any) -> dict[str, ColumnElement[Any]]:
    """Why it is suppressed: a refusal stands before what the network says of the number.

    That can be taken back, and then the refusal must be there; what the network says now stands in
    the place of a refusal that has expired.
    """
    invalid = SuppressionReason.INVALID_NUMBER.value
    kept = suppression.c
    refused_now = (kept.reason == invalid) & (other.reason != invalid)
    over = (other.reason == invalid) & func.coalesce(kept.expires_at <= other.created_at, false())
    names = ("reason", "source", "attempt_id", "created_at")
    return {name: case((or_(refused_now, over), other[name]), else_=kept[name]) for name in names}


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


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """Which suppressions are asked for; None asks for any, expired ones too.

    Attributes:
        number: E.164; what is kept of it as a digest is found too, where the key is there.
        attempt_id: the call in which it was asked.
        since: asked for then or later.
        until: asked for before that.
        in_force_at: in force at that instant.
    """

    reason: SuppressionReason | None = None
    number: str | None = None
    attempt_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    in_force_at: datetime | None = None

    def conditions(self, engine: Engine) -> Iterator[ColumnElement[bool]]:
        """What is asked, over `suppression`."""
        if self.reason is not None:
            yield suppression.c.reason == self.reason.value
        if self.number is not None:
            kept = kept_as([self.number], suppression_keys.in_use(engine))
            yield suppression.c.number.in_(list(kept))
        if self.attempt_id is not None:
            yield suppression.c.attempt_id == self.attempt_id
        if self.since is not None:
            yield suppression.c.created_at >= self.since
        if self.until is not None:
            yield suppression.c.created_at < self.until
        if self.in_force_at is not None:
            ends = suppression.c.expires_at
            yield or_(ends.is_(None), ends > self.in_force_at)


ANY_SUPPRESSION = SuppressionFilter()


def page(
    connection: Connection,
    scope: SuppressionScope,
    owner_id: int,
    after: int,
    count: int,
    asked: SuppressionFilter = ANY_SUPPRESSION,
) -> list[dict[str, Any]]:
    """Suppressions of one owner in order of id, from after a cursor."""
    rows = connection.execute(
        select(suppression)
        .where(
            suppression.c.scope == scope.value,
            suppression.c.owner_id == owner_id,
            suppression.c.id > after,
            *asked.conditions(connection.engine),
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
    """Suppress a number no more, be it kept as it is or as a digest; whether it was suppressed."""
    kept = kept_as([number], suppression_keys.in_use(connection.engine))
    done = connection.execute(
        delete(suppression).where(
            suppression.c.number.in_(list(kept)),
            suppression.c.scope == scope.value,
            suppression.c.owner_id == owner_id,
        )
    )
    return done.rowcount > 0


def of_number(
    connection: Connection, controller_id: int, number: str, operators: bool = False
) -> list[dict[str, Any]]:
    """Every suppression of a number by a controller and its campaigns, the oldest first.

    Args:
        connection: of a transaction.
        controller_id: whose.
        number: E.164; what is kept of it as a digest is found too, where the key is there.
        operators: the operator's own as well.
    """
    kept = kept_as([number], suppression_keys.in_use(connection.engine))
    rows = connection.execute(
        select(suppression)
        .where(suppression.c.number.in_(list(kept)), _owned(controller_id, operators=operators))
        .order_by(suppression.c.created_at, suppression.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def _owned(controller_id: int, *, operators: bool) -> ColumnElement[bool]:
    own = (suppression.c.scope == SuppressionScope.CONTROLLER.value) & (
        suppression.c.owner_id == controller_id
    )
    theirs = select(campaigns.c.id).where(campaigns.c.controller_id == controller_id)
    of_campaigns = (suppression.c.scope == SuppressionScope.CAMPAIGN.value) & (
        suppression.c.owner_id.in_(theirs)
    )
    everybodys = suppression.c.scope == SuppressionScope.OPERATOR.value
    return or_(own, of_campaigns, everybodys) if operators else or_(own, of_campaigns)


@dataclass(frozen=True, slots=True)
class Counted:
    """Suppressions that are alike.

    Attributes:
        reason: what put the numbers on the list.
        scope: how far they reach.
        many: how many, and how many of those are in force.
        first, last: when they were asked for.
    """

    reason: str
    scope: str
    many: int
    in_force: int
    first: datetime
    last: datetime


def last_id(connection: Connection) -> int:
    """The newest suppression's; 0 where there is none."""
    return connection.execute(select(func.max(suppression.c.id))).scalar() or 0


def counted(
    connection: Connection, controller_id: int, after: int, until: int, now: datetime
) -> list[Counted]:
    """What a controller and its campaigns must not call, among ids from after one to another."""
    ends = suppression.c.expires_at
    holds = case((or_(ends.is_(None), ends > now), 1), else_=0)
    alike = (suppression.c.reason, suppression.c.scope)
    rows = connection.execute(
        select(
            *alike,
            func.count().label("many"),
            func.sum(holds).label("in_force"),
            func.min(suppression.c.created_at).label("first"),
            func.max(suppression.c.created_at).label("last"),
        )
        .where(
            suppression.c.id > after,
            suppression.c.id <= until,
            _owned(controller_id, operators=False),
        )
        .group_by(*alike)
    )
    return [Counted(**row) for row in rows.mappings()]


def erased_among(
    connection: Connection, controller_id: int, numbers: Collection[str], now: datetime
) -> set[str]:
    """Which of these numbers are of people whom the controller, or the operator, has erased.

    Raises:
        SuppressionKeyMissing: somebody was erased, and nobody can tell who.
    """
    if not suppression_keys.was_used(connection):
        return set()
    key = suppression_keys.needed(connection)
    digests = {key.digest(number): number for number in numbers}
    rows = connection.execute(
        _DIGESTS, {"digests": list(digests), "controller": controller_id, "now": now}
    )
    return {digests[found] for found in rows.scalars()}


_DIGESTS = select(suppression.c.number).where(
    suppression.c.number.in_(bindparam("digests", expanding=True)),
    or_(
        suppression.c.scope == SuppressionScope.OPERATOR.value,
        (suppression.c.scope == SuppressionScope.CONTROLLER.value)
        & (suppression.c.owner_id == bindparam("controller")),
    ),
    or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > bindparam("now")),
)


def hide(connection: Connection, rows: Sequence[dict[str, Any]], digest: str) -> None:
    """Keep suppressions of one person as a digest, without what tells where they came from.

    Args:
        connection: the caller's transaction.
        rows: as of `of_number`, all of one number.
        digest: of that number.
    """
    if not rows:
        return
    connection.execute(delete(suppression).where(suppression.c.id.in_([row["id"] for row in rows])))
    hidden = [{**row, "number": digest, "source": "", "attempt_id": None} for row in rows]
    for row in hidden:
        del row["id"]
    _add(connection, hidden)
