"""Targets: filling a campaign from its lists, what the claim finds, what becomes of each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.contacts.basis import Evidence
from campaigns.rules.gates import Gate
from campaigns.states import TargetState
from store import tallies
from store.columns import Instant
from store.tables import contact, contact_list, target


@dataclass(frozen=True, slots=True)
class Found:
    """A pending target with what the gates ask about it."""

    id: int
    number: str
    attempts: int
    tries: int
    fictional: bool
    evidence: Evidence
    purposes: tuple[str, ...]


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
    ).where(contact.c.list_id == list_id, contact.c.id > after, contact.c.id <= last)


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

_ZONES = select(func.min(target.c.zones)).where(
    target.c.campaign_id == bindparam("campaign"),
    target.c.state == literal(_PENDING, literal_execute=True),
    target.c.zones > bindparam("after"),
)

_DUE = (
    select(
        target.c.id,
        target.c.number,
        target.c.attempts,
        target.c.tries,
        contact.c.fictional,
        contact.c.evidence,
        contact_list.c.purposes,
    )
    .join(contact, contact.c.id == target.c.contact_id)
    .join(contact_list, contact_list.c.id == contact.c.list_id)
    .where(
        target.c.campaign_id == bindparam("campaign"),
        target.c.state == literal(_PENDING, literal_execute=True),
        target.c.zones == bindparam("zones"),
        target.c.retry == bindparam("retry"),
        target.c.due_at <= bindparam("now"),
    )
    .order_by(target.c.due_at, target.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=target)
)


def zones_of(connection: Connection, campaign_id: int) -> list[str]:
    """The different zone groups of a campaign's pending targets, by leaps along the index."""
    found: list[str] = []
    after = ""
    while (
        zones := connection.execute(_ZONES, {"campaign": campaign_id, "after": after}).scalar()
    ) is not None:
        found.append(zones)
        after = zones
    return found


def due(
    connection: Connection,
    campaign_id: int,
    zones: str,
    retry: bool,
    now: datetime,
    count: int,
) -> list[Found]:
    """The first pending targets of one zone group that are due; locked where the database can."""
    rows = connection.execute(
        _DUE,
        {"campaign": campaign_id, "zones": zones, "retry": retry, "now": now, "count": count},
    )
    return [
        Found(id_, number, attempts, tries, fictional, Evidence(evidence), tuple(purposes))
        for id_, number, attempts, tries, fictional, evidence, purposes in rows
    ]


def next_due(connection: Connection, campaign_id: int) -> datetime | None:
    """When the first pending target becomes due; None where none is pending.

    Fresh targets are due from the start, so only retries need looking at where none is fresh.
    """
    earliest = [
        connection.execute(
            select(target.c.due_at)
            .where(
                target.c.campaign_id == campaign_id,
                target.c.state == literal(_PENDING, literal_execute=True),
                target.c.zones == zones,
                target.c.retry == retry,
            )
            .order_by(target.c.due_at)
            .limit(1)
        ).scalar()
        for zones in zones_of(connection, campaign_id)
        for retry in (False, True)
    ]
    return min((at for at in earliest if at is not None), default=None)


_TAKE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(state=TargetState.CALLING.value, gate=None)
)

_REFUSE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(state=TargetState.REFUSED.value, gate=bindparam("b_gate"))
)

_POSTPONE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(due_at=bindparam("b_due_at"), gate=bindparam("b_gate"))
)

_SETTLE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(
        state=bindparam("b_state"),
        due_at=func.coalesce(bindparam("b_due_at", type_=Instant), target.c.due_at),
        retry=bindparam("b_retry"),
        attempts=bindparam("b_attempts"),
        tries=bindparam("b_tries"),
        outcome=func.coalesce(bindparam("b_outcome", type_=String), target.c.outcome),
    )
)


def take(connection: Connection, ids: Sequence[int]) -> None:
    """They are being called."""
    if ids:
        connection.execute(_TAKE, [{"b_id": id_} for id_ in ids])


def refuse(connection: Connection, refused: Sequence[tuple[int, Gate]]) -> None:
    """A gate that will not open in this campaign closes them for good."""
    if refused:
        connection.execute(_REFUSE, [{"b_id": id_, "b_gate": gate.value} for id_, gate in refused])


def postpone(connection: Connection, postponed: Sequence[tuple[int, Gate, datetime]]) -> None:
    """A gate that opens by itself: look again at that time."""
    if postponed:
        connection.execute(
            _POSTPONE,
            [{"b_id": id_, "b_gate": gate.value, "b_due_at": at} for id_, gate, at in postponed],
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a target after an attempt; None leaves due date and outcome as they are."""

    id: int
    state: TargetState
    due_at: datetime | None
    retry: bool
    attempts: int
    tries: int
    outcome: str | None


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of targets."""
    if settled:
        connection.execute(
            _SETTLE,
            [
                {
                    "b_id": one.id,
                    "b_state": one.state.value,
                    "b_due_at": one.due_at,
                    "b_retry": one.retry,
                    "b_attempts": one.attempts,
                    "b_tries": one.tries,
                    "b_outcome": one.outcome,
                }
                for one in settled
            ],
        )


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
        select(target, contact.c.line, contact.c.list_id, contact.c.evidence, contact.c.fictional)
        .join(contact, contact.c.id == target.c.contact_id)
        .join(contact_list, contact_list.c.id == contact.c.list_id)
        .where(target.c.number == number, contact_list.c.controller_id == controller_id)
        .order_by(target.c.id)
    )
    return [dict(found) for found in rows.mappings()]
