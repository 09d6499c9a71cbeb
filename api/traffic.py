"""What goes in and out: headers on every answer, counts for every request, and lines in the log."""

import logging
import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import structlog
from fastapi.exceptions import HTTPException
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.headers import SECURITY
from api.problems import Refusal, answer
from audio.probe import MAX_BYTES

_MEBIBYTE = 1024**2
_LARGEST = 1 * _MEBIBYTE
_LARGEST_UNDER = {
    "/api/v1/recordings": MAX_BYTES + _MEBIBYTE,
    "/api/v1/lists": 2048 * _MEBIBYTE,
    "/api/v1/lists/preview": 2048 * _MEBIBYTE,
    "/api/v1/suppressions/import": 512 * _MEBIBYTE,
    "/recordings": MAX_BYTES + _MEBIBYTE,
    "/lists/new": 2048 * _MEBIBYTE,
    "/refusals/import": 512 * _MEBIBYTE,
}
_DRAFTS = "/campaigns/new/"
"""A step of any of them may bring a recording."""

log = structlog.get_logger()


class Traffic:
    """Sees every request come and every answer go."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._answered = Counter(
            "portevoix_http_requests", "Answered requests", ["route", "method", "status"],
            registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "portevoix_http_seconds", "Time to the first byte", ["route", "method"],
            registry=registry,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        reference = str(uuid4())

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, scope["path"], reference)
                self._note(scope, message["status"], time.perf_counter() - begun, reference)
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            self._note(scope, 500, time.perf_counter() - begun, reference)
            raise

    def _note(
        self, scope: MutableMapping[str, Any], status: int, seconds: float, reference: str
    ) -> None:
        """The route's pattern is noted, not the address: a query may hold a telephone number."""
        route = _route(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._answered.labels(route, method, f"{status // 100}xx").inc()
        self._seconds.labels(route, method).observe(seconds)
        caller = scope.get("state", {}).get("caller")
        level = logging.DEBUG if method in _READING and status < _REFUSED else logging.INFO
        log.log(
            level, "request", route=route, method=method, status=status,
            ms=round(seconds * 1000, 1), key=caller.name if caller else None, reference=reference,
        )  # fmt: skip


def _route(scope: MutableMapping[str, Any]) -> str:
    """`/api/v1/lists/{list_id}`; included routers keep their prefix to themselves."""
    own = getattr(scope.get("route"), "path_format", "")
    if not own:
        return "other"
    return f"/api/v1{own}" if scope["path"].startswith("/api/v1/") else str(own)


_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS = _READING | {"POST", "PUT", "PATCH", "DELETE"}
_REFUSED = 400
"""What was read as asked for is counted, and is in the log only where details are wanted: programs
that follow a campaign ask hundreds of times a second."""

_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]


def _add_headers(message: Message, path: str, reference: str) -> None:
    headers = MutableHeaders(scope=message)
    headers.raw.extend(_SECURITY)
    headers["X-Request-Id"] = reference
    if not path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
        headers.add_vary_header("Accept-Language")


class Largest:
    """Refuses a body that is larger than anything its route needs, before it fills the disk."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = _largest(scope["path"].rstrip("/"))
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdecimal() or int(stated) > largest:
            refused = answer(Request(scope), _too_large(largest))
            await refused(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > largest:
                raise HTTPException(413, str(_too_large(largest)))
            return message

        await self._app(scope, counted, send)


def _largest(path: str) -> int:
    """Bytes that can be sent to an address."""
    return _LARGEST_UNDER.get("/recordings" if path.startswith(_DRAFTS) else path, _LARGEST)


def _too_large(largest: int) -> Refusal:
    return Refusal("too_large", f"At most {largest // _MEBIBYTE} MiB can be sent here.")
