"""Live progress: one look at the database each second for each campaign that is watched.

However many watch it, a campaign is read once; each listener is handed the same snapshot.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import contextmanager
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

QUIET_S = 15.0
"""After this a listener is told that there is nothing new, so that what stands between us and a
browser does not take the connection for dead."""

LOST_S = 5.0
"""A stream ends where its campaign could not be read for so long: whoever watches is to know that
its figures stand still. A database that is busy for a moment ends none."""

AT_ONCE = 10
"""Listeners that are woken together. Hundreds at once would keep every request waiting until the
last of them is written to."""

_SPREAD = 0.8
"""The share of the interval over which they are woken."""

_OVER = frozenset({CampaignState.STOPPED, CampaignState.FINISHED})
_JSON = TypeAdapter(Progress)

log = structlog.get_logger()

Read = Callable[[int, int], Progress]
Key = tuple[int, int]
"""(controller id, campaign id)."""


def as_json(progress: Progress) -> str:
    """As the API writes it."""
    return _JSON.dump_json(progress).decode()


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
        return self.rendered("json", as_json)

    def rendered(self, form: Hashable, render: Callable[[Progress], str]) -> str:
        """Rendered in some form, once for all listeners."""
        if form not in self._rendered:
            self._rendered[form] = render(self.progress)
        return self._rendered[form]


@dataclass(slots=True, eq=False)
class _Listener:
    """One that watches a campaign.

    Attributes:
        came_at: looks that had begun when it came.
        seen: what it was handed last.
    """

    came_at: int
    seen: Snapshot | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)


class _Topic:
    """One campaign that is watched.

    Attributes:
        looks: how often it was looked at; one may be under way.
        known: of the looks, the one whose answer is `latest`.
        lost: it could not be read for long.
    """

    def __init__(self) -> None:
        self.listeners: dict[_Listener, None] = {}
        self.looks = 0
        self.known = 0
        self.lost = False
        self.latest: Snapshot | None = None
        self.task: asyncio.Task[None] | None = None

    async def look(self, read: Callable[[], Progress]) -> None:
        """Read it, and hand every listener what is new."""
        self.looks += 1
        look = self.looks
        found = await run_in_threadpool(read)
        self.known = look
        if self.latest is None or self.latest.progress != found:
            self.latest = Snapshot(found)
        await self._tell()

    async def _tell(self) -> None:
        waiting = [one for one in self.listeners if one.seen is not self.latest]
        pause = INTERVAL_S * _SPREAD * AT_ONCE / max(1, len(waiting))
        for index, one in enumerate(waiting):
            if index and index % AT_ONCE == 0:
                await asyncio.sleep(pause)
            one.news.set()

    def news_for(self, one: _Listener) -> Snapshot | None:
        """What it has not been handed yet.

        A look that was under way when it came may show less than it knows.
        """
        if self.latest is one.seen or self.known <= one.came_at:
            return None
        return self.latest

    def wake(self) -> None:
        """Let every listener look whether there is anything for it."""
        for one in self.listeners:
            one.news.set()


class Hub:
    """Everything that is watched now.

    Args:
        read: progress of a campaign (controller id, campaign id), which may block.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._topics: dict[Key, _Topic] = {}
        self._closed = False

    @contextmanager
    def listening(
        self, controller_id: int, campaign_id: int
    ) -> Iterator[AsyncIterator[Snapshot | None]]:
        """Each new snapshot of a campaign, until it has ended, is lost or `close` is called.

        None comes where there is none for a while.
        """
        key = (controller_id, campaign_id)
        topic = self._topics.setdefault(key, _Topic())
        one = _Listener(topic.looks)
        topic.listeners[one] = None
        if topic.task is None:
            topic.task = asyncio.create_task(self._watch(key, topic))
        try:
            yield self._follow(topic, one)
        finally:
            self._leave(key, topic, one)

    def close(self) -> None:
        """Let every listener go."""
        self._closed = True
        for topic in self._topics.values():
            topic.wake()

    async def _follow(self, topic: _Topic, one: _Listener) -> AsyncIterator[Snapshot | None]:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + LONGEST_S
        while not (self._closed or topic.lost) and (now := clock.time()) < deadline:
            one.news.clear()
            if (latest := topic.news_for(one)) is not None:
                one.seen = latest
                yield latest
                if latest.final:
                    return
                continue
            try:
                async with asyncio.timeout_at(min(deadline, now + QUIET_S)):
                    await one.news.wait()
            except TimeoutError:
                if clock.time() < deadline:
                    yield None

    def _leave(self, key: Key, topic: _Topic, one: _Listener) -> None:
        del topic.listeners[one]
        if not topic.listeners:
            self._forget(key, topic)
            if topic.task is not None:
                topic.task.cancel()

    def _forget(self, key: Key, topic: _Topic) -> None:
        if self._topics.get(key) is topic:
            del self._topics[key]

    async def _watch(self, key: Key, topic: _Topic) -> None:
        clock = asyncio.get_running_loop()
        read_at = clock.time()
        while (begun := clock.time()) < read_at + LOST_S:
            if await self._look(key, topic):
                read_at = clock.time()
            await asyncio.sleep(max(0.0, begun + INTERVAL_S - clock.time()))
        self._forget(key, topic)  # whoever comes again has it looked at anew
        topic.lost = True
        topic.wake()

    async def _look(self, key: Key, topic: _Topic) -> bool:
        """Whether it could be read."""
        try:
            await topic.look(partial(self._read, *key))
        except PortevoixError as error:
            log.warning("progress cannot be read", campaign=key[1], why=str(error))
        except Exception:  # or the page would show a campaign that stands still as live
            log.exception("progress cannot be read", campaign=key[1])
        else:
            return True
        return False
