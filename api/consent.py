"""The public pages on which people agree to be called by a controller, or withdraw.

Open to all, in French and English, without a script, a cookie or anything from elsewhere. Whatever
a number is, known, refused before or new, the answer is the same.
"""

from functools import partial
from typing import Any

from babel import dates
from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import public
from api.caller import In
from api.language import Language
from api.public import LONGEST, Typed, evenly, language_of, may, on
from campaigns.contacts.slot import Slot
from campaigns.errors import InvalidInput, NotFound
from operations import consent_form, submissions
from operations.consent_form import ConsentForm
from operations.submissions import Agreement
from operations.workspace import Workspace

router = APIRouter(include_in_schema=False)


@router.get("/consent/{slug}")
def ask(request: Request, workspace: In, slug: str) -> Response:
    """Ask whether somebody agrees."""
    form = _form(workspace, slug)
    if form is None:
        return _told(request, "nowhere", 404)
    if form.closed_at is not None:
        return _told(request, "closed", 410, form)
    return _asked(request, form)


@router.post("/consent/{slug}")
async def agree(
    request: Request,
    workspace: In,
    slug: str,
    number: Typed = "",
    slot: Typed = "",
    agreed: Typed = "",
    wording: Typed = "",
) -> Response:
    """Record that somebody agrees."""
    given = Agreement(number[:LONGEST], bool(agreed), wording[:LONGEST], slot[:LONGEST])
    return await evenly(partial(_agree, request, workspace, slug, given))


@router.get("/consent/{slug}/agreed")
def agreed(request: Request, workspace: In, slug: str) -> Response:
    """Say that it is recorded."""
    form = _form(workspace, slug)
    return _told(request, "agreed", 200, form) if form else _told(request, "nowhere", 404)


@router.get("/consent/{slug}/withdraw")
def ask_withdrawal(request: Request, workspace: In, slug: str) -> Response:
    """Ask which number is not to be called."""
    form = _form(workspace, slug)
    if form is None:
        return _told(request, "nowhere", 404)
    return _ask_withdrawal(request, form)


@router.post("/consent/{slug}/withdraw")
async def withdraw(request: Request, workspace: In, slug: str, number: Typed = "") -> Response:
    """Call a number no more, from now on."""
    return await evenly(partial(_withdraw, request, workspace, slug, number[:LONGEST]))


@router.get("/consent/{slug}/withdrawn")
def withdrawn(request: Request, workspace: In, slug: str) -> Response:
    """Say that it is in force."""
    form = _form(workspace, slug)
    return _told(request, "withdrawn", 200, form) if form else _told(request, "nowhere", 404)


def _agree(request: Request, workspace: Workspace, slug: str, given: Agreement) -> Response:
    form = _form(workspace, slug)
    if form is None or form.closed_at is not None:
        return ask(request, workspace, slug)
    if not may(request, request.app.state.visits.agreements):
        return _told(request, "busy", 429, form)
    faults = submissions.faults(form, given)
    if faults:
        return _asked(request, form, given, faults)
    submissions.agree(workspace.engine, slug, given)
    return on(request, f"/consent/{slug}/agreed")


def _withdraw(request: Request, workspace: Workspace, slug: str, number: str) -> Response:
    form = _form(workspace, slug)
    if form is None:
        return _told(request, "nowhere", 404)
    if not may(request, request.app.state.visits.withdrawals):
        return _told(request, "busy", 429, form)
    try:
        submissions.withdraw(workspace.engine, slug, number, language_of(request).code)
    except InvalidInput as error:
        return _ask_withdrawal(request, form, number, [error])
    return on(request, f"/consent/{slug}/withdrawn")


def hours_in_words(slot: Slot, language: Language) -> str:
    """`lundi–vendredi 18:00–20:00`; hours alone where they are those of every day."""
    names = dates.get_day_names("wide", locale=language.code)
    return slot.written([names[day] for day in range(7)], "–")


def _form(workspace: Workspace, slug: str) -> ConsentForm | None:
    try:
        return consent_form.at(workspace.engine, slug)
    except NotFound:
        return None


def _asked(
    request: Request,
    form: ConsentForm,
    given: Agreement | None = None,
    faults: list[InvalidInput] | None = None,
) -> Response:
    language = language_of(request)
    return _page(
        request, "consent.html", 422 if faults else 200, form,
        wording=form.wording(language.code), given=given or Agreement("", False, ""),
        slots=[(str(one), hours_in_words(one, language)) for one in form.slots],
        faults=faults or [],
    )  # fmt: skip


def _told(request: Request, what: str, status: int, form: ConsentForm | None = None) -> Response:
    return _page(request, "consent_told.html", status, form, what=what)


def _page(
    request: Request, template: str, status: int, form: ConsentForm | None, **values: Any
) -> Response:
    controller = form.controller if form else ""
    return public.page(request, template, status, controller=controller, form=form, **values)


def _ask_withdrawal(
    request: Request, form: ConsentForm, number: str = "", faults: list[InvalidInput] | None = None
) -> Response:
    return public.page(
        request, "withdraw.html", 422 if faults else 200, controller=form.controller,
        action=f"/consent/{form.slug}/withdraw", number=number, faults=faults or [],
    )  # fmt: skip
