"""A whole dialer over a fake PBX and a real database, run for as long as a test needs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fake_pbx import FakeCall, FakePbx
from sqlalchemy import Engine
from store_subjects import TRUNK, World

from audio.library import Library
from campaigns.campaign import Limits
from campaigns.trunk import Trunk
from dialer.book import Book
from dialer.engine import Dialer
from dialer.journal import Journal
from dialer.originate import Sounds
from dialer.portions import ALONE, Portions
from dialer.recordings import Recordings
from dialer.trunks import Trunks
from dialer.upkeep import Chore
from store import leases
from store.engine import reading
from store.leases import MAIN

LIMIT_S = 20.0
"""Longest wait for a condition; only a failure takes so long."""


class EveryRecording(Library):
    """A library in which nothing that a campaign names is missing."""

    def has(self, path: str) -> bool:
        return bool(path)

    has_whole = has


async def until(condition: Callable[[], bool], within_s: float = LIMIT_S) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.005)


@dataclass
class Dialing:
    """One dialer at work."""

    dialer: Dialer
    pbx: FakePbx
    world: World
    task: asyncio.Task[bool]
    expected: BaseException | None = None

    async def fails(self) -> BaseException | None:
        """Wait until the dialer gives up, and say why."""
        with suppress(Exception):
            await asyncio.wait_for(asyncio.shield(self.task), LIMIT_S)
        self.expected = self.task.exception()
        return self.expected

    async def over(self, campaign_id: int) -> None:
        """Wait until nothing of the campaign is pending or being called."""
        await until(lambda: not {"pending", "calling"} & self.world.states(campaign_id).keys())

    async def up(self, count: int) -> list[FakeCall]:
        """Wait until so many calls are up on the PBX."""
        await until(lambda: len(self.pbx.calls) >= count)
        return list(self.pbx.calls.values())

    async def settled(self) -> None:
        """Wait until every call that ended on the PBX is written."""
        await until(lambda: set(self.world.locks().values()) <= self.pbx.calls.keys())

    async def looks(self, times: int = 4) -> None:
        """Let the clock look at everything so many times more."""
        for _ in range(times):
            last = self._shown_at()
            await until(lambda last=last: self._shown_at() != last)  # type: ignore[misc]

    def shown(self) -> dict[str, Any]:
        """What the dialer last showed of itself."""
        with reading(self.world.engine) as connection:
            return leases.holder(connection, datetime.now(UTC)) or {}

    def _shown_at(self) -> object:
        """When the dialer last showed itself, as it does at each look."""
        return self.shown().get("at")

    async def stop(self) -> bool:
        self.dialer.stop()
        return await asyncio.wait_for(self.task, LIMIT_S)


def parts(
    engine: Engine,
    pbx: FakePbx,
    directory: Path,
    trunks: Iterable[Trunk] = (),
    portions: Portions = ALONE,
) -> tuple[Book, FakePbx, Trunks, Journal, Sounds, Recordings]:
    """What a dialer is made of, but for its limits."""
    directory.mkdir(parents=True, exist_ok=True)
    journal = Journal(directory)
    sounds = Sounds("/sounds/confirmation", lambda: str(journal.current()), lambda text: text)
    recordings = Recordings(EveryRecording(directory.parent / "audio"))
    found = list(trunks) or [Trunk(TRUNK, "127.0.0.1", 5090, max_channels=50, max_cps=400)]
    book = Book(engine, portions.node or MAIN, portions.capacity)
    return book, pbx, Trunks(found, portions=portions), journal, sounds, recordings


@asynccontextmanager
async def dialing(
    engine: Engine,
    directory: Path,
    pbx: FakePbx | None = None,
    trunks: Iterable[Trunk] = (),
    system: Limits | None = None,
    chores: Sequence[Chore] = (),
    node: str = MAIN,
    capacity: int = 1000,
) -> AsyncIterator[Dialing]:
    """A dialer that runs meanwhile; it is cancelled at the end where the test did not stop it."""
    pbx = pbx or FakePbx()
    portions = Portions(node, capacity) if engine.dialect.name == "postgresql" else ALONE
    made = parts(engine, pbx, directory / "journal", trunks, portions)
    dialer = Dialer(*made, system or Limits(1000, 400), chores, portions)
    ready = asyncio.Event()
    task = asyncio.create_task(dialer.run(ready.set))
    waiting = asyncio.create_task(ready.wait())
    done, _ = await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task in done:
        await task
    run = Dialing(dialer, pbx, World(engine, datetime.now(UTC)), task)
    try:
        yield run
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        elif run.expected is None:
            await task
