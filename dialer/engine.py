"""The dialer: claims, places and closes calls until it is told to stop."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from campaigns.campaign import Campaign, Limits
from campaigns.errors import PbxError, StoreUnavailable
from campaigns.outcome import Outcome
from campaigns.states import CampaignState
from dialer import outcomes
from dialer.allotment import Allotment
from dialer.book import Book, Entry
from dialer.calls import Call, Calls, utc_now
from dialer.claim import Claimed, Want
from dialer.clock import ClockWatch
from dialer.hearing import Hearing
from dialer.journal import Journal
from dialer.occupancy import Occupancy
from dialer.originate import Sender, Sounds
from dialer.outcomes import Closing
from dialer.pbx import Event, LinkDown, LinkUp, Pbx
from dialer.reconcile import Reconciled, Reconciliation
from dialer.scheduler import Scheduler
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from dialer.upkeep import Chore
from store.refusals import Refusals

CYCLE_S = 0.04
"""How often it is seen whether there is anything to write: calls ended, keys pressed, calls to
place."""

GATHER_S = 0.15
"""How long the ends of calls may wait for others, or for a claim, to be written together. A refusal
never waits."""

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
        system: Limits,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._book = book
        self._pbx = pbx
        self._trunks = trunks
        self._calls = Calls()
        self._throttle = Throttle(system)
        self._allotment = Allotment(self._throttle, trunks)
        self._occupancy = Occupancy(self._calls, self._throttle, trunks)
        self._refusals = Refusals(book.engine)
        self._sender = Sender(pbx, self._refusals, trunks, self._throttle, sounds, self._not_sent)
        self._reconcile_again = asyncio.Event()
        self._hearing = Hearing(
            self._calls, self._hung_up, self._never_placed, self._reconcile_again.set
        )
        self._journal = journal
        self._has_room = True
        self._reconciliation = Reconciliation(
            book, pbx, journal, self._calls, self._adopt, self._reconcile_again.set
        )
        self._scheduler = Scheduler(book, pbx, trunks, self._throttle, self._calls, self._status)
        self._clock = ClockWatch(utc_now().timestamp(), time.monotonic())
        self._chores = chores
        self._closings: list[Closing] = []
        self._look_again = self._written = 0.0
        self._node = ""
        self._ready = self._in_quarantine = False
        self._tell_ready: Callable[[], None] | None = None
        self._reconciling: asyncio.Task[None] | None = None
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
        try:
            await self._pbx.open(self._hear)
            await self._scheduler.open()
            for chore in self._chores:
                self._scheduler.also(chore)
            self._tell_ready = ready
            self._reconcile_again.set()
            await self._dial()
            await self._drain()
        finally:
            self._scheduler.close()
            await self._end_reconciling()
            await self._pbx.close()
            self._refusals.close()
            await self._book.close()
        return not self._up()

    def stop(self) -> None:
        """Place no more calls; `run` returns when those in hand have ended."""
        self._sender.halted = True
        self._stopping.set()

    async def _dial(self) -> None:
        while not self._stopping.is_set():
            begun = time.monotonic()
            self._scheduler.check()
            await self._look_at_clock(begun)
            self._look_for_overdue(begun)
            self._reconcile_where_asked()
            await self._cycle()
            await self._pause(begun + CYCLE_S - time.monotonic())

    async def _look_at_clock(self, now: float) -> None:
        """What was allowed by a clock that was wrong is looked at anew by the right one."""
        stepped = self._clock.step(utc_now().timestamp(), now)
        if stepped:
            log.warning("the wall clock was stepped", seconds=round(stepped, 1))
            self._sender.void()
            self._throttle.ramp_up(now)
            self._scheduler.run_jobs_now()
            await self._scheduler.tick()

    async def _drain(self) -> None:
        deadline = time.monotonic() + GRACE_S
        while (self._up() or self._closings) and time.monotonic() < deadline:
            self._reconcile_where_asked()
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
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), max(seconds, 0.001))

    # What one cycle does

    async def _cycle(self) -> None:
        wants = self._wants()
        entry = Entry(self._closings, self._hearing.refusals(), wants)
        if not self._is_due(entry):
            return
        self._closings = []
        self._written = time.monotonic()
        try:
            claimed = await self._book.write(entry)
        except StoreUnavailable as error:
            self._keep(entry)
            claimed = [Claimed() for _ in wants]
            if wants:
                # Whether a commit that failed was made after all is not known: attempts may stand
                # that nobody has in hand.
                self._ready = False
                self._reconcile_again.set()
            log.error("the store cannot record; dialing waits", why=str(error))
            await asyncio.sleep(AGAIN_S)
        self._place(wants, claimed)

    def _is_due(self, entry: Entry) -> bool:
        """Whether to write now, or to wait until there is more."""
        urgent = bool(entry.refusals or entry.wants or outcomes.opted_out(entry.closings))
        rested = time.monotonic() - self._written >= GATHER_S
        return urgent or (bool(entry) and (rested or self._stopping.is_set()))

    def _wants(self) -> list[Want]:
        if not self._may_dial():
            return []
        now = time.monotonic()
        return self._allotment.wants(self._callable(), self._scheduler.needed, self._node, now)

    def _may_dial(self) -> bool:
        able = self._ready and self._pbx.connected and not self._stopping.is_set()
        return able and not self._scheduler.halted and self._can_journal()

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
            if one.state is CampaignState.RUNNING and not one.hold
        ]

    def _place(self, wants: list[Want], claimed: list[Claimed]) -> None:
        now = time.monotonic()
        for want, done in zip(wants, claimed, strict=True):
            calls = [
                Call(taken.attempt, want.campaign, taken.attempts, taken.tries, now)
                for taken in done.taken
            ]
            for call in calls:
                self._calls.add(call)
            self._allotment.settle(want, done, now)
            self._sender.add(calls)

    def _keep(self, entry: Entry) -> None:
        """Nothing was written: write it again next time."""
        self._closings = entry.closings + self._closings
        self._hearing.hear_again(entry.refusals)

    # What comes back

    def _hear(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, LinkDown):
                log.warning("link to the PBX lost", why=event.reason)
                self._ready = False
                self._reconcile_again.set()
            elif isinstance(event, LinkUp):
                log.info("link to the PBX is up")
            else:
                self._occupancy.hear(event)
                self._hearing.hear(event)

    def _adopt(self, call: Call) -> None:
        call.claimed = call.claimed or time.monotonic()
        self._calls.add(call)
        self._occupancy.take(call)

    def _hung_up(self, call: Call, closing: Closing) -> None:
        if call.closed:
            return
        call.closed = True
        self._occupancy.ended(closing)
        self._closings.append(closing)

    def _never_placed(self, call: Call, outcome: Outcome) -> None:
        self._hung_up(call, outcomes.never_placed(call, outcome, utc_now()))

    def _not_sent(self, call: Call) -> None:
        if self._calls.remove(call.attempt.id) is not None:
            self._hung_up(call, outcomes.unsent(call, utc_now()))

    # After a gap

    def _reconcile_where_asked(self) -> None:
        """Settle what was in flight, beside the cycles, which go on writing ends and refusals."""
        idle = self._reconciling is None or self._reconciling.done() or self._in_quarantine
        if idle and self._reconcile_again.is_set() and self._pbx.connected:
            self._reconcile_again.clear()
            # No claim meanwhile: one that is committed and not yet in hand would look abandoned.
            self._ready = self._in_quarantine = False
            if self._reconciling is not None:
                self._reconciling.cancel()
            self._reconciling = asyncio.create_task(self._reconcile())

    async def _reconcile(self) -> None:
        try:
            async for found in self._reconciliation.rounds():
                self._in_quarantine = False
                self._take_in(found)
                await self._go_on(found)
        except (PbxError, StoreUnavailable) as error:
            self._in_quarantine = False
            log.warning("cannot reconcile yet", why=str(error))
            await asyncio.sleep(AGAIN_S)
            self._reconcile_again.set()

    async def _go_on(self, found: Reconciled) -> None:
        """Place calls again; what is in quarantine is settled beside them."""
        if self._ready:
            return
        self._occupancy.take_others(await self._pbx.other_channels())
        for call in found.quarantined:
            self._occupancy.take(call)
        self._throttle.ramp_up(time.monotonic())
        self._ready = not self._reconcile_again.is_set()
        self._in_quarantine = bool(found.quarantined)
        if self._ready and self._tell_ready is not None:
            self._tell_ready()
            self._tell_ready = None

    def _take_in(self, found: Reconciled) -> None:
        for closing in found.closings:
            self._calls.remove(closing.call.attempt.id)
            self._hung_up(closing.call, closing)
        self._hearing.hear_again(found.refusals)

    async def _end_reconciling(self) -> None:
        if self._reconciling is not None:
            self._reconciling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reconciling

    def _look_for_overdue(self, now: float) -> None:
        """A call that outlives its longest life lost its Hangup on the way: ask the PBX."""
        if now < self._look_again:
            return
        self._look_again = now + OVERDUE_S
        if any(now - call.claimed > call.campaign.max_call_s + OVERDUE_S for call in self._calls):
            self._reconcile_again.set()

    def _status(self, at: datetime) -> dict[str, Any]:
        """What the dialer shows of itself: to the page, to `why`, to health checks."""
        now = time.monotonic()
        campaigns = self._scheduler.campaigns
        return {
            "at": at.isoformat(),
            "ready": self._ready and self._has_room,
            "connected": self._pbx.connected,
            "channels": self._throttle.channels,
            "answered": sum(call.answered_at is not None for call in self._calls),
            "campaigns": {
                str(one.id): {
                    "channels": self._throttle.channels_of(one.id),
                    "calls_per_second": self._throttle.rate_of(one.id, now),
                    "gate": self._trunks.gate(one),
                }
                for one in campaigns
            },
            "trunks": self._trunks.status(now),
        }
