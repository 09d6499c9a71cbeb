"""What is asked for again and again: one look at the database serves all who ask within a moment.

A program that follows a campaign by asking, and a hundred that do, cost the calls the same.
"""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRESH_S = 0.25
"""How old a look may be that is answered with. Calls go on meanwhile, as they do while an answer is
on its way; what was changed through this API is never older (`Forgetting`)."""

LATE_S = 0.5
"""How old it may be while the next one is under way: calls go before it on a machine that is full,
and nobody is kept waiting for it."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Look(Generic[V]):
    """One look.

    Attributes:
        begun: on the clock of the loop, in seconds.
        task: finds it.
        before: what the look before it found, and when that one began; None where it found nothing.
    """

    begun: float
    task: asyncio.Task[V]
    before: tuple[float, V] | None = None

    def is_over(self, now: float) -> bool:
        """Whether another look is due: it is old, takes long, or was given up with its loop."""
        if self.task.done():
            return self.task.cancelled() or self.begun + FRESH_S < now
        return self.begun + LATE_S < now

    def found(self) -> tuple[float, V] | None:
        """What was found last, and when that look began."""
        if self.task.done() and not self.task.cancelled() and not self.task.exception():
            return self.begun, self.task.result()
        return self.before


class Lately(Generic[K, V]):
    """The last look at each thing.

    Args:
        read: what is found of a thing, which may block.
    """

    def __init__(self, read: Callable[[K], V]) -> None:
        self._read = read
        self._looks: dict[K, _Look[V]] = {}

    async def of(self, key: K) -> V:
        """What was found a moment ago.

        Raises:
            PortevoixError: as `read` does.
        """
        now = asyncio.get_running_loop().time()
        look = self._looks.get(key)
        if look is None or look.is_over(now):
            self._forget_before(now - LATE_S)
            before = look.found() if look else None
            look = self._looks[key] = _Look(now, self._begin(key), before)
        if not look.task.done() and look.before and look.before[0] + LATE_S >= now:
            return look.before[1]
        if look.task.done():
            return look.task.result()
        # Whoever began it may go away; others wait for it too.
        return await asyncio.shield(look.task)

    def forget(self) -> None:
        """Look anew for whoever asks from now on."""
        self._looks.clear()

    def _forget_before(self, moment: float) -> None:
        self._looks = {key: one for key, one in self._looks.items() if one.begun >= moment}

    def _begin(self, key: K) -> asyncio.Task[V]:
        task = asyncio.create_task(run_in_threadpool(self._read, key))
        # What nobody waits for any more fails unheard.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task


class Forgetting:
    """Has whoever changed something be shown nothing from before."""

    def __init__(self, app: ASGIApp, looks: tuple[Lately[Any, Any], ...]) -> None:
        self._app = app
        self._looks = looks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                for one in self._looks:
                    one.forget()
            await send(message)

        await self._app(scope, receive, sent)
