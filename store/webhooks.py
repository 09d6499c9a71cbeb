"""Endpoints that are told of events, and how each telling went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, String, delete, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from campaigns.errors import NotFound
from campaigns.webhook import DeliveryState
from store.tables import webhook, webhook_delivery, webhook_event

# Written out, or no planner would see that its indexes hold exactly these.
_IS_WAITING = literal_column(f"'{DeliveryState.WAITING.value}'", String)
_WAITING = webhook_delivery.c.state == _IS_WAITING


def add(
    connection: Connection,
    controller_id: int,
    url: str,
    events: Sequence[str],
    secret: str,
    by: str,
    now: datetime,
) -> int:
    """A new endpoint; its id."""
    made = connection.execute(
        insert(webhook)
        .values(
            controller_id=controller_id,
            url=url,
            events=list(events),
            secret=secret,
            created_at=now,
            created_by=by,
        )
        .returning(webhook.c.id)
    )
    return int(made.scalar_one())


def one(connection: Connection, controller_id: int, webhook_id: int) -> dict[str, Any]:
    """An endpoint that is told of events.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    found = connection.execute(
        select(webhook).where(
            webhook.c.id == webhook_id,
            webhook.c.controller_id == controller_id,
            webhook.c.removed_at.is_(None),
        )
    )
    row = found.mappings().first()
    if row is None:
        raise NotFound(f"There is no webhook {webhook_id}.")
    return dict(row)


def page(
    connection: Connection, controller_id: int, after: int, count: int
) -> list[dict[str, Any]]:
    """Endpoints of a controller in order of id, from after one."""
    rows = connection.execute(
        select(webhook)
        .where(
            webhook.c.controller_id == controller_id,
            webhook.c.removed_at.is_(None),
            webhook.c.id > after,
        )
        .order_by(webhook.c.id)
        .limit(count)
    )
    return [dict(row) for row in rows.mappings()]


def in_use(connection: Connection) -> list[dict[str, Any]]:
    """Every endpoint of every controller."""
    rows = connection.execute(select(webhook).where(webhook.c.removed_at.is_(None)))
    return [dict(row) for row in rows.mappings()]


def remove(connection: Connection, webhook_id: int, now: datetime) -> None:
    """Tell it nothing any more; what waits for it is given up."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(removed_at=now))
    mine = webhook_delivery.c.webhook_id == webhook_id
    given_up = {"state": DeliveryState.GIVEN_UP.value, "error": "The webhook was removed."}
    connection.execute(update(webhook_delivery).where(mine, _WAITING).values(**given_up))


def rest(connection: Connection, webhook_id: int, failures: int, until: datetime | None) -> None:
    """Note how often an endpoint failed, one time after the other, and until when it rests."""
    changed = update(webhook).where(webhook.c.id == webhook_id)
    connection.execute(changed.values(failures=failures, rests_until=until))


def pause_all(connection: Connection, now: datetime) -> list[tuple[int, int]]:
    """Let no endpoint be told before a person resumes it; (id, controller) of those that were."""
    done = connection.execute(
        update(webhook)
        .where(webhook.c.removed_at.is_(None), webhook.c.paused_at.is_(None))
        .values(paused_at=now)
        .returning(webhook.c.id, webhook.c.controller_id)
    )
    return [tuple(row) for row in done]


def resume(connection: Connection, webhook_id: int, now: datetime) -> None:
    """Tell it again, from the first that waits; each has its whole time to be taken."""
    changed = update(webhook).where(webhook.c.id == webhook_id)
    connection.execute(changed.values(paused_at=None, failures=0, rests_until=None))
    mine = webhook_delivery.c.webhook_id == webhook_id
    connection.execute(update(webhook_delivery).where(mine, _WAITING).values(asked_at=now))


def has_fresh(connection: Connection) -> bool:
    """Whether there are events of which no deliveries were made yet."""
    found = select(webhook_event.c.id).where(~webhook_event.c.spread).limit(1)
    return connection.execute(found).first() is not None


def fresh(connection: Connection, count: int) -> list[dict[str, Any]]:
    """Events of which no deliveries were made yet, in order."""
    rows = connection.execute(
        select(webhook_event)
        .where(~webhook_event.c.spread)
        .order_by(webhook_event.c.id)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    return [dict(row) for row in rows.mappings()]


def spread(
    connection: Connection, event_ids: Sequence[int], deliveries: Sequence[dict[str, Any]]
) -> None:
    """Make deliveries of events; of each but once."""
    if deliveries:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        added = dialect.insert(webhook_delivery).on_conflict_do_nothing(
            index_elements=["webhook_id", "event_id"]
        )
        connection.execute(added, list(deliveries))
    done = update(webhook_event).where(webhook_event.c.id.in_(event_ids))
    connection.execute(done.values(spread=True))


@dataclass(frozen=True, slots=True)
class Due:
    """An event that an endpoint is to be told now.

    Attributes:
        id: of the delivery.
        told_as: the id that its receiver knows the event by.
    """

    id: int
    told_as: str
    kind: str
    subject: str
    at: datetime
    data: dict[str, Any]
    tries: int
    asked_at: datetime


def has_due(connection: Connection, webhook_id: int, now: datetime) -> bool:
    """Whether something waits for an endpoint that could be due."""
    mine = webhook_delivery.c.webhook_id == webhook_id
    found = select(webhook_delivery.c.id).where(mine, _WAITING, webhook_delivery.c.due_at <= now)
    return connection.execute(found.limit(1)).first() is not None


def due(connection: Connection, webhook_id: int, now: datetime, count: int) -> list[Due]:
    """What an endpoint is to be told now: of each subject the first that waits, if it is due.

    What has been due for longest comes first, so that an event that failed does not keep those
    behind it from being tried.
    """
    rows = connection.execute(_due(webhook_id, now, count))
    return [Due(**row) for row in rows.mappings()]


def _due(webhook_id: int, now: datetime, count: int) -> Select[Any]:
    earlier = webhook_delivery.alias("earlier")
    before = (
        select(earlier.c.id)
        .where(
            earlier.c.webhook_id == webhook_delivery.c.webhook_id,
            earlier.c.subject == webhook_delivery.c.subject,
            earlier.c.event_id < webhook_delivery.c.event_id,
            earlier.c.state == _IS_WAITING,
        )
        .exists()
    )
    return (
        select(
            webhook_delivery.c.id,
            webhook_event.c.told_as,
            webhook_event.c.kind,
            webhook_event.c.subject,
            webhook_event.c.at,
            webhook_event.c.data,
            webhook_delivery.c.tries,
            webhook_delivery.c.asked_at,
        )
        .join(webhook_event, webhook_event.c.id == webhook_delivery.c.event_id)
        .where(
            webhook_delivery.c.webhook_id == webhook_id,
            _WAITING,
            webhook_delivery.c.due_at <= now,
            ~before,
        )
        .order_by(webhook_delivery.c.due_at, webhook_delivery.c.event_id)
        .limit(count)
    )


def take(
    connection: Connection, delivery_ids: Sequence[int], now: datetime, until: datetime
) -> set[int]:
    """Put deliveries off while they are under way, so that nobody else sends them meanwhile.

    Those of them that were still due: another sender may have taken, told or lost them since they
    were read.
    """
    taken = connection.execute(
        update(webhook_delivery)
        .where(webhook_delivery.c.id.in_(delivery_ids), _WAITING, webhook_delivery.c.due_at <= now)
        .values(due_at=until)
        .returning(webhook_delivery.c.id)
    )
    return set(taken.scalars())


def settle(connection: Connection, delivery_id: int, **values: Any) -> None:
    """Note how a try went."""
    mine = update(webhook_delivery).where(webhook_delivery.c.id == delivery_id)
    connection.execute(mine.values(**values))


def ask_again(
    connection: Connection, webhook_id: int, told_as: Sequence[str] | None, now: datetime
) -> int:
    """Have deliveries made once more: those of these events, or all that were given up; how many.

    Those that wait already go on waiting.
    """
    mine = webhook_delivery.c.webhook_id == webhook_id
    if told_as is None:
        which = webhook_delivery.c.state == DeliveryState.GIVEN_UP.value
    else:
        named = select(webhook_event.c.id).where(webhook_event.c.told_as.in_(told_as))
        which = webhook_delivery.c.event_id.in_(named) & ~_WAITING
    done = connection.execute(
        update(webhook_delivery)
        .where(mine, which)
        .values(
            state=DeliveryState.WAITING.value,
            tries=0,
            due_at=now,
            asked_at=now,
            told_at=None,
            status=None,
            error=None,
        )
    )
    return done.rowcount


def deliveries(
    connection: Connection,
    webhook_id: int,
    before: int | None,
    count: int,
    state: DeliveryState | None = None,
) -> list[dict[str, Any]]:
    """How tellings went, the newest event first, from before an event's id."""
    asked = _log().where(webhook_delivery.c.webhook_id == webhook_id)
    if before is not None:
        asked = asked.where(webhook_delivery.c.event_id < before)
    if state is not None:
        asked = asked.where(webhook_delivery.c.state == state.value)
    rows = connection.execute(asked.order_by(webhook_delivery.c.event_id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]


def _log() -> Select[Any]:
    return select(
        webhook_delivery.c.event_id,
        webhook_event.c.told_as,
        webhook_event.c.kind,
        webhook_event.c.subject,
        webhook_event.c.at,
        webhook_delivery.c.state,
        webhook_delivery.c.tries,
        webhook_delivery.c.due_at,
        webhook_delivery.c.status,
        webhook_delivery.c.error,
        webhook_delivery.c.told_at,
    ).join(webhook_event, webhook_event.c.id == webhook_delivery.c.event_id)


def forget(connection: Connection, before: datetime, count: int) -> int:
    """Remove up to so many events that happened before that and wait for nobody; how many."""
    waits = (
        select(webhook_delivery.c.id)
        .where(webhook_delivery.c.event_id == webhook_event.c.id, _WAITING)
        .exists()
    )
    ids = connection.scalars(
        select(webhook_event.c.id)
        .where(webhook_event.c.at < before, webhook_event.c.spread, ~waits)
        .order_by(webhook_event.c.id)
        .limit(count)
    ).all()
    connection.execute(delete(webhook_delivery).where(webhook_delivery.c.event_id.in_(ids)))
    connection.execute(delete(webhook_event).where(webhook_event.c.id.in_(ids)))
    return len(ids)
