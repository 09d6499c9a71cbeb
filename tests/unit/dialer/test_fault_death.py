"""The dialer dies at each step between the commit of a claim and the commit of the call's end.

Whatever the step, the next dialer calls nobody a second time, loses no refusal, leaves nothing in
doubt, and tells of each call what became of it. The PBX goes on by itself meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from dialing import Dialing, dialing, until
from fake_pbx import FakePbx
from sqlalchemy import Engine, event, select
from store_subjects import TRUNK, World, number

from campaigns.campaign import Campaign
from campaigns.retry import RetryPolicy
from campaigns.trunk import Trunk
from dialer import engine, reconcile, scheduler, settling
from dialer.calls import utc_now
from dialer.orders import OriginateOrder
from store.engine import reading, writing
from store.leases import LEASE_LASTS
from store.sqlite import driver as sqlite3
from store.tables import lease, suppression

ONCE = RetryPolicy(max_attempts=1)
PEOPLE = 3


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, utc_now())


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.3)
    monkeypatch.setattr(engine, "AGAIN_S", 0.02)
    monkeypatch.setattr(settling, "AGAIN_S", 0.02)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)


class Slow(FakePbx):
    """One whose orders wait on the way until the test lets them through."""

    holding = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.on_the_way: list[OriginateOrder] = []

    def _place(self, order: OriginateOrder) -> None:
        if self.holding:
            self.on_the_way.append(order)
        else:
            super()._place(order)

    def deliver(self) -> None:
        self.holding = False
        for order in self.on_the_way:
            super()._place(order)


@asynccontextmanager
async def store_locked(world: World) -> AsyncIterator[list[int]]:
    """Nothing is committed meanwhile, and nobody waits long for it; who tried is in the list."""
    tries: list[int] = []

    def hurry(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        connection.execute("PRAGMA busy_timeout=10")
        tries.append(1)

    event.listen(world.engine, "checkout", hurry)
    other = sqlite3.connect(str(world.engine.url.database), isolation_level=None, timeout=5)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield tries
    finally:
        other.execute("ROLLBACK")
        other.close()
        event.remove(world.engine, "checkout", hurry)


def deliver_to_everybody(pbx: FakePbx) -> None:
    for call in list(pbx.calls.values()):
        if not call.result:
            call.answer()
        if call.result == "optout":
            call.end(heard_ms=500, cause=16, tech="SIP 200 OK")
        else:
            call.play_to_the_end()


async def die(run: Dialing) -> None:
    """What it has in memory is gone; nothing more is written."""
    run.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run.task
    run.expected = asyncio.CancelledError()


async def more_than(tries: list[int], times: int = 6) -> None:
    """Until the database was asked so often more: the dialer has tried to write, more than once."""
    begun = len(tries)
    await until(lambda: len(tries) >= begun + times)


Step = Callable[[Dialing, World, Campaign], Awaitable[None]]


async def before_the_order(run: Dialing, world: World, campaign: Campaign) -> None:
    """Claims are committed, and no order was sent."""
    await until(lambda: len(world.locks()) == PEOPLE)
    assert run.pbx.orders == []
    await die(run)


async def order_on_its_way(run: Dialing, world: World, campaign: Campaign) -> None:
    """Orders were sent, and reach the PBX when the next dialer has looked at it already."""
    assert isinstance(run.pbx, Slow)
    pbx = run.pbx
    await until(lambda: len(pbx.on_the_way) == PEOPLE)
    await die(run)
    lists = pbx.lists

    async def later() -> None:
        await until(lambda: pbx.lists > lists)
        pbx.deliver()

    pbx.delivery = asyncio.create_task(later())  # type: ignore[attr-defined]


async def ringing(run: Dialing, world: World, campaign: Campaign) -> None:
    for call in await run.up(PEOPLE):
        call.ring()
    await until(lambda: all(call.ringing_at for call in run.dialer._calls))
    await die(run)


async def playing(run: Dialing, world: World, campaign: Campaign) -> None:
    for call in await run.up(PEOPLE):
        call.answer()
    await until(lambda: all(call.answered_at for call in run.dialer._calls))
    await die(run)


async def over_meanwhile(run: Dialing, world: World, campaign: Campaign) -> None:
    await playing(run, world, campaign)
    deliver_to_everybody(run.pbx)


async def key_not_committed(run: Dialing, world: World, campaign: Campaign) -> None:
    """9 was heard and not written: somebody holds the database until the dialer is dead."""
    calls = await run.up(PEOPLE)
    async with store_locked(world) as tries:
        for call in calls:
            call.answer()
            call.press("9")
        await more_than(tries)
        await die(run)
        assert refusals(world) == set()


async def key_and_end_not_committed(run: Dialing, world: World, campaign: Campaign) -> None:
    calls = await run.up(PEOPLE)
    async with store_locked(world) as tries:
        for call in calls:
            call.answer()
            call.press("9")
        deliver_to_everybody(run.pbx)
        await more_than(tries)
        await die(run)


async def key_while_nobody_listens(run: Dialing, world: World, campaign: Campaign) -> None:
    await playing(run, world, campaign)
    for call in run.pbx.calls.values():
        call.press("9")


async def end_not_committed(run: Dialing, world: World, campaign: Campaign) -> None:
    """The hangup was heard, and how the call ended was not written."""
    calls = await run.up(PEOPLE)
    async with store_locked(world) as tries:
        for call in calls:
            call.answer()
            call.play_to_the_end()
        await more_than(tries)
        await die(run)


def release(world: World) -> None:
    """As the lease of a process that is no more."""
    with writing(world.engine) as connection:
        gone = utc_now() - 2 * LEASE_LASTS
        connection.execute(lease.update().values(renewed_at=gone, status={}))


def refusals(world: World) -> set[str]:
    with reading(world.engine) as connection:
        return set(connection.execute(select(suppression.c.number)).scalars())


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (before_the_order, "delivered"),
        (order_on_its_way, "delivered"),
        (ringing, "delivered"),
        (playing, "delivered"),
        (over_meanwhile, "delivered"),
        (key_not_committed, "opted_out"),
        (key_and_end_not_committed, "opted_out"),
        (key_while_nobody_listens, "opted_out"),
        (end_not_committed, "delivered"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
async def test_a_death_between_commit_and_hangup(
    world: World, tmp_path: Path, step: Step, outcome: str
) -> None:
    people = {number(index) for index in range(PEOPLE)}
    pbx = Slow()
    pbx.holding = step is order_on_its_way
    async with dialing(world.engine, tmp_path, pbx) as run:
        if step is before_the_order:
            run.dialer._sender.add = lambda calls: None  # type: ignore[method-assign,assignment]
        campaign = world.called(PEOPLE, max_cps=300.0, retry=ONCE)
        await step(run, world, campaign)
        world.check()
    release(world)
    async with dialing(world.engine, tmp_path, pbx) as run:
        if outcome == "opted_out":
            await until(lambda: refusals(world) == people)
        await run.up(0 if "end" in step.__name__ or step is over_meanwhile else PEOPLE)
        world.check()
        deliver_to_everybody(pbx)
        await run.over(campaign.id)
        world.check()
    assert world.states(campaign.id) == {"reached": PEOPLE}
    ended = [one["outcome"] for one in world.attempts().values() if one["state"] == "closed"]
    assert ended == [outcome] * PEOPLE
    assert sorted(order.number for order in pbx.orders) == sorted(people), "each was called once"
    assert refusals(world) == (people if outcome == "opted_out" else set())


async def test_others_are_called_while_an_order_may_still_be_on_its_way(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is in quarantine keeps the lock on the number and the slot, and nobody else waits."""
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 60.0)
    pbx = Slow()
    pbx.holding = True
    first = world.called(2, max_cps=300.0, retry=ONCE)
    async with dialing(world.engine, tmp_path, pbx) as run:
        await until(lambda: len(pbx.on_the_way) == 2)
        await die(run)
    pbx.holding = False
    release(world)
    narrow = Trunk(TRUNK, "127.0.0.1", 5090, max_channels=3, max_cps=400)
    controller = world.controller()
    others = world.contacts(controller, [number(index) for index in range(10, 13)])
    second = world.campaign(controller, [others], max_cps=300.0, retry=ONCE)
    async with dialing(world.engine, tmp_path, pbx, [narrow]) as run:
        await run.up(1)
        assert len(pbx.calls) == world.states(second.id)["calling"] == 1
        assert world.states(first.id) == {"calling": 2}
        assert run.dialer._throttle.channels == 3
        pbx.deliver()
        deliver_to_everybody(pbx)
        assert len({order.number for order in pbx.orders}) == len(pbx.orders) == 3
