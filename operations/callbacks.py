"""Carrying out what people say who call the number they were shown.

Each act is kept and carried out in one transaction, so that a line of the PBX's that is read twice
does nothing twice, and a refusal that a person lifted afterwards is not revived by it.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from campaigns.callback import CallerAct, Said, forms
from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import masked, parse
from campaigns.contacts.request import RequestKind
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from operations.consent_form import locked
from operations.receipt_links import prove
from operations.requests import last_day
from operations.submissions import agree_by_phone
from store import audit, callbacks, consent_forms, outbox, requests, suppressions
from store.engine import writing

BY = "callback line"

_DAYS_OF = ZoneInfo("Europe/Paris")


def carry_out(engine: Engine, said: Said) -> bool:
    """Carry out one act; False where there is nothing to do, or it was done before.

    Raises:
        StoreUnavailable: it could not be kept; ask again.
    """
    with writing(engine) as connection:
        line = _line(connection, said.called)
        if line is None:
            return False
        number = _number(said.caller)
        if not callbacks.keep(connection, said, line["number"], line["controller_id"], number):
            return False
        if number:
            _act(connection, said, line, number)
        return bool(number)


def _line(connection: Connection, called: str) -> dict[str, Any] | None:
    for line in callbacks.lines(connection):
        if called in forms(line["number"]):
            return line
    return None


def _number(caller: str) -> str:
    """E.164 of whom it is about; empty where nobody can tell."""
    try:
        return parse(caller).e164
    except InvalidNumber:
        return ""


def _act(connection: Connection, said: Said, line: dict[str, Any], number: str) -> None:
    match said.act:
        case CallerAct.OPTOUT:
            _refuse(connection, said, line, number)
        case CallerAct.ACCESS:
            _ask(connection, said, line, number)
        case CallerAct.CODE:
            _ask_with_code(connection, said, line, number)
        case CallerAct.CONSENT:
            _agree(connection, said, line, number)
        case CallerAct.CALL:
            pass


def _refuse(connection: Connection, said: Said, line: dict[str, Any], number: str) -> None:
    """Everything of the controller's stops for this number."""
    refusal = Suppression(
        number=number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=line["controller_id"],
        reason=SuppressionReason.CALLBACK,
        source=f"call to {line['number']}",
        created_at=said.at,
    )
    new = suppressions.add(connection, [refusal]) == 1
    told = {"reason": refusal.reason.value, "line": line["number"]}
    outbox.note_opt_out(
        connection, line["controller_id"], number, f"callback {said.call_id}", said.at, told
    )  # fmt: skip
    _record(connection, said, line, "suppression.add", number, {"new": new})


def _ask(connection: Connection, said: Said, line: dict[str, Any], number: str) -> None:
    """A request for access, which a person answers within a month."""
    made = _opened(connection, said, line, number)
    _record(connection, said, line, "request.open", number, {"request": made})


def _ask_with_code(connection: Connection, said: Said, line: dict[str, Any], number: str) -> None:
    """The same, on which the page that showed the code waits; one too old is a request as well."""
    made = _opened(connection, said, line, number)
    request = requests.one(connection, line["controller_id"], made)
    detail = {"request": made, "page": prove(connection, said, number, request)}
    _record(connection, said, line, "request.open", number, detail)


def _opened(connection: Connection, said: Said, line: dict[str, Any], number: str) -> int:
    day = said.at.astimezone(_DAYS_OF).date()
    return requests.add(
        connection, line["controller_id"], RequestKind.ACCESS, number, day, last_day(day),
        f"by a call to {line['number']}", BY, said.at,
    )  # fmt: skip


def _agree(connection: Connection, said: Said, line: dict[str, Any], number: str) -> None:
    """Only by the number that the network names: what is keyed in is anybody's."""
    slug = consent_forms.slug_of(connection, line["form_id"])
    if said.keyed or slug is None:
        return
    form = locked(connection, slug)
    agree_by_phone(connection, form, parse(number), line["language"], line["number"], said.at)


def _record(
    connection: Connection,
    said: Said,
    line: dict[str, Any],
    act: str,
    number: str,
    detail: dict[str, Any],
) -> None:
    about = {**detail, "line": line["number"], "call": said.call_id, "keyed": said.keyed}
    now = datetime.now(UTC)
    audit.record(connection, now, BY, act, masked(number), line["controller_id"], about)
