"""What the people called ask of a controller: access, erasure, objection."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, null, select, update

from campaigns.contacts.request import RequestKind
from campaigns.contacts.suppression_key import kept_as
from campaigns.errors import NotFound
from store import suppression_keys
from store.columns import is_number
from store.tables import privacy_request


def add(
    connection: Connection,
    controller_id: int,
    kind: RequestKind,
    number: str,
    received_on: date,
    due_on: date,
    note: str,
    by: str,
    now: datetime,
) -> int:
    """Note a request; its id."""
    made = connection.execute(
        insert(privacy_request)
        .values(
            controller_id=controller_id,
            kind=kind.value,
            number=number,
            received_on=received_on,
            due_on=due_on,
            note=note,
            opened_at=now,
            opened_by=by,
        )
        .returning(privacy_request.c.id)
    )
    return int(made.scalar_one())


def one(
    connection: Connection, controller_id: int, request_id: int, *, held: bool = False
) -> dict[str, Any]:
    """One request; held until the transaction ends where it is to be changed.

    Raises:
        NotFound: there is none of that id for this controller.
    """
    asked = select(privacy_request).where(
        privacy_request.c.id == request_id, privacy_request.c.controller_id == controller_id
    )
    found = connection.execute(asked.with_for_update() if held else asked).mappings().first()
    if found is None:
        raise NotFound(f"There is no request {request_id}.")
    return dict(found)


def of_controller(
    connection: Connection, controller_id: int, *, closed: bool = False
) -> list[dict[str, Any]]:
    """Open requests of a controller, the one that is due first at the top; all where asked."""
    asked = select(privacy_request).where(privacy_request.c.controller_id == controller_id)
    if not closed:
        asked = asked.where(privacy_request.c.closed_at.is_(null()))
    rows = connection.execute(asked.order_by(privacy_request.c.due_on, privacy_request.c.id))
    return [dict(row) for row in rows.mappings()]


def page(
    connection: Connection,
    controller_id: int,
    after: int,
    count: int,
    *,
    kind: RequestKind | None = None,
    is_open: bool | None = None,
) -> list[dict[str, Any]]:
    """Requests of a controller in order of id, from after a cursor; None asks for any."""
    asked = select(privacy_request).where(
        privacy_request.c.controller_id == controller_id, privacy_request.c.id > after
    )
    if kind is not None:
        asked = asked.where(privacy_request.c.kind == kind.value)
    if is_open is not None:
        closed = privacy_request.c.closed_at
        asked = asked.where(closed.is_(null()) if is_open else closed.is_not(null()))
    rows = connection.execute(asked.order_by(privacy_request.c.id).limit(count))
    return [dict(row) for row in rows.mappings()]


def of_number(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """Everything that a person asked of a controller, the oldest first."""
    kept = kept_as([number], suppression_keys.in_use(connection.engine))
    rows = connection.execute(
        select(privacy_request)
        .where(
            privacy_request.c.controller_id == controller_id,
            privacy_request.c.number.in_(list(kept)),
        )
        .order_by(privacy_request.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def due_by(connection: Connection, day: date) -> list[dict[str, Any]]:
    """Open requests of every controller that are due by a day."""
    rows = connection.execute(
        select(privacy_request)
        .where(privacy_request.c.closed_at.is_(null()), privacy_request.c.due_on <= day)
        .order_by(privacy_request.c.due_on, privacy_request.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def close(connection: Connection, request_id: int, answer: str, by: str, now: datetime) -> None:
    """Note that a request was answered, and how."""
    connection.execute(
        update(privacy_request)
        .where(privacy_request.c.id == request_id)
        .values(closed_at=now, closed_by=by, answer=answer)
    )


def closed_before(connection: Connection, before: datetime, count: int) -> dict[int, str]:
    """Numbers by id of some requests that were closed long ago and still have their number."""
    rows = connection.execute(
        select(privacy_request.c.id, privacy_request.c.number)
        .where(privacy_request.c.closed_at < before, is_number(privacy_request.c.number))
        .order_by(privacy_request.c.id)
        .limit(count)
    )
    return {row.id: row.number for row in rows}


def hide(connection: Connection, digests: Mapping[int, str]) -> None:
    """Keep requests, by id, under digests of their numbers and without what was noted of them."""
    for request_id, digest in digests.items():
        connection.execute(
            update(privacy_request)
            .where(privacy_request.c.id == request_id)
            .values(number=digest, note="")
        )


def answer_erasures(
    connection: Connection, controller_id: int, number: str, by: str, now: datetime
) -> None:
    """Note of a person's open requests for erasure that they are fulfilled."""
    connection.execute(
        update(privacy_request)
        .where(
            privacy_request.c.controller_id == controller_id,
            privacy_request.c.number == number,
            privacy_request.c.kind == RequestKind.ERASURE.value,
            privacy_request.c.closed_at.is_(null()),
        )
        .values(closed_at=now, closed_by=by, answer="erased")
    )
