"""The public pages for the people called: who calls, to be called no more, to ask for a receipt.

Nobody signs in here and nothing is remembered of a visit (`api.public`). What leads to a receipt is
an address that nobody can guess; whoever has it is whoever asked (`operations.receipt_links`).
"""

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import public
from api.caller import In
from api.language import LANGUAGES
from api.public import LONGEST, Typed, evenly, language_of, may, on
from api.receipt.file import FORMS, file_of
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations import public_pages, receipt_links
from operations.public_pages import PublicPage
from operations.workspace import Workspace

router = APIRouter(include_in_schema=False)

_UNLISTED = "noindex, nofollow"
"""What search engines are told: who looks for a controller asks here, not there."""


@router.get("/people")
def every(request: Request, workspace: In) -> Response:
    """Controllers that have a page, by name."""
    return _page(request, "people.html", pages=public_pages.published(workspace))


@router.get("/people/{slug}")
def one(request: Request, workspace: In, slug: str) -> Response:
    """Who calls, what for, from which numbers, and what one can do."""
    found = _found(workspace, slug)
    return _shown(request, found) if found else _nowhere(request)


@router.get("/people/{slug}/refuse")
def ask_refusal(request: Request, workspace: In, slug: str) -> Response:
    """Ask which number is not to be called."""
    found = _found(workspace, slug)
    return _ask_refusal(request, found) if found else _nowhere(request)


@router.post("/people/{slug}/refuse")
async def refuse(request: Request, workspace: In, slug: str, number: Typed = "") -> Response:
    """Call a number no more, from now on."""
    return await evenly(partial(_refuse, request, workspace, slug, number[:LONGEST]))


@router.get("/people/{slug}/refused")
def refused(request: Request, workspace: In, slug: str) -> Response:
    """Say that it is in force."""
    found = _found(workspace, slug)
    return _told(request, found, "refused") if found else _nowhere(request)


@router.get("/people/{slug}/receipt")
def ask_receipt(request: Request, slug: str) -> Response:
    """Lead to the page, where it is asked for: this address is only sent to."""
    return on(request, f"/people/{slug}")


@router.post("/people/{slug}/receipt")
def make_link(request: Request, workspace: In, slug: str) -> Response:
    """Give whoever asks a page of their own, with a code to be keyed."""
    found = _found(workspace, slug)
    if found is None:
        return _nowhere(request)
    if not may(request, request.app.state.visits.codes):
        return _told(request, found, "busy", 429)
    secret = receipt_links.make(workspace, found.controller_id)
    return on(request, f"/people/{slug}/receipt/{secret}")


@router.get("/people/{slug}/receipt/{secret}")
def link(request: Request, workspace: In, slug: str, secret: str) -> Response:
    """How the request stands of whoever has this address."""
    return _link(request, workspace, slug, secret)


@router.post("/people/{slug}/receipt/{secret}")
def give_out(
    request: Request,
    workspace: In,
    slug: str,
    secret: str,
    shape: Typed = "",
    tongue: Typed = "",
) -> Response:
    """The receipt as a file, once it is released; not by a plain link, which programs follow."""
    if not may(request, request.app.state.visits.receipts):
        return _link(request, workspace, slug, secret, 429)
    shape = shape if shape in FORMS else FORMS[0]
    try:
        found = receipt_links.receipt_of(workspace, slug, secret, shape)
    except (NotFound, NotAllowed):
        return _link(request, workspace, slug, secret, 404)
    made = file_of(found, shape, tongue if tongue in LANGUAGES else language_of(request).code)
    made.headers["X-Robots-Tag"] = _UNLISTED
    return made


def _refuse(request: Request, workspace: Workspace, slug: str, number: str) -> Response:
    found = _found(workspace, slug)
    if found is None:
        return _nowhere(request)
    if not may(request, request.app.state.visits.withdrawals):
        return _told(request, found, "busy", 429)
    try:
        public_pages.refuse(workspace, slug, number)
    except InvalidInput as error:
        return _ask_refusal(request, found, number, [error])
    return on(request, f"/people/{slug}/refused")


def _found(workspace: Workspace, slug: str) -> PublicPage | None:
    try:
        return public_pages.at(workspace, slug)
    except NotFound:
        return None


def _shown(request: Request, found: PublicPage) -> Response:
    # The address without what is sent to it, for the link to the other language.
    return _page(
        request, "people_page.html", controller=found.controller, here=f"/people/{found.slug}",
        about=found, number="", faults=[],
    )  # fmt: skip


def _ask_refusal(
    request: Request, found: PublicPage, number: str = "", faults: list[InvalidInput] | None = None
) -> Response:
    return _page(
        request, "withdraw.html", 422 if faults else 200, controller=found.controller,
        action=f"/people/{found.slug}/refuse", number=number, faults=faults or [],
    )  # fmt: skip


def _link(
    request: Request, workspace: Workspace, slug: str, secret: str, status: int = 200
) -> Response:
    try:
        found = receipt_links.seen(workspace, slug, secret)
    except NotFound:
        return _nowhere(request)
    about = _found(workspace, slug)
    return _page(
        request, "people_receipt.html", status, controller=found.controller, link=found, slug=slug,
        answered=about.answered if about else (), published=about is not None,
        too_many=status == 429,
    )  # fmt: skip


def _told(request: Request, found: PublicPage, what: str, status: int = 200) -> Response:
    return _page(
        request, "people_told.html", status, controller=found.controller, what=what,
        slug=found.slug, here=f"/people/{found.slug}" if status == 429 else "",
    )  # fmt: skip


def _nowhere(request: Request) -> Response:
    return _page(request, "people_told.html", 404, what="nowhere", here="/people")


def _page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    made = public.page(request, template, status, **values)
    made.headers["X-Robots-Tag"] = _UNLISTED
    return made
