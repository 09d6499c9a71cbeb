"""The pages over what people ask for: their requests, each with its month, and receipts."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.forms import Filled, checked, faults_of, text_of
from api.dashboard.pages import chosen, page
from api.language import LANGUAGES
from api.needs import needs
from api.receipt.file import FORMS, file_of
from api.schemas import Id
from campaigns.access import Permission
from campaigns.contacts.request import WARN_DAYS, RequestKind
from campaigns.errors import InvalidInput
from operations.receipt import issue
from operations.receipt_links import of_request, release
from operations.requests import LONGEST_TEXT, close_request, listed, open_request, shown
from store import requests as kept
from store.engine import reading

router = APIRouter(include_in_schema=False)


@router.get("/requests")
@needs(Permission.PRIVACY)
def requests(request: Request, workspace: In, caller: Asking) -> Response:
    """Open ones first, the most urgent on top, and the form for a receipt."""
    return _page(request, workspace, caller)


@router.post("/requests", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def open_one(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Note what a person asked for."""
    try:
        open_request(
            workspace, caller.controller_id, _kind(text_of(form, "kind")),
            text_of(form, "number"), by=caller.name,
            received_on=_day(text_of(form, "received_on")), note=text_of(form, "note"),
        )  # fmt: skip
    except InvalidInput as error:
        names = {one: one for one in ("received_on", "note", "kind")}
        faults = faults_of(error, chosen(request), {error.field: "number"} | names)
        return _page(request, workspace, caller, 422, faults=faults, given=dict(form))
    return RedirectResponse("/requests", 303)


@router.get("/requests/{request_id}")
@needs(Permission.PRIVACY)
def one(request: Request, request_id: Id, workspace: In, caller: Asking) -> Response:
    """One request, and how it is answered."""
    return _one(request, request_id, workspace, caller)


@router.post("/requests/{request_id}", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def close(
    request: Request, request_id: Id, workspace: In, caller: Asking, form: Filled
) -> Response:
    """Note that the person was answered, and how."""
    try:
        close_request(
            workspace, caller.controller_id, request_id, text_of(form, "answer"), caller.name
        )
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {})
        return _one(request, request_id, workspace, caller, 422, faults)
    return RedirectResponse("/requests", 303)


@router.post("/requests/{request_id}/release", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def release_one(
    request: Request, request_id: Id, workspace: In, caller: Asking, form: Filled
) -> Response:
    """Let the page of whoever asked give the receipt out, by the digits that they read out."""
    try:
        release(workspace, caller.controller_id, request_id, text_of(form, "word"), caller.name)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {})
        return _one(request, request_id, workspace, caller, 422, faults)
    return RedirectResponse(f"/requests/{request_id}", 303)


@router.post("/receipts", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def receipt(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Everything that is held of a number, as a file for the person whose it is."""
    shape, tongue = text_of(form, "shape"), text_of(form, "language")
    shape = shape if shape in FORMS else FORMS[0]
    try:
        found = issue(workspace, caller.controller_id, text_of(form, "of"), caller.name, shape)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "of"})
        return _page(request, workspace, caller, 422, faults=faults, given=dict(form))
    return file_of(found, shape, tongue if tongue in LANGUAGES else LANGUAGES[0])


def _page(
    request: Request, workspace: In, caller: Caller, status: int = 200, **values: Any
) -> Response:
    found, said = listed(workspace, caller.controller_id, closed=True), chosen(request)
    shown: dict[str, Any] = {
        "open": [one for one in found if one["closed_at"] is None],
        "closed": [one for one in found if one["closed_at"] is not None],
        "soon": WARN_DAYS,
        "kinds_choice": [(one.value, said.word("request", one.value), "") for one in RequestKind],
        "longest": LONGEST_TEXT,
        "faults": {},
        "given": {},
    }
    return page(request, "requests.html", status, **{**shown, **values})


def _one(
    request: Request,
    request_id: int,
    workspace: In,
    caller: Caller,
    status: int = 200,
    faults: dict[str, str] | None = None,
) -> Response:
    with reading(workspace.engine) as connection:
        found = shown(kept.one(connection, caller.controller_id, request_id))
    standing = of_request(workspace, caller.controller_id, request_id)
    return page(
        request, "request.html", status, asked=found, faults=faults or {}, soon=WARN_DAYS,
        standing=standing,
    )  # fmt: skip


def _kind(text: str) -> RequestKind:
    try:
        return RequestKind(text)
    except ValueError:
        raise InvalidInput("kind", "it is none of the rights.", "Choose one of them.") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("received_on", "it is no day.", "Write it as 2026-12-31.") from None
