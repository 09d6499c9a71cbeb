"""Progress to those who ask for it: one look serves all who ask within a moment.

A program that follows a campaign by asking, and a hundred that do, cost the database the same.
"""

import asyncio
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.progress import Key, Read, Snapshot

FRESH_S = 0.1
"""How long ago a look may have begun that is answered with. Calls go on meanwhile, as they do
while an answer is on its way; what was changed here is never older (`Forgetting`)."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class _Look:
    begun: float
    task: asyncio.Task[Snapshot]


class Lately:
    """The last look at each campaign.

    Args:
        read: progress of a campaign, which may block.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._looks: dict[Key, _Look] = {}

    async def snapshot(self, controller_id: int, campaign_id: int) -> Snapshot:
        """A campaign's progress a moment ago.

        Raises:
            NotFound: the controller has no such campaign.
        """
        key, now = (controller_id, campaign_id), asyncio.get_running_loop().time()
        look = self._looks.get(key)
        if look is None or look.begun + FRESH_S < now:
            self._looks = {
                old: one for old, one in self._looks.items() if one.begun + FRESH_S >= now
            }
            look = self._looks[key] = _Look(now, self._begin(key))
        # Whoever began it may go away; others wait for it too.
        return await asyncio.shield(look.task)

    def _begin(self, key: Key) -> asyncio.Task[Snapshot]:
        task = asyncio.create_task(self._look(key))
        # What nobody waits for any more fails unheard.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _look(self, key: Key) -> Snapshot:
        return Snapshot(await run_in_threadpool(self._read, *key))

    def forget(self) -> None:
        """Look anew for whoever asks from now on."""
        self._looks.clear()


class Forgetting:
    """Has whoever changed something be shown nothing from before."""

    def __init__(self, app: ASGIApp, lately: Lately) -> None:
        self._app = app
        self._lately = lately

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._lately.forget()
            await send(message)

        await self._app(scope, receive, sent)
