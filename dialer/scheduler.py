"""Clock work: campaigns that start or end, limits that change, the lease, what is shown."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.errors import LeaseLost, PbxError, StoreUnavailable
from campaigns.states import CampaignState
from dialer.book import Book
from dialer.calls import Call, Calls, utc_now
from dialer.moves import Moves
from dialer.notices import Ear
from dialer.pbx import Pbx
from dialer.recordings import Recordings
from dialer.sharing import Sharing
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from dialer.upkeep import Chore
from operations import deadline
from store import halts, verdicts
from store import trunks as trunk_records
from store.engine import reading
from store.halts import Halt

if TYPE_CHECKING:
    from apscheduler.job import Job

EVERY_S = 0.5
"""How often campaigns and limits are looked at: a change holds within a second."""

log = structlog.get_logger()


class Scheduler:
    """Runs the clock work with APScheduler; campaign state lives in the database alone.

    Attributes:
        campaigns: those that may have calls up, as last read.
        needed: calls per second without which a campaign, by id, passes its deadline.
        halted: everything is stopped: no call may be placed.
    """

    def __init__(
        self,
        book: Book,
        pbx: Pbx,
        trunks: Trunks,
        throttle: Throttle,
        calls: Calls,
        sharing: Sharing,
        recordings: Recordings,
        status: Callable[[datetime], dict[str, Any]],
    ) -> None:
        self._sharing = sharing
        self._recordings = recordings
        self._book = book
        self._pbx = pbx
        self._trunks = trunks
        self._throttle = throttle
        self._calls = calls
        self._status = status
        self._clock = AsyncIOScheduler(timezone="UTC")
        self._moves = Moves()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="halt")
        self._lost: LeaseLost | None = None
        self._prompt: list[Job] = []
        self._ear: Ear | None = None
        self.campaigns: list[Campaign] = []
        self.needed: dict[int, float] = {}
        self.halted = False

    async def open(self) -> None:
        """Look once, so that everything is in force, and then again and again.

        Each job waits for nothing but itself: a PBX that does not answer delays neither a stop nor
        a limit, a database that is locked delays no stop, and whatever fails loses no lease.
        """
        for job in (
            self.look_at_trunks,
            self.look_for_halt,
            self.tick,
            self.look_at_recordings,
            self.renew,
        ):
            await job()
            added = self._clock.add_job(
                job, "interval", seconds=EVERY_S, max_instances=1, coalesce=True,
                misfire_grace_time=None,
            )  # fmt: skip
            if job in (self.look_for_halt, self.tick):
                self._prompt.append(added)
        self._clock.start()
        loop = asyncio.get_running_loop()

        def heard() -> None:
            loop.call_soon_threadsafe(self._look_now)

        self._ear = Ear(self._book.engine, heard)

    def _look_now(self) -> None:
        """Somebody changed something a moment ago."""
        for job in self._prompt:
            job.modify(next_run_time=utc_now())

    def also(self, chore: Chore) -> None:
        """Do something else now and then, on a thread of its own."""
        self._clock.add_job(
            chore.act, "interval", seconds=chore.every_s, max_instances=1, coalesce=True,
            misfire_grace_time=None, next_run_time=utc_now() + timedelta(seconds=chore.first_s),
        )  # fmt: skip

    def close(self) -> None:
        """Stop the clock, and let go of the database."""
        if self._ear is not None:
            self._ear.close()
        if self._clock.running:
            self._clock.shutdown(wait=False)
        self._beside.shutdown()

    def check(self) -> None:
        """Find out whether this dialer may go on.

        Raises:
            LeaseLost: another has taken over.
        """
        if self._lost is not None:
            raise self._lost

    def run_jobs_now(self) -> None:
        """Go on from here: a clock put back by an hour would have every job wait for an hour."""
        for job in self._clock.get_jobs():
            job.modify(next_run_time=utc_now())

    async def look_at_trunks(self) -> None:
        """Ask the PBX where each trunk's calls would go."""
        await self._trunks.look(self._pbx)

    async def look_at_recordings(self) -> None:
        """Find out whether what campaigns play is there; a share that is slow delays nothing."""
        await asyncio.to_thread(self._recordings.look, self.campaigns)

    async def look_for_halt(self) -> None:
        """Find out whether everything is stopped, and hang up where it is.

        Read beside the book, whose thread may be waiting for a lock that an import holds.
        """
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._beside, self._read_halt)
        except StoreUnavailable as error:
            log.error("whether everything is stopped cannot be read", why=str(error))
        else:
            if (found is not None) != self.halted:
                self.halted = found is not None
                log.warning("everything is stopped" if found else "calls may be placed again")
        self._hang_up_stopped()

    def _read_halt(self) -> Halt | None:
        with reading(self._book.engine) as connection:
            return halts.current(connection)

    async def tick(self) -> None:
        """Do everything that is due now."""
        try:
            self._trunks.note(await self._book.read(trunk_records.all_of))
            await self.take_back()
            self.campaigns = await self._book.transact(self._move_campaigns)
            self._hang_up_stopped()
            await self._sharing.settle(self.campaigns)
            self._throttle.adapt(time.monotonic())
            self.needed = await self._book.read(self._needed)
        except StoreUnavailable as error:
            log.error("the store cannot be read", why=str(error))
        except LeaseLost as error:
            self._lost = error

    async def renew(self) -> None:
        """Hold the lease for longer, and show what the dialer does."""
        try:
            await self._book.renew(self._status(utc_now()))
        except StoreUnavailable as error:
            log.error("the lease cannot be renewed", why=str(error))
        except LeaseLost as error:
            self._lost = error

    def _move_campaigns(self, connection: Connection) -> list[Campaign]:
        return self._moves.make(connection, utc_now(), halted=self.halted)

    def _needed(self, connection: Connection) -> dict[int, float]:
        return deadline.needed(connection, self.campaigns, utc_now())

    async def take_back(self) -> None:
        """What trunks out of order said of numbers is not believed.

        Before campaigns are moved: one whose last people they condemned is not finished.

        Raises:
            StoreUnavailable: it is taken back only in part.
            LeaseLost: another dialer has taken over.
        """
        for trunk, since in self._trunks.spikes():
            revive = partial(verdicts.revive, trunk=trunk, since=since, now=utc_now())
            while count := await self._book.transact(revive):
                log.warning("numbers wait again that a trunk knew nothing of", trunk=trunk, n=count)

    def _hang_up_stopped(self) -> None:
        """End the calls of what is stopped; asked again each time until they are over.

        The PBX does not know yet of a call that was ordered a moment ago.
        """
        for call in self._stopped():
            with contextlib.suppress(PbxError):
                self._pbx.hang_up(call.attempt.id)
                call.hung_up_by_us = True

    def _stopped(self) -> list[Call]:
        if self.halted:
            return list(self._calls)
        stopping = [one for one in self.campaigns if one.state is CampaignState.STOPPING]
        return [call for one in stopping for call in self._calls.of_campaign(one.id)]
