"""The public pages on which people agree to be called by a controller, or withdraw.

Open to all, in French and English, without a script, a cookie or anything from elsewhere. Whatever
a number is, known, refused before or new, the answer is the same.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Annotated, Any

from babel import dates
from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.caller import In
from api.dashboard.pages import render
from api.language import LANGUAGES, Language, choose
from api.visits import SECONDS, Allowance
from campaigns.contacts.slot import Slot
from campaigns.errors import InvalidInput, NotFound
from operations import consent_form, submissions
from operations.consent_form import ConsentForm
from operations.submissions import Agreement
from operations.workspace import Workspace

router = APIRouter(include_in_schema=False)

LEAST_S = 0.25
"""What an answer to something sent takes at least."""

_LONGEST = 200
"""Signs of anything that is typed or chosen here and makes sense."""

Typed = Annotated[str, Form()]


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
    given = Agreement(number[:_LONGEST], bool(agreed), wording[:_LONGEST], slot[:_LONGEST])
    return await _evenly(partial(_agree, request, workspace, slug, given))


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
    return _page(request, "withdraw.html", 200, form=form, number="", faults=[])


@router.post("/consent/{slug}/withdraw")
async def withdraw(request: Request, workspace: In, slug: str, number: Typed = "") -> Response:
    """Call a number no more, from now on."""
    return await _evenly(partial(_withdraw, request, workspace, slug, number[:_LONGEST]))


@router.get("/consent/{slug}/withdrawn")
def withdrawn(request: Request, workspace: In, slug: str) -> Response:
    """Say that it is in force."""
    form = _form(workspace, slug)
    return _told(request, "withdrawn", 200, form) if form else _told(request, "nowhere", 404)


async def _evenly(answer: Callable[[], Response]) -> Response:
    """Answer after `LEAST_S` at the earliest: how long it takes tells nothing of a number."""
    begun = monotonic()
    answered = await run_in_threadpool(answer)
    await asyncio.sleep(begun + LEAST_S - monotonic())
    return answered


def _agree(request: Request, workspace: Workspace, slug: str, given: Agreement) -> Response:
    form = _form(workspace, slug)
    if form is None or form.closed_at is not None:
        return ask(request, workspace, slug)
    if not _may(request, request.app.state.visits.agreements):
        return _told(request, "busy", 429, form)
    faults = submissions.faults(form, given)
    if faults:
        return _asked(request, form, given, faults)
    submissions.agree(workspace.engine, slug, given)
    return _on(request, f"/consent/{slug}/agreed")


def _withdraw(request: Request, workspace: Workspace, slug: str, number: str) -> Response:
    form = _form(workspace, slug)
    if form is None:
        return _told(request, "nowhere", 404)
    if not _may(request, request.app.state.visits.withdrawals):
        return _told(request, "busy", 429, form)
    try:
        submissions.withdraw(workspace.engine, slug, number, _language(request).code)
    except InvalidInput as error:
        return _page(request, "withdraw.html", 422, form=form, number=number, faults=[error])
    return _on(request, f"/consent/{slug}/withdrawn")


def hours_in_words(slot: Slot, language: Language) -> str:
    """`lundi–vendredi 18:00–20:00`; hours alone where they are those of every day."""
    names = dates.get_day_names("wide", locale=language.code)
    return slot.written([names[day] for day in range(7)], "–")


def _form(workspace: Workspace, slug: str) -> ConsentForm | None:
    try:
        return consent_form.at(workspace.engine, slug)
    except NotFound:
        return None


def _may(request: Request, allowance: Allowance) -> bool:
    return allowance.take(request.client.host if request.client else "")


def _on(request: Request, path: str) -> Response:
    return RedirectResponse(f"{path}?lang={_language(request).code}", 303)


def _language(request: Request) -> Language:
    """What was clicked, else what the browser prefers: nothing is remembered."""
    asked = request.query_params.get("lang")
    accepted = request.headers.get("accept-language", "")
    return choose(accepted, asked if asked in LANGUAGES else None)


def _asked(
    request: Request,
    form: ConsentForm,
    given: Agreement | None = None,
    faults: list[InvalidInput] | None = None,
) -> Response:
    language = _language(request)
    return _page(
        request, "consent.html", 422 if faults else 200, form=form,
        wording=form.wording(language.code), given=given or Agreement("", False, ""),
        slots=[(str(one), hours_in_words(one, language)) for one in form.slots],
        faults=faults or [],
    )  # fmt: skip


def _told(request: Request, what: str, status: int, form: ConsentForm | None = None) -> Response:
    response = _page(request, "consent_told.html", status, what=what, form=form)
    if status == 429:
        response.headers["Retry-After"] = str(SECONDS)
    return response


def _page(request: Request, template: str, status: int, **values: Any) -> HTMLResponse:
    language = _language(request)
    shown = {"path": request.url.path, "form_token": "", "stopped": None, **values}
    response = HTMLResponse(render(language, template, **shown), status)
    response.headers["Content-Language"] = language.code
    return response
