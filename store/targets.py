"""Targets: filling a campaign from its lists, cancelling, counting and listing them."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.states import TargetState
from store import tallies
from store.tables import contact, contact_list, target


def fill(
    connection: Connection, campaign_id: int, list_id: int, after: int, count: int, now: datetime
) -> int | None:
    """Make targets of the next contacts of a list; the last contact's id, None at the end.

    A number that is in the campaign already is not put in twice. Call it again and again, each
    time in a transaction of its own, so that no write lock is held for long.
    """
    last = connection.execute(
        select(
            func.max(
                select(contact.c.id)
                .where(contact.c.list_id == list_id, contact.c.id > after)
                .order_by(contact.c.id)
                .limit(count)
                .subquery()
                .c.id
            )
        )
    ).scalar()
    if last is None:
        return None
    made = _insert_ignoring(connection, _contacts(campaign_id, list_id, after, last, now))
    tallies.add(
        connection,
        Counter({(campaign_id, tallies.STATE, TargetState.PENDING.value): made}),
    )
    return int(last)


def _contacts(campaign_id: int, list_id: int, after: int, last: int, now: datetime) -> Any:
    return select(
        literal(campaign_id),
        contact.c.id,
        contact.c.number,
        contact.c.zones,
        literal(TargetState.PENDING.value),
        literal(False),
        literal(round(now.timestamp() * 1000)),
        literal(0),
        literal(0),
    ).where(
        contact.c.list_id == list_id,
        contact.c.id > after,
        contact.c.id <= last,
        contact.c.number.startswith("+"),  # not those of people who were erased
    )


def _insert_ignoring(connection: Connection, rows: Any) -> int:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    columns = (
        "campaign_id",
        "contact_id",
        "number",
        "zones",
        "state",
        "retry",
        "due_at",
        "attempts",
        "tries",
    )
    statement = dialect.insert(target).from_select(columns, rows)
    kept = statement.on_conflict_do_nothing()
    # Of an INSERT the count is thrown away on PostgreSQL unless it is asked for.
    return connection.execute(kept, execution_options={"preserve_rowcount": True}).rowcount


_PENDING = TargetState.PENDING.value


def cancel(connection: Connection, campaign_id: int, count: int) -> int:
    """Cancel up to `count` pending targets of a stopped campaign; how many."""
    some = (
        select(target.c.id)
        .where(
            target.c.campaign_id == campaign_id,
            target.c.state == literal(_PENDING, literal_execute=True),
        )
        .limit(count)
    )
    done = connection.execute(
        update(target)
        .where(target.c.id.in_(some.scalar_subquery()))
        .values(state=TargetState.CANCELLED.value)
    ).rowcount
    delta: tallies.Delta = Counter()
    tallies.moved(delta, campaign_id, _PENDING, TargetState.CANCELLED.value, done)
    tallies.add(connection, delta)
    return done


def counted(connection: Connection, campaign_id: int) -> dict[str, int]:
    """States counted from the rows themselves, to prove the tallies."""
    rows = connection.execute(
        select(target.c.state, func.count().label("many"))
        .where(target.c.campaign_id == campaign_id)
        .group_by(target.c.state)
    )
    return {found.state: found.many for found in rows}


def page(
    connection: Connection,
    campaign_id: int,
    after: int,
    count: int,
    state: TargetState | None = None,
) -> list[dict[str, Any]]:
    """Targets with their contacts, in order of id, from after a cursor."""
    query = (
        select(
            target,
            contact.c.line,
            contact.c.external_id,
            contact.c.list_id,
            contact.c.attributes,
        )
        .join(contact, contact.c.id == target.c.contact_id)
        .where(target.c.campaign_id == campaign_id, target.c.id > after)
        .order_by(target.c.id)
        .limit(count)
    )
    if state is not None:
        query = query.where(target.c.state == state.value)
    return [dict(found) for found in connection.execute(query).mappings()]


def of_number(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """Every target of a number in the controller's lists, with list and campaign ids."""
    rows = connection.execute(
        select(
            target,
            contact.c.line,
            contact.c.list_id,
            contact.c.evidence,
            contact.c.fictional,
            contact.c.slot,
            contact.c.consent_expires_on,
            contact.c.withdrawn_on,
        )
        .join(contact, contact.c.id == target.c.contact_id)
        .join(contact_list, contact_list.c.id == contact.c.list_id)
        .where(target.c.number == number, contact_list.c.controller_id == controller_id)
        .order_by(target.c.id)
    )
    return [dict(found) for found in rows.mappings()]
