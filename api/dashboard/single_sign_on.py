"""Signing in by an identity provider: there and back.

The browser comes back from another site, so what it keeps for that is sent with a link from there
(SameSite=Lax), and is worth nothing after. The session's own cookie never is: the last step is a
page of ours that leads on by itself.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import In
from api.dashboard.door import busy, hand_over, here, provider_of, sign_in_page
from api.dashboard.pages import page
from api.problems import Refusal
from operations import sign_in
from operations.identity_provider import IdentityProvider, NotIdentified, Visit
from operations.sign_in import TooMany

router = APIRouter(include_in_schema=False)

_PATH = "/login/oidc"
_VISIT = "portevoix_oidc"
_WITHIN_S = 600
_asking = BoundedSemaphore(8)

Answered = Annotated[str, Query(max_length=4096)]

log = structlog.get_logger()


@router.get(_PATH)
def go(request: Request) -> Response:
    """Send the browser to the identity provider."""
    provider, visit = _provider(request), Visit.new()
    try:
        with _turn(request):
            where = provider.address(visit, _back(request))
    except TooMany as error:
        return busy(request, "login.html", error)
    except NotIdentified as error:
        return _unsaid(request, provider, error)
    response = RedirectResponse(where, 303)
    response.set_cookie(
        _VISIT, visit.text, _WITHIN_S, path=_PATH, httponly=True, samesite="lax",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


@router.get(f"{_PATH}/back")
def come_back(
    request: Request, workspace: In, code: Answered = "", state: Answered = ""
) -> Response:
    """Open the session of whoever the provider says it is."""
    provider, visit = _provider(request), Visit.read(request.cookies.get(_VISIT, ""))
    if not code:
        return _unsaid(request, provider, NotIdentified("It gave no code."))
    if visit is None or not secrets.compare_digest(state.encode(), visit.state.encode()):
        return _refused(request, "That took too long. Sign in again.")
    try:
        with _turn(request):
            who = provider.identity(visit, code, _back(request))
    except TooMany as error:
        return busy(request, "login.html", error)
    except NotIdentified as error:
        return _unsaid(request, provider, error)
    opened = sign_in.by_identity(workspace, who)
    if opened is None:
        return _refused(
            request,
            f"«{provider.name}» knows you, but nobody may sign in here as whom it knows. "
            "Ask an administrator.",
        )
    where = "/login/code" if opened.awaits_code else "/welcome"
    response = hand_over(request, page(request, "signed_in.html", where=where), opened.token)
    response.delete_cookie(_VISIT, path=_PATH)
    return response


@contextmanager
def _turn(request: Request) -> Iterator[None]:
    """Ask the provider, as one of a few at once: a slow one must not take every thread there is.

    Raises:
        TooMany: too many ask, from here or at once.
    """
    if not request.app.state.visits.sign_ins.take(here(request)):
        raise TooMany("Too many attempts from here failed. Try again in a quarter of an hour.")
    if not _asking.acquire(blocking=False):
        raise TooMany("Too many people sign in at this moment. Try again.")
    try:
        yield
    finally:
        _asking.release()


def _provider(request: Request) -> IdentityProvider:
    found = provider_of(request)
    if found is None:
        raise Refusal("not_found", "Nobody signs in here by an identity provider.")
    return found


def _back(request: Request) -> str:
    return f"{request.base_url}{_PATH.lstrip('/')}/back"


def _unsaid(request: Request, provider: IdentityProvider, error: NotIdentified) -> Response:
    log.warning("identity provider", issuer=provider.name, why=str(error))
    return _refused(
        request, f"«{provider.name}» did not say who you are. Try again, or use a password."
    )


def _refused(request: Request, why: str) -> Response:
    return sign_in_page(request, "login.html", 422, busy=why)
