"""The dialer: claims, places and closes calls until it is told to stop."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import structlog

from campaigns.campaign import Campaign, Limits
from campaigns.errors import StoreUnavailable
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.states import CampaignState
from dialer import outcomes
from dialer.allotment import Allotment
from dialer.book import Book
from dialer.calls import Call, Calls, utc_now
from dialer.claim import Claimed, Want
from dialer.clock import ClockWatch
from dialer.commits import Commits
from dialer.events import Event, LinkDown, LinkUp
from dialer.hearing import Hearing
from dialer.journal import Journal
from dialer.machines import MachineWatch
from dialer.occupancy import Occupancy
from dialer.originate import Sender, Sounds
from dialer.outcomes import Closing
from dialer.pbx import Pbx
from dialer.portions import ALONE, Portions
from dialer.reconcile import Reconciled, Reconciliation
from dialer.recorder import Recorder
from dialer.recordings import Recordings
from dialer.scheduler import Scheduler
from dialer.settling import Settling
from dialer.sharing import Sharing
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from dialer.upkeep import Chore
from store.refusals import Refusals

CYCLE_S = 0.04
"""How often it is seen whether there is anything to write: calls ended, keys pressed, calls to
place."""

AGAIN_S = 0.3
"""How soon what failed is tried again."""

GRACE_S = 90.0
"""How long a stopping dialer waits for its calls to end before it leaves them to the next."""

OVERDUE_S = 15.0
"""How long past its longest life a call is waited for before the PBX is asked about it."""

log = structlog.get_logger()


class Dialer:
    """Drives one PBX for every running campaign of one database."""

    def __init__(
        self,
        book: Book,
        pbx: Pbx,
        trunks: Trunks,
        journal: Journal,
        sounds: Sounds,
        recordings: Recordings,
        system: Limits,
        chores: Sequence[Chore] = (),
        portions: Portions = ALONE,
    ) -> None:
        self._book = book
        self._portions = portions
        self._pbx = pbx
        self._trunks = trunks
        self._calls = Calls()
        self._throttle = Throttle(system)
        self._allotment = Allotment(self._throttle, trunks)
        self._occupancy = Occupancy(self._calls, self._throttle, trunks)
        self._refusals = Refusals(book.engine)
        self._sender = Sender(pbx, self._refusals, trunks, self._throttle, sounds, self._not_sent)
        self._commits = Commits(book, self._leave, self._not_sent)
        asked = asyncio.Event()
        self._urgent = asyncio.Event()
        self._hearing = Hearing(
            self._calls, self._hung_up, self._never_placed, asked.set, self._urgent.set
        )
        self._machines = MachineWatch(self._calls, pbx)
        self._recorder = Recorder(book, self._hearing)
        self._journal = journal
        self._has_room = True
        reconciliation = Reconciliation(book, pbx, journal, self._calls, self._adopt, asked.set)
        self._settling = Settling(
            pbx, reconciliation, self._occupancy, self._throttle, self._take_in, asked
        )
        sharing = Sharing(
            book, portions, trunks, self._throttle, system, lambda: self._settling.ready
        )
        self._recordings = recordings
        self._scheduler = Scheduler(
            book, pbx, trunks, self._throttle, self._calls, sharing, recordings, self._status
        )
        self._clock = ClockWatch(utc_now().timestamp(), time.monotonic())
        self._chores = chores
        self._look_again = 0.0
        self._node = ""
        self._stopping = asyncio.Event()

    async def run(self, ready: Callable[[], None] | None = None) -> bool:
        """Dial until `stop`, then wait for calls in hand to end.

        Args:
            ready: told when everything in flight is settled and calls can be placed.

        Returns:
            Whether no call was left up.

        Raises:
            LeaseLost: another dialer drives this database.
            PbxError: the PBX cannot be reached, or rejects the login.
        """
        self._node = await self._book.open()
        async with AsyncExitStack() as ending:
            self._end_with(ending)
            await self._pbx.open(self._hear)
            await self._scheduler.open()
            for chore in self._chores:
                self._scheduler.also(chore)
            self._settling.begin(ready)
            await self._dial()
            await self._drain()
        return not self._up()

    def _end_with(self, ending: AsyncExitStack) -> None:
        """What is done at the end, the last first: the lease is given back whatever goes wrong."""
        ending.push_async_callback(self._book.close)
        ending.callback(self._refusals.close)
        ending.push_async_callback(self._commits.end)
        ending.push_async_callback(self._pbx.close)
        ending.push_async_callback(self._settling.end)
        ending.callback(self._scheduler.close)

    def stop(self) -> None:
        """Place no more calls; `run` returns when those in hand have ended."""
        self._sender.halted = True
        self._stopping.set()
        self._urgent.set()

    async def _dial(self) -> None:
        while not self._stopping.is_set():
            begun = time.monotonic()
            self._scheduler.check()
            await self._look_at_clock(begun)
            self._look_for_overdue(begun)
            self._settling.where_asked()
            await self._cycle()
            await self._pause(begun + CYCLE_S - time.monotonic())

    async def _look_at_clock(self, now: float) -> None:
        """What was allowed by a clock that was wrong is looked at anew by the right one."""
        stepped = self._clock.step(utc_now().timestamp(), now)
        if stepped:
            log.warning("the wall clock was stepped", seconds=round(stepped, 1))
            self._commits.void()
            self._sender.void()
            self._throttle.ramp_up(now)
            self._scheduler.run_jobs_now()
            await self._scheduler.tick()

    async def _drain(self) -> None:
        deadline = time.monotonic() + GRACE_S
        while (self._up() or self._recorder.waiting) and time.monotonic() < deadline:
            self._settling.where_asked()
            await self._cycle()
            await asyncio.sleep(CYCLE_S)
        with contextlib.suppress(StoreUnavailable):
            await self._scheduler.take_back()
        if self._calls:
            log.warning("calls left to the next dialer", calls=len(self._calls))

    def _up(self) -> bool:
        """Whether any call is up that will end: one that a dead PBX left cannot be waited for."""
        return any(not call.cut_off for call in self._calls)

    async def _pause(self, seconds: float) -> None:
        """Wait for the next cycle, which begins at once where somebody has refused.

        Not by `wait_for`, which loses a cancellation that comes while the event is set
        (CPython issue 86296, until 3.12).
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._urgent.wait()
        self._urgent.clear()

    # What one cycle does

    async def _cycle(self) -> None:
        if self._book.was_restarted():
            self._settling.unsettle()
        wants = self._wants()
        try:
            claimed = await self._recorder.write(wants, at_once=self._stopping.is_set())
        except StoreUnavailable as error:
            self._place(wants, [Claimed() for _ in wants])
            if wants:
                # Whether a commit that failed was made after all is not known: attempts may stand
                # that nobody has in hand.
                self._settling.unsettle()
            log.error("the store cannot record; dialing waits", why=str(error))
            await asyncio.sleep(AGAIN_S)
        else:
            if claimed is not None:
                self._commits.follow(self._place(wants, claimed))

    def _wants(self) -> list[Want]:
        if not self._may_dial():
            return []
        now = time.monotonic()
        return self._allotment.wants(self._callable(), self._scheduler.needed, self._node, now)

    def _may_dial(self) -> bool:
        able = self._settling.ready and self._pbx.connected and not self._stopping.is_set()
        mine = self._book.holds and self._portions.fresh
        return able and mine and not self._scheduler.halted and self._can_journal()

    def _can_journal(self) -> bool:
        """What the PBX could not write down of a call, nobody would know after a gap."""
        before, self._has_room = self._has_room, self._journal.has_room()
        if before != self._has_room:
            log.error("room for the journal of the PBX", enough=self._has_room)
        return self._has_room

    def _callable(self) -> list[Campaign]:
        """Campaigns that may have somebody to call."""
        return [
            one
            for one in self._scheduler.campaigns
            if one.state is CampaignState.RUNNING and not one.hold and self._recordings.ready(one)
        ]

    def _place(self, wants: list[Want], claimed: Sequence[Claimed]) -> list[Call]:
        """Take what was claimed in hand, and let go of what was not."""
        now = time.monotonic()
        placed = []
        for want, done in zip(wants, claimed, strict=True):
            calls = [
                Call(taken.attempt, want.campaign, taken.attempts, taken.tries, now)
                for taken in done.taken
            ]
            for call in calls:
                self._calls.add(call)
            self._allotment.settle(want, done, now)
            placed += calls
        return placed

    # What comes back

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, LinkDown):
                log.warning("link to the PBX lost", why=event.reason)
                self._settling.unsettle()
            elif isinstance(event, LinkUp):
                log.info("link to the PBX is up")
            else:
                self._occupancy.hear(event)
                self._machines.hear(event)
                self._hearing.hear(event)

    def _leave(self, calls: Sequence[Call]) -> None:
        self._sender.add(calls)

    def _adopt(self, call: Call) -> None:
        call.claimed = call.claimed or time.monotonic()
        self._calls.add(call)
        self._occupancy.take(call)

    def _hung_up(self, call: Call, closing: Closing) -> None:
        if call.closed:
            return
        call.closed = True
        self._occupancy.ended(closing)
        self._recorder.add(closing)

    def _never_placed(self, call: Call, outcome: Outcome) -> None:
        self._hung_up(call, outcomes.never_placed(call, outcome, utc_now()))

    def _not_sent(self, call: Call) -> None:
        if self._calls.remove(call.attempt.id) is not None:
            self._hung_up(call, outcomes.unsent(call, utc_now()))

    def _take_in(self, found: Reconciled) -> None:
        for call in found.doubtful:
            self._occupancy.hold(call)
        for closing in found.closings:
            self._calls.remove(closing.call.attempt.id)
            self._hung_up(closing.call, closing)
        self._hearing.hear_again(found.refusals)

    def _look_for_overdue(self, now: float) -> None:
        """A call that outlives its longest life lost its Hangup on the way: ask the PBX."""
        if now < self._look_again:
            return
        self._look_again = now + OVERDUE_S
        if any(now - call.claimed > call.campaign.max_call_s + OVERDUE_S for call in self._calls):
            self._settling.ask()

    def _gate(self, campaign: Campaign) -> Gate | None:
        """What keeps everybody in a campaign from being called by this dialer."""
        if self._recordings.missed(campaign):
            return Gate.MESSAGE_MISSING
        return self._trunks.gate(campaign) or self._allotment.gate(campaign)

    def _status(self, at: datetime) -> dict[str, Any]:
        """What the dialer shows of itself: to the page, to `why`, to health checks."""
        now = time.monotonic()
        campaigns = self._scheduler.campaigns
        return {
            "at": at.isoformat(),
            "ready": self._settling.ready and self._has_room,
            "connected": self._pbx.connected,
            "gaps": self._settling.gaps,
            "channels": self._throttle.channels,
            "answered": sum(call.answered_at is not None for call in self._calls),
            "campaigns": {
                str(one.id): {
                    "channels": self._throttle.channels_of(one.id),
                    "calls_per_second": self._throttle.rate_of(one.id, now),
                    "gate": self._gate(one),
                    "transfers_closed": self._trunks.transfers_closed(one),
                }
                for one in campaigns
            },
            "trunks": self._trunks.status(now),
        }
