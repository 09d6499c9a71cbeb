"""Who asks: an API key in the `Authorization` header, or the page's session.

Nothing is answered, nor is any body read, before that is known: what is open to all is listed here,
and everything else is closed but to who is permitted what its route needs (`api.needs`).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from api import coming_back
from api.headers import CHALLENGE, by_script, elsewhere
from api.lately import Lately
from api.needs import Routes
from api.problems import Refusal, answer
from campaigns.access import Permission, Role
from campaigns.errors import PortevoixError
from operations import sessions
from operations.sessions import Asker
from operations.workspace import Workspace

COOKIE = "portevoix_session"

_OPEN = frozenset(
    {
        "/login", "/login/code", "/login/key", "/login/oidc", "/login/oidc/back", "/health",
        "/api/v1/openapi.json", "/people",
    }
)  # fmt: skip
_OPEN_UNDER = ("/static/", "/problems/", "/consent/", "/people/", "/setup/", "/password/")
_SAFE = frozenset({"GET", "HEAD"})

NO_CONTROLLER = 0
"""The controller of somebody who has a role nowhere: nothing is of it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks.

    Attributes:
        controller_id: on whose behalf: nothing of any other controller exists for them.
        name: what their acts are signed with: a person's e-mail address, or «key » and the key's
            name.
        token: of the page's session; empty for a key.
        permissions: what they may do.
        roles: theirs for that controller; empty for a key.
        account_id: of the person; None for a key.
        controllers: names by id of those the person may act for; empty for a key.
        expires_at: when a key ends; None for never.
    """

    controller_id: int
    name: str
    token: str = ""
    permissions: frozenset[Permission] = frozenset()
    roles: frozenset[Role] = frozenset()
    account_id: int | None = None
    controllers: Mapping[int, str] = field(default_factory=dict)
    expires_at: datetime | None = None

    @property
    def form_token(self) -> str:
        """What the forms of this session carry; that of a key is never accepted."""
        return form_token(self.token)

    def in_force(self, now: datetime) -> bool:
        """Whether the key has not ended since it was looked up."""
        return self.expires_at is None or now < self.expires_at

    def may(self, permission: str) -> bool:
        """Whether they are permitted that."""
        return permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Refuse where they are not.

        Raises:
            Refusal: they are not.
        """
        if permission not in self.permissions:
            raise not_permitted()


class Door:
    """Lets in whoever may do what is asked, before anything of the request is read.

    Args:
        app: what it stands before.
        workspace: where sessions are kept.
        routes: which permissions each needs.
        keys: who asks with a key (`of_key`).
    """

    def __init__(
        self,
        app: ASGIApp,
        workspace: Workspace,
        routes: Routes,
        keys: Lately[str, Caller | None],
    ) -> None:
        self._app = app
        self._workspace = workspace
        self._routes = routes
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            caller = await self._identify(request)
        except PortevoixError as error:
            await answer(request, error)(scope, receive, send)
            return
        if caller is not None:
            scope.setdefault("state", {})["caller"] = caller
        refused = self._refusal(request, caller)
        await (refused or self._app)(scope, receive, send)

    async def _identify(self, request: Request) -> Caller | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme:
            found = await self._keys.of(key.strip()) if scheme.lower() == "bearer" else None
            return found if found and found.in_force(datetime.now(UTC)) else None
        token = request.cookies.get(COOKIE, "")
        return await run_in_threadpool(_of_session, self._workspace, token) if token else None

    def _refusal(self, request: Request, caller: Caller | None) -> Response | None:
        path: str = request.scope["path"]
        page = not path.startswith("/api/") and path != "/metrics"
        if caller is None:
            if page:
                return _to_sign_in(request)
            return answer(request, Refusal("unauthenticated",
                "Send «Authorization: Bearer pv_...» with a key of «portevoix key make»."
            ))  # fmt: skip
        if caller.token and not page and request.method not in _SAFE:
            return answer(request, Refusal("forbidden",
                "The page's session may only read here; to change anything, send a key."
            ))  # fmt: skip
        if not self._routes.permits(request.scope, caller.permissions):
            return answer(request, not_permitted())
        return None


def _to_sign_in(request: Request) -> Response:
    response: Response = RedirectResponse("/login", 303)
    if by_script(request):
        response = elsewhere("/login", 401)
        response.headers["WWW-Authenticate"] = CHALLENGE
    coming_back.remember(request, response)
    return response


def not_permitted() -> Refusal:
    """What whoever may not do a thing is told; whether it is there is not."""
    return Refusal("not_permitted",
        "Neither your roles nor the scopes of your key include it. Ask an administrator."
    )  # fmt: skip


def is_open(path: str) -> bool:
    """Whether an address is answered to everybody."""
    return path in _OPEN or path.startswith(_OPEN_UNDER)


def of_key(workspace: Workspace, key: str) -> Caller | None:
    """Who asks with a key; None where it is none in force."""
    found = sessions.asker_of_key(workspace, key)
    return _caller_of(found, "") if found else None


def _of_session(workspace: Workspace, token: str) -> Caller | None:
    found = sessions.asker(workspace, token)
    return _caller_of(found, token) if found else None


def _caller_of(found: Asker, token: str) -> Caller:
    controller_id = NO_CONTROLLER if found.controller_id is None else found.controller_id
    return Caller(
        controller_id, found.name, token, found.permissions, found.roles, found.account_id,
        found.controllers, found.expires_at,
    )  # fmt: skip


def form_token(token: str) -> str:
    """What a form of this session must carry, which no other site can know."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


_bearer = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key made by `portevoix key make`."
)


# Not «def»: that would be run in a thread, which takes longer than they do.
async def _caller(request: Request, _documented: Annotated[object, Security(_bearer)]) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _workspace(request: Request) -> Workspace:
    workspace: Workspace = request.app.state.workspace
    return workspace


Asking = Annotated[Caller, Depends(_caller)]
In = Annotated[Workspace, Depends(_workspace)]
