"""Signing in with an API key, and out."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import COOKIE, SESSION_LASTS, Asking, In, close_session, form_token, open_session
from api.dashboard.forms import Sent, check, checked
from api.dashboard.pages import page

router = APIRouter(include_in_schema=False)

_VISIT = "portevoix_visit"
"""Binds the sign-in form to the browser it was shown in, before there is a session."""


@router.get("/login")
def form(request: Request) -> Response:
    """Ask for a key."""
    return _form(request)


@router.post("/login")
def sign_in(
    request: Request, workspace: In, sent: Sent, key: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Open a session for a key."""
    check(request.cookies.get(_VISIT, ""), sent)
    token = open_session(workspace, key.strip())
    if token is None:
        return _form(request, status=422, wrong=True)
    response = RedirectResponse("/", 303)
    _set_cookie(request, response, COOKIE, token, round(SESSION_LASTS.total_seconds()))
    response.delete_cookie(_VISIT)
    return response


@router.post("/logout", dependencies=[Depends(checked)])
def sign_out(workspace: In, caller: Asking) -> Response:
    """End the session."""
    close_session(workspace, caller)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE)
    return response


def _form(request: Request, status: int = 200, *, wrong: bool = False) -> Response:
    visit = request.cookies.get(_VISIT) or secrets.token_urlsafe(32)
    response = page(request, "login.html", status, visit_token=form_token(visit), wrong=wrong)
    _set_cookie(request, response, _VISIT, visit, None)
    return response


def _set_cookie(
    request: Request, response: Response, name: str, value: str, lasts_s: int | None
) -> None:
    response.set_cookie(
        name, value, lasts_s, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
