"""What the dialer writes: every transaction of its own, on one thread, under its lease.

Of several dialers one writes at a time, as of an embedded database: whatever a claim has looked at,
caps, budgets, stages, locks on numbers, stays as it was until it is committed. Each holds the
others off for some milliseconds, for it does not wait for the disk meanwhile (docs/several.md).
"""

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine

from campaigns import stages
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.suppression_key import is_digest
from campaigns.errors import LeaseLost, StoreUnavailable
from campaigns.reply import ReplyKind
from campaigns.states import AttemptState, TargetState
from dialer import outcomes, told
from dialer.calls import Call, utc_now
from dialer.claim import Claimed, Want, claim
from dialer.outcomes import Closing, talked_s
from operations import key_consents
from store import attempts, disk, leases, queue, replies, spending, suppressions, tallies, turns
from store.disk import Disk
from store.engine import reading, writing
from store.leases import Lease
from store.replies import Kept
from store.spending import Spent

LEASE_MARGIN_S = 3.0
"""How long before its lease can lapse a dialer that did not renew it places no more calls: a call
claimed just then may still leave within the time that a claim is fresh."""

_RESTARTED = "The database was restarted: what was in flight is settled again."

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Entry:
    """What one transaction writes.

    Attributes:
        closings: calls that ended.
        refusals: calls in which 9 was pressed and which are still up.
        wants: claims to make.
    """

    closings: list[Closing] = field(default_factory=list)
    refusals: list[Call] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.closings or self.refusals or self.wants)


class Book:
    """The dialer's hand on the database: one thread, one transaction at a time.

    Args:
        engine: of the database.
        node: the name under which this dialer works.
        capacity: concurrent calls that its PBX carries.
    """

    def __init__(self, engine: Engine, node: str = leases.MAIN, capacity: int = 1) -> None:
        self.engine = engine
        self.node = node
        self._capacity = capacity
        self._held_until = -math.inf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="book")
        self._disk = Disk(engine)
        self._disk_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="disk")
        self._disk_turn = asyncio.Lock()
        self._asked = self._reached = 0
        self._server = self._written_on = self._reached_on = ""
        self._restarted = False
        self._lease: Lease | None = None

    async def open(self) -> str:
        """Take the lease; the name of this node.

        Raises:
            LeaseLost: another dialer drives this database.
        """
        self._lease = await self._run(self._acquire)
        return self._lease.name

    @property
    def holds(self) -> bool:
        """Whether the lease cannot have lapsed: a dialer that is cut off from it places no call."""
        return time.monotonic() < self._held_until

    async def close(self) -> None:
        """Give the lease back, where it is still ours."""
        with contextlib.suppress(LeaseLost, StoreUnavailable):
            await self._run(self._release)
        self._thread.shutdown()
        self._disk_thread.shutdown()
        self._disk.close()

    async def on_disk(self) -> None:
        """Wait until all that was written is on the disk; who comes meanwhile shares the next turn.

        Raises:
            StoreUnavailable: the disk does not take it, or what was written may be gone.
        """
        self._asked += 1
        mine, written_on = self._asked, self._written_on
        async with self._disk_turn:
            if self._reached < mine:
                asked = self._asked
                loop = asyncio.get_running_loop()
                reach = self._disk.reach
                self._reached_on = await loop.run_in_executor(self._disk_thread, reach)
                self._reached = asked
            if written_on and self._reached_on != written_on:
                raise StoreUnavailable(_RESTARTED)

    def was_restarted(self) -> bool:
        """Whether the database's server began anew since this was last asked.

        What was written just before may be gone, though it was committed.
        """
        found, self._restarted = self._restarted, False
        if found:
            self._written_on = self._server
        return found

    async def write(self, entry: Entry) -> list[Claimed]:
        """Write it all in one transaction; what was claimed, for each want in order.

        It is in force then, and on the disk after `on_disk`: no claimed call leaves before.

        Raises:
            StoreUnavailable: nothing was written.
            LeaseLost: another dialer has taken over; nothing was written.
        """
        claimed, self._written_on = await self._run(self._write, entry)
        return claimed

    async def renew(self, status: Mapping[str, Any]) -> None:
        """Hold the lease for longer and show what the dialer does.

        Raises:
            StoreUnavailable: nothing was written.
            LeaseLost: another dialer has taken over.
        """
        await self._run(self._renew, status)

    async def transact(self, act: Callable[[Connection], T]) -> T:
        """Run something else in a writing transaction under the lease."""
        return await self._run(self._transact, act)

    async def read(self, ask: Callable[[Connection], T]) -> T:
        """Run something in a reading transaction."""
        return await self._run(self._read, ask)

    async def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*args, **kwargs))

    def _acquire(self) -> Lease:
        with reading(self.engine) as connection:
            leases.end_lapsed(connection, utc_now(), self.node)
        with self._holding(), writing(self.engine) as connection:
            return leases.acquire(connection, utc_now(), self.node, self._capacity)

    def _release(self) -> None:
        """Give it back for good: a renewal that was asked for just before comes after it here."""
        held, self._lease = self._held(), None
        with writing(self.engine) as connection:
            leases.release(connection, held, utc_now())

    def _renew(self, status: Mapping[str, Any]) -> None:
        with self._holding(), writing(self.engine, synchronised=False) as connection:
            leases.renew(connection, self._held(), utc_now(), status)

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """The lease lasts from the beginning of what renews it, and only where that succeeds."""
        begun = time.monotonic()
        yield
        self._held_until = begun + leases.LEASE_LASTS.total_seconds() - LEASE_MARGIN_S

    def _transact(self, act: Callable[[Connection], T]) -> T:
        with writing(self.engine) as connection:
            self._take_turn(connection)
            return act(connection)

    def _read(self, ask: Callable[[Connection], T]) -> T:
        with reading(self.engine) as connection:
            return ask(connection)

    def _write(self, entry: Entry) -> tuple[list[Claimed], str]:
        with writing(self.engine, synchronised=False) as connection:
            self._take_turn(connection)
            write_refusals(connection, entry.refusals)
            write_closings(connection, entry.closings)
            return [claim(connection, want, utc_now()) for want in entry.wants], self._server

    def _take_turn(self, connection: Connection) -> None:
        """Be the one dialer that writes, and the one that holds the lease.

        Raises:
            LeaseLost: another has taken over.
            StoreUnavailable: the server began anew, and may have forgotten what was written.
        """
        turns.take(connection)
        server = disk.begun(connection)
        if server != self._server:
            before, self._server = self._server, server
            if before:
                self._restarted = True
                raise StoreUnavailable(_RESTARTED)
        leases.check(connection, self._held())

    def _held(self) -> Lease:
        if self._lease is None:
            raise LeaseLost("This dialer does not drive this database.")
        return self._lease


def write_refusals(connection: Connection, calls: Sequence[Call]) -> None:
    """Suppress the numbers of people who pressed 9, for every campaign of their controller."""
    suppressions.add(connection, [_suppression(call, SuppressionReason.KEY) for call in calls])
    told.refusals(connection, calls)


def write_closings(connection: Connection, closings: Sequence[Closing]) -> None:
    """Write how calls ended, what becomes of their targets, and refusals.

    An attempt is closed once: what the store knows as closed already stays as it is. One that
    others gave up meanwhile, for a call does not last so long, is settled as one in doubt is.
    """
    closings = _still_open(connection, closings)
    if not closings:
        return
    attempts.close(connection, [closing.ended for closing in closings])
    queue.settle(connection, [closing.settled for closing in closings])
    refused = [
        _suppression(closing.call, SuppressionReason(closing.suppress))
        for closing in closings
        if closing.suppress
    ]
    suppressions.add(connection, refused)
    spending.add(connection, _spent(closings))
    delta = _delta(closings)
    delta.update(write_replies(connection, closings))
    tallies.add(connection, delta)
    told.closings(connection, closings)


def write_replies(connection: Connection, closings: Sequence[Closing]) -> tallies.Delta:
    """Write what was said with keys, and what was agreed to with one; how to count it.

    Whoever agreed and refused in the same call has refused.
    """
    said = {one.ended.id: one for one in closings if one.call.replies and not _is_erased(one)}
    new = replies.add(
        connection,
        [
            Kept(id_, closing.call.campaign.id, reply)
            for id_, closing in said.items()
            for reply in closing.call.replies.values()
        ],
    )
    for one in new:
        closing = said[one.attempt_id]
        if one.reply.kind is ReplyKind.CONSENT and not closing.suppress:
            key_consents.take(connection, closing.call.campaign, closing.call.attempt, one.reply)
    return Counter((one.campaign_id, tallies.REPLY, one.counted_as) for one in new)


def _is_erased(closing: Closing) -> bool:
    """Whether the person was taken out of the call while nobody knew how it had ended."""
    return is_digest(closing.call.attempt.number)


def _still_open(connection: Connection, closings: Sequence[Closing]) -> list[Closing]:
    first = {closing.ended.id: closing for closing in reversed(closings)}
    states = attempts.open_states(connection, first) if first else {}
    given_up = [one for id_, one in first.items() if _is_given_up(one, states.get(id_))]
    for one in given_up:
        one.call.target_state = TargetState.IN_DOUBT
    if given_up:
        log.warning("calls that were given up as in doubt are settled", calls=len(given_up))
    return [one for id_, one in first.items() if states.get(id_) is _stood_as(one)]


def _is_given_up(closing: Closing, state: AttemptState | None) -> bool:
    """Whether it is in doubt to others while its dialer, cut off from the store, kept its end."""
    known = closing.ended.state is not AttemptState.IN_DOUBT
    return known and state is AttemptState.IN_DOUBT and _stood_as(closing) is AttemptState.CLAIMED


def _stood_as(closing: Closing) -> AttemptState:
    doubtful = closing.call.target_state is TargetState.IN_DOUBT
    return AttemptState.IN_DOUBT if doubtful else AttemptState.CLAIMED


def _delta(closings: Sequence[Closing]) -> tallies.Delta:
    delta: tallies.Delta = Counter()
    for closing in closings:
        campaign_id = closing.call.campaign.id
        before = closing.call.target_state.value
        tallies.moved(delta, campaign_id, before, closing.settled.state.value)
        if closing.ended.outcome is not None:
            delta[campaign_id, tallies.OUTCOME, closing.ended.outcome.value] += 1
            delta[campaign_id, tallies.LATE, stages.LATE_START] += outcomes.began_late(
                closing.ended
            )
        if closing.ended.state is not AttemptState.IN_DOUBT:
            delta[campaign_id, tallies.MONEY, tallies.SPENT] += closing.ended.cost or 0
            delta[campaign_id, tallies.MONEY, tallies.RESERVED] -= closing.call.attempt.price.worst
    return delta


def _spent(closings: Sequence[Closing]) -> list[Spent]:
    """Answered calls that have ended; of a rehearsal only those that are priced."""
    return [
        Spent(
            campaign_id=one.call.campaign.id,
            day=spending.day_of(one.ended.answered_at),
            trunk=one.call.attempt.trunk,
            calls=1,
            seconds=talked_s(one.call, one.ended.answered_at, one.ended.ended_at),
            cost=one.ended.cost or 0,
            unpriced=not one.call.attempt.price.tariff,
        )
        for one in closings
        if one.ended.answered_at is not None
        and one.ended.state is AttemptState.CLOSED
        and (one.call.attempt.price.tariff or not one.call.campaign.rehearsal)
    ]


def _suppression(call: Call, reason: SuppressionReason) -> Suppression:
    return Suppression(
        number=call.attempt.number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=call.campaign.controller_id,
        reason=reason,
        source=f"attempt {call.attempt.id}",
        created_at=utc_now(),
        attempt_id=call.attempt.id,
    )
