"""How much a key may ask in a minute.

Counted in this process's memory: one process serves the API, and after its restart a minute begins
anew. The headers are those of draft-ietf-httpapi-ratelimit-headers-10.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Refusal, answer

if TYPE_CHECKING:
    from api.caller import Caller

WINDOW_S = 60
_MOST_KEPT = 1000
"""Keys whose last minute is kept; of more, those whose minute is over are forgotten."""


@dataclass(slots=True)
class Window:
    """A minute of one key.

    Attributes:
        ends: on the monotonic clock.
        asked: requests so far.
    """

    ends: float
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What a key may still ask.

    Attributes:
        requests: in this minute; below 0 where this one was too many.
        seconds: until the next minute begins, whole, at least 1.
    """

    requests: int
    seconds: int


class Rate:
    """Counts what keys ask.

    Args:
        per_minute: requests that each may make.
        clock: monotonic seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._windows: dict[tuple[int, str], Window] = {}

    def take(self, key: tuple[int, str]) -> Left:
        """Count a request of a key."""
        now = self._clock()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            self._forget(now)
            window = self._windows[key] = Window(now + WINDOW_S)
        window.asked += 1
        return Left(self.per_minute - window.asked, max(1, math.ceil(window.ends - now)))

    def _forget(self, now: float) -> None:
        if len(self._windows) >= _MOST_KEPT:
            self._windows = {key: one for key, one in self._windows.items() if one.ends > now}


class Rated:
    """Refuses what a key asks beyond its rate, and says on every answer what is left.

    The page's sessions are not counted: they ask what a page needs.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._rate = Rate(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if scope["type"] != "http" or caller is None or caller.token or not self._rate.per_minute:
            await self._app(scope, receive, send)
            return
        left = self._rate.take((caller.controller_id, caller.name))

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).raw.extend(self._headers(left))
            await send(message)

        if left.requests < 0:
            await _refusal(Request(scope), left)(scope, receive, sent)
        else:
            await self._app(scope, receive, sent)

    def _headers(self, left: Left) -> list[tuple[bytes, bytes]]:
        said = {
            "ratelimit-policy": f'"key";q={self._rate.per_minute};w={WINDOW_S}',
            "ratelimit": f'"key";r={max(0, left.requests)};t={left.seconds}',
        }
        if left.requests < 0:
            said["retry-after"] = str(left.seconds)
        return [(name.encode(), value.encode()) for name, value in said.items()]


def _refusal(request: Request, left: Left) -> ASGIApp:
    return answer(
        request,
        Refusal(
            "too_many_requests",
            f"This key has asked too much in this minute. Ask again in {left.seconds} s.",
        ),
    )
