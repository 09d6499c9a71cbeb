"""Events written in the transaction of what happened, where anybody wants to be told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from ulid import ULID

from campaigns.contacts.suppression import SuppressionScope
from campaigns.webhook import EventKind
from store.tables import suppression, webhook, webhook_event


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        key: what it was, so that it is written once however often it is noted.
        subject: whose it is, such as `target 7`: of one subject events are told in order.
        data: what is told of it; no number of a person, which is looked up when it is told.
    """

    kind: EventKind
    controller_id: int
    key: str
    subject: str
    at: datetime
    data: Mapping[str, Any]


Wanted: TypeAlias = Mapping[int, frozenset[str]]
"""Kinds of event that are wanted, by controller."""

_WANTED = select(webhook.c.controller_id, webhook.c.events).where(webhook.c.removed_at.is_(None))


def wanted(connection: Connection) -> Wanted:
    """What there are endpoints for: one short statement, and mostly there are none."""
    found: dict[int, frozenset[str]] = {}
    for controller_id, kinds in connection.execute(_WANTED):
        found[controller_id] = found.get(controller_id, frozenset()) | frozenset(kinds)
    return found


def note(connection: Connection, events: Sequence[Event], asked: Wanted | None = None) -> None:
    """Write events, of those that are wanted and were not written before.

    Args:
        connection: the transaction of what happened.
        events: in order.
        asked: as of `wanted`, where the caller knows it.
    """
    known = wanted(connection) if asked is None else asked
    rows = [_values(one) for one in events if one.kind.value in known.get(one.controller_id, ())]
    if not rows:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(webhook_event).on_conflict_do_nothing(index_elements=["key"])
    connection.execute(added, rows)


def note_opt_out(
    connection: Connection,
    controller_id: int,
    number: str,
    key: str,
    at: datetime,
    data: Mapping[str, Any],
    asked: Wanted | None = None,
) -> None:
    """Write that somebody refuses calls; the suppression is there already, and is named.

    Args:
        connection: the transaction in which the number was suppressed.
        controller_id: for whom.
        number: E.164.
        key: of the act.
        at: of the act.
        data: where it was said: `reason`, and in a call its ids.
        asked: as of `wanted`, where the caller knows it.
    """
    known = wanted(connection) if asked is None else asked
    if EventKind.OPTED_OUT.value not in known.get(controller_id, ()):
        return
    kept = connection.execute(
        select(suppression.c.id).where(
            suppression.c.number == number,
            suppression.c.scope == SuppressionScope.CONTROLLER.value,
            suppression.c.owner_id == controller_id,
        )
    ).scalar()
    subject = f"target {data['target_id']}" if "target_id" in data else f"suppression {kept}"
    told = {**data, "suppression_id": kept}
    event = Event(EventKind.OPTED_OUT, controller_id, f"opt-out {key}", subject, at, told)
    note(connection, [event], known)


def _values(one: Event) -> dict[str, Any]:
    return {
        "key": one.key,
        "controller_id": one.controller_id,
        "kind": one.kind.value,
        "subject": one.subject,
        "at": one.at,
        "data": dict(one.data),
        "spread": False,
        "told_as": str(ULID()),
    }
