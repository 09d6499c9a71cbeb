"""What people do on consent forms: agreeing, and withdrawing.

Nobody proves there whose number they type. So a number that was refused before, by a key, a request
or a withdrawal, stays suppressed whatever is typed: the agreement is recorded, and calls begin only
once a named person lifts the refusal. The same holds of agreeing by calling the line (`callbacks`),
as a number that is shown can be another's. A withdrawal
is in force at once, as it must be as easy as agreeing (GDPR art. 7.3). No answer tells whether a
number is known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from campaigns.contacts.basis import Evidence
from campaigns.contacts.phone import Number, parse
from campaigns.contacts.slot import read_slot
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.terms import UNSAID, Terms
from campaigns.errors import InvalidInput, NotAllowed
from operations.consent_form import ConsentForm, Wording, locked
from operations.contact_rows import term_values, zones_text
from store import audit, outbox, submissions, suppressions
from store.engine import writing
from store.submissions import ConsentAct

_NO_CAMPAIGN = 0
_DAYS_OF = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody sends to agree.

    Attributes:
        number: as they typed it.
        agreed: they ticked the box.
        wording: id of the text that was shown to them, such as `fr-2`.
        slot: the hours they chose, as kept; empty where they chose none.
    """

    number: str
    agreed: bool
    wording: str
    slot: str = ""


def faults(form: ConsentForm, given: Agreement) -> list[InvalidInput]:
    """Everything that is wrong with what somebody sends, in the order of the page."""
    checks = (
        lambda: parse(given.number),
        lambda: _check_slot(form, given),
        lambda: _check_agreed(form, given),
    )
    return [fault for check in checks for fault in _faults_of(check)]


def agree(engine: Engine, slug: str, given: Agreement) -> None:
    """Record an agreement, and put the number into the form's list; the same twice does nothing.

    Raises:
        NotFound: there is no such form.
        NotAllowed: it is closed.
        InvalidInput: the first of what `faults` finds.
    """
    now = datetime.now(UTC)
    with writing(engine) as connection:
        form = locked(connection, slug)
        if form.closed_at is not None:
            raise NotAllowed("This form is closed.")
        _check_slot(form, given)
        _check_agreed(form, given)
        number, wording = parse(given.number), form.shown(given.wording)
        source = f"consent form «{form.name}», /consent/{form.slug}"
        slot = given.slot if form.slots else ""
        _agree(connection, form, number, wording, slot, source, now)


def agree_by_phone(
    connection: Connection,
    form: ConsentForm,
    number: Number,
    language: str,
    line: str,
    at: datetime,
) -> bool:
    """Record that somebody who called a line agreed to the text that it speaks.

    Args:
        connection: a transaction that writes, with the form locked.
        form: whose text it is.
        number: as the network named it.
        language: of the line.
        line: the number that was called, for the record.
        at: when.

    Returns:
        False where the form is closed, so that nothing was done.
    """
    if form.closed_at is not None:
        return False
    _agree(connection, form, number, form.wording(language), "", f"call to {line}", at)
    return True


def agree_by_key(
    connection: Connection,
    form: ConsentForm,
    wording_id: int,
    number: Number,
    source: str,
    at: datetime,
) -> bool:
    """Record that somebody who was called agreed, with a key, to the text that was spoken.

    Args:
        connection: a transaction that writes, with the form locked.
        form: whose text it is.
        wording_id: in the version that was recorded, whatever the form shows by now.
        number: who was called.
        source: in which call, for the record.
        at: when.

    Returns:
        False where the form is closed, so that nothing was done.
    """
    if form.closed_at is not None:
        return False
    wording = next(one for one in form.wordings if one.id == wording_id)
    _agree(connection, form, number, wording, "", source, at)
    return True


def withdraw(engine: Engine, slug: str, number: str, language: str) -> None:
    """Withdraw at once: this controller calls the number no more. Twice does nothing.

    Also on a form that is closed, and for a number that nobody knows.

    Args:
        engine: the store.
        slug: on which form.
        number: as they typed it.
        language: of the page.

    Raises:
        NotFound: there is no such form.
        InvalidNumber: it is no number that could be called.
    """
    now = datetime.now(UTC)
    e164 = parse(number).e164
    with writing(engine) as connection:
        form = locked(connection, slug)
        new = suppressions.add(connection, [_suppression(form, e164, now)]) == 1
        submissions.withdraw(connection, form.list_id, e164, _day(now))
        last = submissions.last(connection, form.id, e164)
        if new or last is None or last["act"] != ConsentAct.WITHDRAW:
            kept = _keep(connection, form, ConsentAct.WITHDRAW, now, number=e164, language=language,
                suppressed=True)  # fmt: skip
            told = {"reason": SuppressionReason.FORM.value, "form": form.slug}
            outbox.note_opt_out(
                connection, form.controller_id, e164, f"submission {kept}", now, told
            )  # fmt: skip


def _faults_of(check: Callable[[], object]) -> Iterator[InvalidInput]:
    try:
        check()
    except InvalidInput as error:
        yield error


def _check_slot(form: ConsentForm, given: Agreement) -> None:
    if form.slots and given.slot not in map(str, form.slots):
        raise InvalidInput("slot", "No hours are chosen.", "Choose when you can be called.")


def _check_agreed(form: ConsentForm, given: Agreement) -> None:
    form.shown(given.wording)
    if not given.agreed:
        raise InvalidInput("agreed", "The box is not ticked.", "Tick it if you agree to be called.")


def _agree(
    connection: Connection,
    form: ConsentForm,
    number: Number,
    wording: Wording,
    slot: str,
    source: str,
    now: datetime,
) -> None:
    last = submissions.last(connection, form.id, number.e164)
    said = (ConsentAct.AGREE, wording.id, slot or None)
    if last is not None and (last["act"], last["wording_id"], last["slot"]) == said:
        return
    submissions.enter(
        connection, form.list_id, number.e164, _contact(number, wording, slot, source, now)
    )
    refused = suppressions.in_force(
        connection, [number.e164], form.controller_id, _NO_CAMPAIGN, now
    )
    _keep(
        connection, form, ConsentAct.AGREE, now, number=number.e164, language=wording.language,
        wording_id=wording.id, sha256=wording.sha256, slot=slot or None, suppressed=bool(refused),
    )  # fmt: skip


def _contact(
    number: Number, wording: Wording, slot: str, source: str, now: datetime
) -> dict[str, Any]:
    """A contact whose own row proves its consent."""
    return {
        "kind": number.kind.value,
        "zones": zones_text(number.zones),
        "fictional": number.fictional,
        "evidence": Evidence.ROW.value,
        "consented_on": _day(now),
        "consent_source": source,
        "wording_id": wording.key,
        **term_values(Terms(read_slot(slot)) if slot else UNSAID),
    }


def _keep(
    connection: Connection, form: ConsentForm, act: ConsentAct, now: datetime, **values: Any
) -> int:
    """The proof, and its trace in the audit, which names no number; its id."""
    purposes = list(form.purposes)
    kept = submissions.add(
        connection, form_id=form.id, act=act.value, at=now, purposes=purposes, **values
    )
    detail = {"submission": kept, "purposes": purposes, **values}
    del detail["number"]
    audit.record(
        connection, now, f"consent form {form.slug}", f"consent.{act.value}",
        f"consent form {form.id}", form.controller_id, detail,
    )  # fmt: skip
    return kept


def _suppression(form: ConsentForm, number: str, now: datetime) -> Suppression:
    return Suppression(
        number=number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=form.controller_id,
        reason=SuppressionReason.FORM,
        source=f"consent form /consent/{form.slug}",
        created_at=now,
    )


def _day(now: datetime) -> date:
    return now.astimezone(_DAYS_OF).date()
