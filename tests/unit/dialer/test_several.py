"""Several dialers on one PostgreSQL: nobody twice, nobody lost, limits kept in sum."""

import asyncio
import threading
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dialing import Dialing, dialing, until
from fake_pbx import FakeCall, FakePbx, deliver
from sqlalchemy import Engine, update
from store_subjects import World, number

from campaigns.errors import StoreUnavailable
from campaigns.retry import RetryPolicy
from campaigns.states import Action
from dialer import book, portions, reconcile, scheduler, settling
from store import attempts, leases, turns
from store.engine import reading, writing
from store.leases import LEASE_LASTS
from store.tables import attempt, lease

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(settling, "AGAIN_S", 0.02)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)
    monkeypatch.setattr(portions, "LINGER_S", 1.1)


@pytest.fixture
def world(postgres_store: Engine) -> World:
    return World(postgres_store, datetime.now(UTC) - timedelta(days=1))


async def several(
    stack: AsyncExitStack, world: World, directory: Path, pbxs: dict[str, FakePbx]
) -> dict[str, Dialing]:
    return {
        name: await stack.enter_async_context(
            dialing(world.engine, directory / name, pbx, node=name)
        )
        for name, pbx in pbxs.items()
    }


def numbers(*pbxs: FakePbx) -> Counter[str]:
    return Counter(order.number for pbx in pbxs for order in pbx.orders)


async def test_they_share_the_people_of_a_campaign(world: World, tmp_path: Path) -> None:
    campaign = world.called(400, max_channels=40, max_cps=400.0, retry=ONCE)
    pbxs = {name: FakePbx(deliver) for name in ("a", "b", "c")}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        await runs["a"].over(campaign.id)
        world.check()
    assert set(numbers(*pbxs.values()).values()) == {1}
    assert sum(numbers(*pbxs.values()).values()) == 400
    assert all(len(pbx.orders) > 40 for pbx in pbxs.values()), "some had nearly nothing to do"
    assert world.states(campaign.id) == {"reached": 400}
    assert {one["node"] for one in world.attempts().values()} == {"a", "b", "c"}


async def test_channels_are_kept_in_sum_and_used(world: World, tmp_path: Path) -> None:
    pbxs = {name: FakePbx(FakeCall.answer) for name in ("a", "b", "c")}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        campaign = world.called(200, max_channels=20, max_cps=400.0, retry=ONCE)
        await until(lambda: sum(len(pbx.calls) for pbx in pbxs.values()) == 20)
        await runs["a"].looks(8)
        assert sum(len(pbx.calls) for pbx in pbxs.values()) == 20
        assert sorted(len(pbx.calls) for pbx in pbxs.values()) == [6, 7, 7]
        world.act(campaign.id, Action.STOP)
        await runs["a"].over(campaign.id)


async def test_two_campaigns_never_call_one_number_at_once(world: World, tmp_path: Path) -> None:
    """A number is locked for all dialers; the second campaign calls it when the first is done."""
    pbxs = {name: FakePbx(FakeCall.answer) for name in ("a", "b")}
    async with AsyncExitStack() as stack:
        await several(stack, world, tmp_path, pbxs)
        people = [number(index) for index in range(30)]
        for _ in range(2):
            controller = world.controller()
            mine = world.contacts(controller, people)
            world.campaign(controller, [mine], max_channels=100, max_cps=400.0, retry=ONCE)
        await until(lambda: sum(len(pbx.calls) for pbx in pbxs.values()) == 30)
        assert set(numbers(*pbxs.values()).values()) == {1}


async def test_the_others_go_on_where_one_dies(world: World, tmp_path: Path) -> None:
    pbxs = {"a": FakePbx(deliver), "b": FakePbx(FakeCall.answer)}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        campaign = world.called(100, max_channels=20, max_cps=400.0, retry=ONCE)
        await until(lambda: len(pbxs["b"].calls) == 10)
        runs["b"].task.cancel()
        runs["b"].expected = asyncio.CancelledError()
        await asyncio.wait([runs["b"].task])
        lapse(world.engine, "b")
        left = set(pbxs["b"].calls)
        await until(lambda: world.states(campaign.id).get("reached") == 90)
        assert world.states(campaign.id) == {"reached": 90, "calling": 10}
        assert {call.order.number for call in pbxs["b"].calls.values()} <= world.locks().keys()
        _outlive(world.engine, left)
        await until(lambda: world.states(campaign.id).get("in_doubt") == 10)
        assert {call.order.number for call in pbxs["b"].calls.values()} <= world.locks().keys()
    async with dialing(world.engine, tmp_path / "b", pbxs["b"], node="b") as again:
        for call in list(pbxs["b"].calls.values()):
            call.play_to_the_end()
        await until(lambda: again.world.states(campaign.id) == {"reached": 100})
    assert set(numbers(*pbxs.values()).values()) == {1}


def lapse(engine: Engine, name: str) -> None:
    """A dialer is no more, and nobody gave its lease back."""
    with writing(engine) as connection:
        gone = {"process": "elsewhere:1:1", "status": {}}
        at = datetime.now(UTC) - LEASE_LASTS
        connection.execute(update(lease).where(lease.c.name == name).values(renewed_at=at, **gone))


def _outlive(engine: Engine, ids: set[str]) -> None:
    """The longest life of these calls is over."""
    with writing(engine) as connection:
        connection.execute(
            update(attempt)
            .where(attempt.c.id.in_(ids))
            .values(claimed_at=datetime.now(UTC) - timedelta(hours=5))
        )


async def test_calls_of_a_node_that_has_no_lease_at_all_are_closed_too(
    world: World, tmp_path: Path
) -> None:
    """As of a dialer of an earlier version, which was alone and had no name."""
    campaign = world.called(5, max_channels=5, max_cps=400.0, retry=ONCE)
    pbx = FakePbx(FakeCall.answer)
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, {"b": pbx})
        await until(lambda: len(pbx.calls) == 5)
        runs["b"].task.cancel()
        runs["b"].expected = asyncio.CancelledError()
        await asyncio.wait([runs["b"].task])
        with writing(world.engine) as connection:
            connection.execute(update(attempt).values(node="before"))
        _outlive(world.engine, set(pbx.calls))
        await several(stack, world, tmp_path, {"a": FakePbx(deliver)})
        await until(lambda: world.states(campaign.id) == {"in_doubt": 5})


def test_one_waits_for_the_turn_of_the_other(postgres_store: Engine) -> None:
    """So nothing that a claim has looked at changes before it is committed."""
    order: list[str] = []

    def write() -> None:
        with writing(postgres_store) as connection:
            turns.take(connection)
            order.append("the other")

    with writing(postgres_store) as connection:
        turns.take(connection)
        other = threading.Thread(target=write)
        other.start()
        other.join(0.3)
        order.append("the first")
    other.join()
    assert order == ["the first", "the other"]


async def test_a_drained_one_places_nothing_more(world: World, tmp_path: Path) -> None:
    pbxs = {name: FakePbx(deliver) for name in ("a", "b")}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        with writing(world.engine) as connection:
            leases.drain(connection, "b", draining=True)
        await runs["b"].looks(8)
        campaign = world.called(60, max_channels=20, max_cps=400.0, retry=ONCE)
        await runs["a"].over(campaign.id)
    assert (len(pbxs["a"].orders), len(pbxs["b"].orders)) == (60, 0)


async def test_one_that_cannot_renew_its_lease_places_nothing_more(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else still works."""
    monkeypatch.setattr(book, "LEASE_MARGIN_S", LEASE_LASTS.total_seconds() - 0.3)
    pbxs = {name: FakePbx(deliver) for name in ("a", "b")}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        monkeypatch.setattr(runs["b"].dialer._book, "_renew", _cut_off)
        await until(lambda: not runs["b"].dialer._book.holds)
        campaign = world.called(60, max_channels=20, max_cps=400.0, retry=ONCE)
        await runs["a"].over(campaign.id)
    assert (len(pbxs["a"].orders), len(pbxs["b"].orders)) == (60, 0)


def _cut_off(status: object) -> None:
    raise StoreUnavailable("The database is out of reach.")


async def test_it_settles_its_own_calls_alone(world: World, tmp_path: Path) -> None:
    """What the PBX of another knows cannot be seen from here."""
    pbxs = {name: FakePbx(FakeCall.answer) for name in ("a", "b")}
    async with AsyncExitStack() as stack:
        runs = await several(stack, world, tmp_path, pbxs)
        await runs["b"].looks(8)  # until they know of each other
        world.called(20, max_channels=20, max_cps=400.0, retry=ONCE)
        await until(lambda: all(len(pbx.calls) == 10 for pbx in pbxs.values()))
        listed = pbxs["a"].lists
        pbxs["a"].go_down()
        pbxs["a"].come_up()
        await until(lambda: pbxs["a"].lists > listed and runs["a"].dialer._settling.ready)
        await runs["a"].looks(20)  # longer than what it knew nothing of is waited for
        with reading(world.engine) as connection:
            open_ = attempts.still_open(connection)
        assert {one.attempt.id for one in open_} == pbxs["a"].calls.keys() | pbxs["b"].calls.keys()
