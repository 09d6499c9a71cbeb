"""Live progress: one look at the database each second for each campaign that is watched.

However many watch it, a campaign is read once; each listener is handed the same snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import structlog
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter

from campaigns.errors import PortevoixError
from campaigns.states import CampaignState
from operations.progress import Progress

INTERVAL_S = 1.0
LONGEST_S = 900.0
"""A stream ends after this, so that a key which was revoked meanwhile is noticed: the listener
connects again, as browsers do by themselves."""

_OVER = frozenset({CampaignState.STOPPED, CampaignState.FINISHED})
_JSON = TypeAdapter(Progress)

log = structlog.get_logger()

Read = Callable[[int, int], Progress]


@dataclass(slots=True)
class Snapshot:
    """A campaign's progress at one moment, and what it was rendered to so far."""

    progress: Progress
    _rendered: dict[Hashable, str] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self.progress.state in _OVER

    @property
    def json(self) -> str:
        """As the API writes it."""
        return self.rendered("json", lambda progress: _JSON.dump_json(progress).decode())

    def rendered(self, form: Hashable, render: Callable[[Progress], str]) -> str:
        """Rendered in some form, once for all listeners."""
        if form not in self._rendered:
            self._rendered[form] = render(self.progress)
        return self._rendered[form]


class _Topic:
    """One campaign that is watched.

    Attributes:
        looks: how often it was looked at; one may be under way.
        known: of the looks, the one whose answer is `latest`.
    """

    def __init__(self) -> None:
        self.listeners = 0
        self.looks = 0
        self.known = 0
        self.latest: Snapshot | None = None
        self.turn = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    async def look(self, read: Callable[[], Progress]) -> None:
        """Read it, and hand every listener what is new."""
        self.looks += 1
        look = self.looks
        found = await run_in_threadpool(read)
        self.known = look
        if self.latest is None or self.latest.progress != found:
            self.latest = Snapshot(found)
        self.wake()

    def wake(self) -> None:
        """Let every listener look whether there is anything for it."""
        turn, self.turn = self.turn, asyncio.Event()
        turn.set()


class Hub:
    """Everything that is watched now.

    Args:
        read: progress of a campaign (controller id, campaign id), which may block.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._topics: dict[tuple[int, int], _Topic] = {}
        self._closed = False

    @contextmanager
    def listening(self, controller_id: int, campaign_id: int) -> Iterator[AsyncIterator[Snapshot]]:
        """Each new snapshot of a campaign, until it has ended or `close` is called."""
        key = (controller_id, campaign_id)
        topic = self._join(key)
        try:
            yield self._follow(topic)
        finally:
            self._leave(key, topic)

    def close(self) -> None:
        """Let every listener go."""
        self._closed = True
        for topic in self._topics.values():
            topic.wake()

    async def _follow(self, topic: _Topic) -> AsyncIterator[Snapshot]:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + LONGEST_S
        seen, came_at = None, topic.looks
        while not self._closed and clock.time() < deadline:
            turn, latest = topic.turn, topic.latest
            # A look that was under way when this listener came may show less than it knows.
            if latest is not None and latest is not seen and topic.known > came_at:
                seen = latest
                yield latest
                if latest.final:
                    return
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await turn.wait()

    def _join(self, key: tuple[int, int]) -> _Topic:
        topic = self._topics.setdefault(key, _Topic())
        topic.listeners += 1
        if topic.task is None:
            topic.task = asyncio.create_task(self._watch(key, topic))
        return topic

    def _leave(self, key: tuple[int, int], topic: _Topic) -> None:
        topic.listeners -= 1
        if topic.listeners == 0:
            self._topics.pop(key, None)
            if topic.task is not None:
                topic.task.cancel()

    async def _watch(self, key: tuple[int, int], topic: _Topic) -> None:
        while True:
            try:
                await topic.look(partial(self._read, *key))
            except PortevoixError as error:
                log.warning("progress cannot be read", campaign=key[1], why=str(error))
            await asyncio.sleep(INTERVAL_S)
