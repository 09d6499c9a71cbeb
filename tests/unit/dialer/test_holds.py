"""Stages, holds, and one stop for everything, by a whole dialer over a fake PBX."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fake_pbx
import pytest
from dialing import dialing, until
from fake_pbx import FakeCall, FakePbx
from sqlalchemy import Engine, select, update
from store_subjects import World, number

from audio.library import Library
from campaigns import stages
from campaigns.campaign import Campaign
from campaigns.errors import PbxError
from campaigns.states import Action, CampaignState
from operations import halt
from operations.hold import release
from operations.settings import load
from operations.workspace import Workspace
from store import audit, tables
from store import campaigns as kept
from store.engine import reading, writing
from store.sqlite import driver as sqlite3

pytestmark = pytest.mark.usefixtures("short_waits")

BOUNDS = {"opt_outs": 0.02, "invalid_numbers": 0.1}


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC))


@pytest.fixture
def workspace(own_store: Engine, tmp_path: Path) -> Workspace:
    return Workspace(load(tmp_path), own_store, Library(tmp_path / "audio"))


@pytest.fixture(autouse=True)
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "LEAST_CALLS", 5)


def loaded(world: World, campaign: Campaign) -> Campaign:
    with reading(world.engine) as connection:
        return kept.by_id(connection, campaign.id)


def acts(world: World) -> list[str]:
    with reading(world.engine) as connection:
        return [one["act"] for one in reversed(audit.latest(connection, 1, 50))]


def every(count: int, other: Callable[[FakeCall], None]) -> Callable[[FakeCall], None]:
    """A script in which each so-manieth person does something else than listen."""
    seen = 0

    def script(call: FakeCall) -> None:
        nonlocal seen
        seen += 1
        (other if seen % count == 0 else fake_pbx.deliver)(call)

    return script


# Stages


async def test_a_stage_calls_its_people_and_no_more_until_their_calls_ended(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(12, stages=[3, 8], bounds=BOUNDS, max_cps=200.0)
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        calls = await run.up(3)
        for call in calls[:2]:
            fake_pbx.deliver(call)
        await run.looks()
        assert len(pbx.orders) == 3, "one of them is still up"
        fake_pbx.deliver(calls[2])
        for call in await run.up(5):
            fake_pbx.deliver(call)
        for call in await run.up(4):
            fake_pbx.deliver(call)
        await run.over(campaign.id)
        assert len(pbx.orders) == 12
    assert acts(world)[:2] == ["campaign.next_stage"] * 2, "each by the clock"
    world.check()


async def test_a_retry_does_not_keep_a_stage_from_ending(world: World, tmp_path: Path) -> None:
    campaign = world.called(2, stages=[1], bounds=BOUNDS)
    (first, _) = world.targets(campaign.id)
    with writing(world.engine) as connection:
        row = update(tables.target).where(tables.target.c.id == first["id"])
        connection.execute(row.values(retry=True))
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        await run.up(2)
        await until(lambda: loaded(world, campaign).stage_limit == 1)
        again, fresh = sorted(pbx.calls.values(), key=lambda call: call.order.number)
        fake_pbx.deliver(fresh)
        await until(lambda: loaded(world, campaign).stage_limit is None)
        assert again.id in pbx.calls


async def test_a_bound_that_is_exceeded_holds_at_the_end_of_the_stage(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    campaign = world.called(40, stages=[20, 30], bounds=BOUNDS, max_cps=200.0)
    pbx = FakePbx(every(5, fake_pbx.opt_out))
    async with dialing(world.engine, tmp_path, pbx) as run:
        await until(lambda: loaded(world, campaign).hold == "opt_outs")
        await run.settled()  # what was claimed before the hold is sent, or goes back
        begun = len(pbx.orders)
        assert 15 <= begun <= 20
        await run.looks()
        assert len(pbx.orders) == begun, "a held campaign places nothing"
        assert loaded(world, campaign).state is CampaignState.RUNNING
        pbx.script = fake_pbx.deliver
        release(workspace, 1, campaign.id, "Zoé")
        await run.over(campaign.id)
    assert len(pbx.orders) == 40
    assert acts(world)[:4] == [
        "campaign.hold", "campaign.release", "campaign.next_stage", "campaign.next_stage",
    ]  # fmt: skip
    world.check()


async def test_it_is_watched_inside_a_stage_and_calls_that_are_up_go_on(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(300, bounds=BOUNDS, max_cps=400.0, max_channels=50)
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        (listening, *others) = await run.up(30)
        listening.answer()
        for call in others:
            fake_pbx.opt_out(call)
        await until(lambda: loaded(world, campaign).hold == "opt_outs")
        await run.looks()  # what was claimed before the hold is sent, or goes back
        placed = len(pbx.orders)
        await run.looks()
        assert len(pbx.orders) == placed
        assert listening.id in pbx.calls
        assert not pbx.asked_to_hang_up
        listening.play_to_the_end()
        await run.settled()


async def test_messages_that_begin_too_late_hold_and_a_release_answers_for_them(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    def late(call: FakeCall) -> None:
        call.answer()
        call.end(heard_ms=500, tech="SIP 200 OK", first_ms=stages.LATE_MS + 400)

    campaign = world.called(60, stages=[20], bounds={"silent_calls": 0.03}, max_cps=200.0)
    pbx = FakePbx(every(2, late))
    async with dialing(world.engine, tmp_path, pbx) as run:
        await until(lambda: loaded(world, campaign).hold == "silent_calls")
        await run.settled()
        pbx.script = fake_pbx.deliver
        release(workspace, 1, campaign.id, "Zoé")
        await run.over(campaign.id)
    assert len(pbx.orders) == 60
    assert acts(world).count("campaign.hold") == 1
    with reading(world.engine) as connection:
        # What was claimed before the hold went back unsent.
        asked = select(tables.attempt.c.first_ms).where(tables.attempt.c.answered_at.is_not(None))
        waits = connection.execute(asked).scalars().all()
    assert (len(waits), set(waits)) == (60, {20, stages.LATE_MS + 400})
    world.check()


async def test_a_campaign_without_bounds_is_never_held(world: World, tmp_path: Path) -> None:
    campaign = world.called(60, max_cps=300.0)
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.opt_out)) as run:
        await run.over(campaign.id)
    assert "campaign.hold" not in acts(world)


async def test_a_held_campaign_can_be_stopped(world: World, tmp_path: Path) -> None:
    campaign = world.called(3, hold={"measure": "opt_outs"}, bounds=BOUNDS)
    async with dialing(world.engine, tmp_path) as run:
        world.act(campaign.id, Action.STOP)
        await until(lambda: loaded(world, campaign).state is CampaignState.STOPPED)
    assert not run.pbx.orders


# One stop for everything


async def test_a_stop_hangs_up_and_places_nothing_until_it_is_taken_back(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    one = world.called(30, max_cps=100.0)
    other = world.campaign(world.controller("B"), [])
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        await run.up(10)
        halt.stop_everything(workspace, "Zoé", "essai")
        await run.looks(2)  # the first may have begun before
        assert run.dialer._scheduler.halted
        await until(lambda: not pbx.calls)
        await run.settled()
        placed = len(pbx.orders)
        await run.looks()
        assert len(pbx.orders) == placed
        assert loaded(world, one).state is CampaignState.RUNNING
        assert loaded(world, other).state in {CampaignState.RUNNING, CampaignState.FINISHED}
        world.check()
        pbx.script = fake_pbx.deliver
        halt.resume_everything(workspace, "Zoé")
        await until(lambda: len(pbx.orders) > placed)


async def test_a_stop_finds_a_dialer_that_starts_later(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    world.called(5)
    halt.stop_everything(workspace, "Zoé")
    async with dialing(world.engine, tmp_path) as run:
        await run.looks()
        assert not run.pbx.orders


async def test_no_campaign_begins_while_everything_is_stopped(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    due = world.now - timedelta(minutes=1)
    campaign = world.called(2, state=CampaignState.SCHEDULED, start_at=due, launched_at=None)
    halt.stop_everything(workspace, "Zoé")
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.deliver)) as run:
        await run.looks()
        assert loaded(world, campaign).state is CampaignState.SCHEDULED
        halt.resume_everything(workspace, "Zoé")
        await run.over(campaign.id)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program writes for a while."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def test_a_stop_is_obeyed_while_the_database_is_locked(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    world.called(3)
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        await run.up(3)
        halt.stop_everything(workspace, "Zoé")
        with locked(tmp_path / "portevoix.db"):
            await until(lambda: not pbx.calls, within_s=2.0)
        await run.settled()


# The clock


async def test_a_pbx_that_does_not_answer_delays_no_stop_and_no_limit(
    world: World, workspace: Workspace, tmp_path: Path
) -> None:
    campaign = world.called(3)
    pbx = FakePbx()
    answered = asyncio.Event()

    async def stalled(endpoint: str) -> list[str]:
        await answered.wait()
        raise PbxError(f"no answer about {endpoint}")

    async with dialing(world.engine, tmp_path, pbx) as run:
        await run.up(3)
        pbx.contacts = stalled  # type: ignore[method-assign]
        with writing(world.engine) as connection:
            kept.limit(connection, campaign.id, type(campaign.limits)(3, 7.0))
        own = run.dialer._scheduler
        await until(lambda: own.campaigns[0].limits.max_cps == 7.0, within_s=2.0)
        halt.stop_everything(workspace, "Zoé")
        await until(lambda: not pbx.calls, within_s=2.0)
        answered.set()
        await run.settled()


@pytest.mark.parametrize(
    "fault", [{"retry": {"max_attempts": 1}}, {"bounds": {"nonsense": 0.1}}, {"max_cps": 1e9}]
)
async def test_one_broken_campaign_keeps_no_other_from_its_calls(
    world: World, tmp_path: Path, fault: dict[str, Any]
) -> None:
    broken, whole = world.called(1), world.campaign(1, [world.contacts(1, [number(9)])])
    with writing(world.engine) as connection:
        row = update(tables.campaign).where(tables.campaign.c.id == broken.id)
        connection.execute(row.values(**fault))
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.deliver)) as run:
        await run.over(whole.id)
