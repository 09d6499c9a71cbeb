"""Requests of the people called: access, erasure, objection, each with its month to be answered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from campaigns.contacts.phone import masked, parse
from campaigns.contacts.request import WARN_DAYS, RequestKind, due_on
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.suppression_key import known_number
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.rules.holidays import HolidaySet, is_holiday
from campaigns.rules.windows import zone
from operations.workspace import Workspace
from store import audit, requests, suppressions
from store.engine import reading, writing

_ZONE = "Europe/Paris"
LONGEST_TEXT = 500


def today() -> date:
    """The day it is in Paris, by which requests are counted."""
    return datetime.now(zone(_ZONE)).date()


def last_day(received_on: date) -> date:
    """Until when a request received that day must be answered, by French public holidays."""
    return due_on(received_on, lambda day: is_holiday({HolidaySet.L3133_1}, _ZONE, day))


def open_request(
    workspace: Workspace,
    controller_id: int,
    kind: RequestKind,
    text: str,
    *,
    by: str,
    received_on: date | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Note what a person asked for; an objection is in force at once.

    Args:
        workspace: where.
        controller_id: of whom it is asked.
        kind: which right.
        text: the person's number, written in any French way.
        by: who notes it.
        received_on: the day it came in; today where absent.
        note: how it came, in a few words.

    Returns:
        The request, as `store.requests.one` has it.

    Raises:
        InvalidNumber: it is no number that could be called.
        InvalidInput: the day is to come, or the note is too long.
    """
    number, day, now = parse(text).e164, received_on or today(), datetime.now(UTC)
    if day > today():
        raise InvalidInput("received_on", "that day is to come.", "Give the day it came in.")
    _check_length("note", note)
    with writing(workspace.engine) as connection:
        request_id = requests.add(
            connection, controller_id, kind, number, day, last_day(day), note, by, now
        )
        if kind is RequestKind.OBJECTION:
            suppressions.add(connection, [_objection(number, controller_id, request_id, now)])
        detail = {"kind": kind.value, "number": masked(number), "received_on": str(day)}
        subject = f"request {request_id}"
        audit.record(connection, now, by, "request.open", subject, controller_id, detail)
        return requests.one(connection, controller_id, request_id)


def _objection(number: str, controller_id: int, request_id: int, now: datetime) -> Suppression:
    return Suppression(
        number=number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=controller_id,
        reason=SuppressionReason.OBJECTION,
        source=f"request {request_id}",
        created_at=now,
    )


def listed(
    workspace: Workspace, controller_id: int, *, closed: bool = False
) -> list[dict[str, Any]]:
    """Open requests of a controller, the most urgent first, and closed ones where asked.

    Each has `days_left` until its last day, below 0 where that is over; the number of a person who
    was erased is empty.
    """
    with reading(workspace.engine) as connection:
        rows = requests.of_controller(connection, controller_id, closed=closed)
    return [shown(row) for row in rows]


def near(engine: Engine) -> list[dict[str, Any]]:
    """Open requests of every controller that are due within a week, or were."""
    with reading(engine) as connection:
        rows = requests.due_by(connection, today() + timedelta(days=WARN_DAYS))
    return [shown(row) for row in rows]


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A request as people see it: without a digest, and with how much time is left."""
    number = known_number(row["number"])
    return {**row, "number": number, "days_left": (row["due_on"] - today()).days}


def close_request(
    workspace: Workspace, controller_id: int, request_id: int, answer: str, by: str
) -> None:
    """Note that the person was answered, and how.

    Raises:
        NotFound: the controller has no such request.
        NotAllowed: it was closed before; an erasure is closed by erasing.
        InvalidInput: nothing says how it was answered.
    """
    if not answer.strip():
        raise InvalidInput("answer", "it says nothing.", "Say in a few words what was answered.")
    _check_length("answer", answer)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = requests.one(connection, controller_id, request_id, held=True)
        if row["closed_at"] is not None:
            raise NotAllowed(f"Request {request_id} was closed before, by {row['closed_by']}.")
        note_answer(connection, row, answer.strip(), by, now)


def note_answer(
    connection: Connection, row: dict[str, Any], answer: str, by: str, now: datetime
) -> None:
    """Close a request that is held and open, in the caller's transaction."""
    requests.close(connection, row["id"], answer, by, now)
    detail = {"kind": row["kind"], "in_time": now.date() <= row["due_on"]}
    subject = f"request {row['id']}"
    audit.record(connection, now, by, "request.close", subject, row["controller_id"], detail)


def _check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(field, f"it is longer than {LONGEST_TEXT} characters.", "Shorten it.")
