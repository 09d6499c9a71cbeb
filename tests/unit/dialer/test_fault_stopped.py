"""The dialer is stopped (SIGSTOP) and continued, or the machine hardly runs.

A stop is an event loop that does nothing for a while: whatever was to happen meanwhile happens
when it goes on, all at once. What the gates saw before holds no longer then.
"""

import asyncio
import time as clock_of_the_process
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from dialing import Dialing, dialing, until
from fake_pbx import FakePbx, deliver
from sqlalchemy import Engine
from store_subjects import World, number

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.rules.windows import Window
from dialer import reconcile, scheduler
from dialer.calls import Call
from dialer.events import Event
from dialer.originate import FRESH_S
from store import suppressions
from store.engine import writing

PEOPLE = 3
TWO = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
"""14:00 in Paris."""
BEFORE_TWO = TWO - timedelta(seconds=3)
"""Time enough to claim somebody, on a machine that is full of other tests too."""
UNTIL_TWO = [Window(frozenset(range(1, 8)), time(9, 0), time(14, 0))]


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC) - timedelta(days=1))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)


def stop_before_sending(
    run: Dialing, seconds: float, meanwhile: Callable[[], None] = lambda: None
) -> list[str]:
    """Stop the dialer with claims in hand, once; the numbers that were to be called."""
    add, caught = run.dialer._sender.add, []

    def stopped(calls: list[Call]) -> None:
        if calls and not caught:
            caught.extend(call.attempt.number for call in calls)
            meanwhile()
            clock_of_the_process.sleep(seconds)
        add(calls)

    run.dialer._sender.add = stopped  # type: ignore[method-assign,assignment]
    return caught


def refuse(world: World, *numbers: str) -> None:
    """As the API or the command line do it, from a process of their own."""
    with writing(world.engine) as connection:
        rows = [
            Suppression(one, SuppressionScope.CONTROLLER, 1, SuppressionReason.API, "t", world.now)
            for one in numbers
        ]
        suppressions.add(connection, rows)


@pytest.mark.parametrize("seconds", [0.05, FRESH_S + 0.2], ids=["briefly", "for long"])
async def test_who_refused_meanwhile_is_not_called(
    world: World, tmp_path: Path, seconds: float
) -> None:
    async with dialing(world.engine, tmp_path, FakePbx(deliver)) as run:
        caught = stop_before_sending(run, seconds, lambda: refuse(world, number(1)))
        campaign = world.called(PEOPLE, max_cps=300.0)
        await run.over(campaign.id)
        world.check()
    assert number(1) in caught, "it was about to be called"
    assert sorted(order.number for order in run.pbx.orders) == [number(0), number(2)]
    assert world.states(campaign.id) == {"reached": 2, "refused": 1}


def _sleep_until_two() -> None:
    clock_of_the_process.sleep(max(0.0, (TWO - datetime.now(UTC)).total_seconds()))


async def test_nobody_is_called_after_the_hours_that_ended_meanwhile(
    own_store: Engine, tmp_path: Path
) -> None:
    with time_machine.travel(BEFORE_TWO, tick=True):
        world = World(own_store, datetime.now(UTC) - timedelta(days=1))
        async with dialing(world.engine, tmp_path) as run:
            caught = stop_before_sending(run, FRESH_S + 0.2, _sleep_until_two)
            campaign = world.called(PEOPLE, max_cps=300.0, windows=UNTIL_TWO)
            await until(lambda: world.states(campaign.id) == {"pending": PEOPLE} and bool(caught))
            await run.looks()
            world.check()
            assert run.pbx.orders == []
        claims = [one["claimed_at"] for one in world.attempts().values()]
        assert max(claims) < TWO
        assert {one["state"] for one in world.attempts().values()} == {"unsent"}


async def test_what_was_held_up_makes_no_burst(world: World, tmp_path: Path) -> None:
    """Tokens of the time in which nothing was sent are gone."""
    loop, sent = asyncio.get_running_loop(), []

    class Timed(FakePbx):
        def originate(self, order: object) -> None:
            sent.append(loop.time())
            super().originate(order)  # type: ignore[arg-type]

    world.called(200, max_channels=200, max_cps=30.0)
    async with dialing(world.engine, tmp_path, Timed(deliver)) as run:
        await until(lambda: len(sent) >= 15)
        for seconds in (0.3, 1.5):
            before = len(sent)
            stop_before_sending(run, seconds)
            await until(lambda before=before: len(sent) >= before + 35)  # type: ignore[misc]
    assert max(sum(at <= one < at + 1.0 for one in sent) for at in sent) <= 30


async def test_events_that_come_late_free_no_slot_early_and_lose_nothing(
    world: World, tmp_path: Path
) -> None:
    """The link tells everything half a second late, in order."""
    most = [0]

    class Late(FakePbx):
        def tell(self, *events: Event) -> None:
            most[0] = max(most[0], len(self.calls))
            asyncio.get_running_loop().call_later(0.5, super().tell, *events)

    campaign = world.called(20, max_channels=6, max_cps=300.0)
    async with dialing(world.engine, tmp_path, Late(deliver)) as run:
        await run.over(campaign.id)
        world.check()
    assert most[0] <= 6
    assert world.states(campaign.id) == {"reached": 20}
    called = Counter(order.number for order in run.pbx.orders)
    assert set(called.values()) == {1}
    assert {one["outcome"] for one in world.attempts().values()} == {"delivered"}
