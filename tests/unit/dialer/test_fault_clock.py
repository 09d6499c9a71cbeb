"""The wall clock of the machine is put elsewhere while calls are placed.

Only the wall clock moves (datetime and time.time); the monotonic one, on which asyncio and every
limit run, goes on. Both directions, by more than any lease, delay or window lasts.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from dialing import dialing, until
from fake_pbx import FakePbx, deliver
from sqlalchemy import Engine
from store_subjects import World

from campaigns.campaign import Limits
from campaigns.rules.windows import Window
from campaigns.states import Action
from dialer import reconcile, scheduler
from dialer.orders import OriginateOrder
from store import campaigns as kept
from store import leases
from store.engine import reading, writing

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AROUND_NOON = [Window(frozenset(range(1, 8)), time(11, 0), time(15, 0))]
"""In Paris, where it is 13:00 at noon UTC."""

both_ways = pytest.mark.parametrize(
    "step", [timedelta(hours=3), timedelta(hours=-3)], ids=["forward", "back"]
)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The wall clock, at noon."""
    with time_machine.travel(NOON, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(clock: time_machine.Traveller, own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC) - timedelta(days=1))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)


@both_ways
async def test_clock_work_goes_on_at_its_pace(
    world: World, tmp_path: Path, clock: time_machine.Traveller, step: timedelta
) -> None:
    """A limit holds, the lease is renewed by the new time, and a stop is obeyed."""
    campaign = world.called(100, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(3)
        clock.shift(step)
        with writing(world.engine) as connection:
            kept.limit(connection, campaign.id, Limits(5, 300))
        await run.up(5)
        await until(lambda: abs(renewed_at(world) - datetime.now(UTC)) < timedelta(seconds=5))
        world.act(campaign.id, Action.STOP)
        await until(lambda: world.states(campaign.id) == {"cancelled": 100})


def renewed_at(world: World) -> datetime:
    with reading(world.engine) as connection:
        holder = leases.holder(connection, datetime.now(UTC))
    assert holder is not None
    found: datetime = holder["renewed_at"]
    return found


@both_ways
async def test_a_step_makes_no_burst(
    world: World, tmp_path: Path, clock: time_machine.Traveller, step: timedelta
) -> None:
    loop, sent = asyncio.get_running_loop(), []

    class Timed(FakePbx):
        def originate(self, order: OriginateOrder) -> None:
            sent.append(loop.time())
            super().originate(order)

    world.called(400, max_channels=400, max_cps=40.0)
    async with dialing(world.engine, tmp_path, Timed(deliver)):
        await until(lambda: len(sent) >= 20)
        clock.shift(step)
        before = len(sent)
        await until(lambda: len(sent) >= before + 60)
    assert max(sum(at <= one < at + 1.0 for one in sent) for at in sent) <= 40


@both_ways
async def test_nobody_is_called_outside_the_hours_of_the_new_time(
    world: World, tmp_path: Path, clock: time_machine.Traveller, step: timedelta
) -> None:
    """Nor are those called who were claimed by the old one and not sent yet."""
    world.called(300, max_channels=300, max_cps=100.0, windows=AROUND_NOON)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(10)
        clock.shift(step)
        await until(lambda: world.locks().keys() == {one.number for one in run.pbx.orders})
        begun = len(run.pbx.orders)
        await run.looks()
        assert len(run.pbx.orders) == begun
        claimed = [one["claimed_at"] for one in world.attempts().values()]
        assert {abs(at - NOON) < timedelta(hours=1) for at in claimed} == {True}
        world.check()
        clock.shift(-step)
        await run.up(begun + 20)


@both_ways
async def test_calls_that_are_up_go_on_and_are_closed_once(
    world: World, tmp_path: Path, clock: time_machine.Traveller, step: timedelta
) -> None:
    campaign = world.called(4, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(4)
        clock.shift(step)
        await run.looks()
        assert len(run.pbx.calls) == 4
        assert run.pbx.asked_to_hang_up == []
        for call in calls:
            call.answer()
            call.play_to_the_end()
        await until(lambda: world.states(campaign.id) == {"reached": 4})
        world.check()
    assert len(run.pbx.orders) == 4
