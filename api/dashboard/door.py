"""Signing in, with a password and a code or with an API key, and out."""

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from api import coming_back
from api.caller import COOKIE, Asking, Caller, In, form_token
from api.dashboard.forms import Sent, check, checked
from api.dashboard.pages import page
from api.needs import needs
from api.visits import network_of
from campaigns.access import Permission
from operations import drafts, sessions, set_up, sign_in
from operations.identity_provider import IdentityProvider
from operations.sign_in import SessionOver, TooMany
from operations.workspace import Workspace

router = APIRouter(include_in_schema=False)

_VISIT = "portevoix_visit"
"""Binds the sign-in form to the browser it was shown in, before there is a session."""

RETRY_S = 900
"""When to come again after too many failures: `store.sign_ins.WITHIN`."""

Typed = Annotated[str, Form(max_length=400)]


@router.get("/login")
def form(request: Request, workspace: In) -> Response:
    """Ask for address and password."""
    return sign_in_page(request, "login.html", due=set_up.is_due(workspace))


@router.post("/login")
async def sign_in_with_password(
    request: Request, workspace: In, sent: Sent, email: Typed = "", password: Typed = ""
) -> Response:
    """Open a session for a password; where there is a second factor, ask for its code."""
    check(request.cookies.get(_VISIT, ""), sent)
    try:
        begun = await run_in_threadpool(sign_in.begin, workspace, email, here(request))
    except TooMany as error:
        return busy(request, "login.html", error, email=email)
    await asyncio.sleep(begun.wait_s)
    opened = await run_in_threadpool(sign_in.by_password, workspace, begun, email, password)
    if opened is None:
        return sign_in_page(request, "login.html", 422, wrong=True, email=email)
    return enter(request, opened.token, "/login/code" if opened.awaits_code else "/welcome")


@router.get("/login/code")
def ask_code(request: Request, workspace: In) -> Response:
    """Ask for the code of the second factor."""
    token = request.cookies.get(COOKIE, "")
    if not sign_in.awaits_code(workspace, token):
        return RedirectResponse("/login", 303)
    return page(request, "login_code.html", visit_token=form_token(token), wrong=False, busy="")


@router.post("/login/code")
def sign_in_with_code(request: Request, workspace: In, sent: Sent, code: Typed = "") -> Response:
    """Open the session for a right code."""
    token = request.cookies.get(COOKIE, "")
    check(token, sent)
    shown = {"visit_token": form_token(token), "wrong": True, "busy": ""}
    try:
        opened = sign_in.by_code(workspace, token, code, here(request))
    except SessionOver:
        return RedirectResponse("/login", 303)
    except TooMany as error:
        return _later(page(request, "login_code.html", 429, **{**shown, "busy": str(error)}))
    if opened is None:
        return page(request, "login_code.html", 422, **shown)
    return enter(request, opened, "/welcome")


@router.get("/login/key")
def key_form(request: Request) -> Response:
    """Ask for an API key."""
    return sign_in_page(request, "login_key.html")


@router.post("/login/key")
def sign_in_with_key(request: Request, workspace: In, sent: Sent, key: Typed = "") -> Response:
    """Open a session for a key."""
    check(request.cookies.get(_VISIT, ""), sent)
    try:
        token = sign_in.by_key(workspace, key.strip(), here(request))
    except TooMany as error:
        return busy(request, "login_key.html", error)
    if token is None:
        return sign_in_page(request, "login_key.html", 422, wrong=True)
    return enter(request, token, "/welcome")


@router.get("/welcome")
@needs()
def welcome(request: Request, workspace: In, caller: Asking) -> Response:
    """To the draft that was being filled in; else to the first page one may see."""
    response = RedirectResponse(_first_page(request, workspace, caller), 303)
    coming_back.forget(response)
    return response


def _first_page(request: Request, workspace: Workspace, caller: Caller) -> str:
    may_fill = caller.may(Permission.CAMPAIGNS_WRITE)
    draft_id = coming_back.draft_of(request) if may_fill else None
    if draft_id is not None and drafts.is_there(workspace, caller.controller_id, draft_id):
        return f"/campaigns/new/{draft_id}"
    if caller.may(Permission.CAMPAIGNS_READ):
        return "/"
    return "/users" if caller.may(Permission.INSTALLATION) else "/account"


@router.post("/logout", dependencies=[Depends(checked)])
@needs()
def sign_out(workspace: In, caller: Asking) -> Response:
    """End the session."""
    sessions.close(workspace, caller.token, caller.name, caller.controller_id or None)
    return leave()


def enter(request: Request, token: str, where: str) -> Response:
    """Give the browser its session, and send it on."""
    return hand_over(request, RedirectResponse(where, 303), token)


def hand_over(request: Request, response: Response, token: str) -> Response:
    """Give the browser its session with this answer."""
    _set_cookie(request, response, COOKIE, token, round(sessions.LASTS.total_seconds()))
    response.delete_cookie(_VISIT)
    return response


def provider_of(request: Request) -> IdentityProvider | None:
    """By which people may sign in; None where none is set up."""
    found: IdentityProvider | None = request.app.state.identity_provider
    return found


def leave() -> Response:
    """Take the session from the browser, and what it keeps of our pages."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def here(request: Request) -> str:
    """The network a request comes from."""
    return network_of(request.client.host if request.client else "")


def busy(request: Request, template: str, error: TooMany, **values: str) -> Response:
    """Ask to come again later."""
    return _later(sign_in_page(request, template, 429, busy=str(error), **values))


def _later(response: Response) -> Response:
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def sign_in_page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """One of the pages that ask who somebody is, bound to the browser it is shown in."""
    visit = request.cookies.get(_VISIT) or secrets.token_urlsafe(32)
    provider = provider_of(request)
    nothing = {
        "wrong": False, "busy": "", "email": "", "due": False,
        "provider": provider.name if provider else "",
        "back": coming_back.draft_of(request) is not None,
    }  # fmt: skip
    response = page(
        request, template, status, visit_token=form_token(visit), **{**nothing, **values}
    )
    _set_cookie(request, response, _VISIT, visit, None)
    return response


def _set_cookie(
    request: Request, response: Response, name: str, value: str, lasts_s: int | None
) -> None:
    response.set_cookie(
        name, value, lasts_s, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
