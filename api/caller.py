"""Who asks: an API key in the `Authorization` header, or the page's session.

Nothing is answered, nor is any body read, before that is known: what is open to all is listed here,
and everything else is closed.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import Refusal, answer
from campaigns.errors import PortevoixError
from operations import keys
from operations.workspace import Workspace
from store import audit, sessions
from store.engine import reading, writing

COOKIE = "portevoix_session"
SESSION_LASTS = timedelta(hours=12)

_OPEN = frozenset({"/login", "/health", "/api/v1/openapi.json"})
_OPEN_UNDER = ("/static/", "/problems/", "/consent/")
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks.

    Attributes:
        controller_id: on whose behalf: nothing of any other controller exists for them.
        name: of the key, for the audit.
        token: of the page's session; empty for a key.
    """

    controller_id: int
    name: str
    token: str = ""

    @property
    def form_token(self) -> str:
        """What the forms of this session carry; that of a key is never accepted."""
        return form_token(self.token)


class Door:
    """Lets in whoever has a key or a session, before anything of the request is read."""

    def __init__(self, app: ASGIApp, workspace: Workspace) -> None:
        self._app = app
        self._workspace = workspace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            caller = await run_in_threadpool(_identify, self._workspace, request)
        except PortevoixError as error:
            await answer(request, error)(scope, receive, send)
            return
        refused = _refusal(request, caller)
        if refused is not None:
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_UNDER)


def _identify(workspace: Workspace, request: Request) -> Caller | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme:
        found = keys.owner_of(workspace, key.strip()) if scheme.lower() == "bearer" else None
        return Caller(*found) if found else None
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    with reading(workspace.engine) as connection:
        found = sessions.owner(connection, _digest(token), datetime.now(UTC))
    return Caller(*found, token) if found else None


def _refusal(request: Request, caller: Caller | None) -> Response | None:
    page = not request.url.path.startswith("/api/") and request.url.path != "/metrics"
    if caller is None:
        if page:
            return RedirectResponse("/login", 303)
        return answer(request, Refusal("unauthenticated",
            "Send «Authorization: Bearer pv_...» with a key of «portevoix key make»."))  # fmt: skip
    if caller.token and not page and request.method not in _SAFE:
        return answer(request, Refusal("forbidden",
            "The page's session may only read here; to change anything, send a key."))  # fmt: skip
    return None


def open_session(workspace: Workspace, key: str) -> str | None:
    """A new session's token for an API key; None where it is no key in force."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        opened = sessions.open_session(
            connection, keys.digest(key), _digest(token), now, now + SESSION_LASTS
        )
        found = sessions.owner(connection, _digest(token), now)
        if found is not None:
            audit.record(connection, now, found[1], "session.open", "page", found[0])
    return token if opened else None


def close_session(workspace: Workspace, caller: Caller) -> None:
    """End a session."""
    with writing(workspace.engine) as connection:
        sessions.close_session(connection, _digest(caller.token))
        audit.record(
            connection, datetime.now(UTC), caller.name, "session.close", "page",
            caller.controller_id,
        )  # fmt: skip


def form_token(token: str) -> str:
    """What a form of this session must carry, which no other site can know."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


_bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key made by `portevoix key make`."
)


def _caller(request: Request, _documented: Annotated[object, Security(_bearer)]) -> Caller:
    caller: Caller = request.state.caller
    return caller


def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


Asking = Annotated[Caller, Depends(_caller)]
In = Annotated[Workspace, Depends(_workspace)]
