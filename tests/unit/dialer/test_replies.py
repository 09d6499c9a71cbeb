"""What people say with keys is kept once, whoever was listening when they said it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dialing import dialing, until
from fake_pbx import FakeCall
from sqlalchemy import Engine, select
from store_subjects import World

from campaigns.campaign import Campaign
from campaigns.script import KeyAct, Question, Script, Transfer, script_to_plain
from dialer.calls import utc_now
from store import tallies
from store.engine import reading, writing
from store.leases import LEASE_LASTS
from store.tables import lease, reply

pytestmark = pytest.mark.usefixtures("short_waits")

SCRIPT = Script(
    "scripts/abcd",
    {"3": KeyAct.TRANSFER},
    (Question("vote", {"1": "oui", "2": "non"}), Question("réunion", {"1": "oui", "*": "non"})),
    transfer=Transfer("+33199000077", limit=5),
    spoken_s=30,
)


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC))


def surveyed(world: World, count: int = 1) -> Campaign:
    return world.called(count, script=script_to_plain(SCRIPT))


def kept(world: World) -> list[tuple[Any, ...]]:
    with reading(world.engine) as connection:
        rows = connection.execute(
            select(reply.c.kind, reply.c.question, reply.c.value).order_by(reply.c.question)
        )
        return [tuple(row) for row in rows]


def counted(world: World, campaign: Campaign) -> dict[str, int]:
    with reading(world.engine) as connection:
        return tallies.of_campaign(connection, campaign.id)[tallies.REPLY]


BOTH = [("answer", 1, "2"), ("answer", 2, "*")]
COUNTS = {"answer 1 2": 1, "answer 2 *": 1}


async def test_the_order_says_what_keys_do(world: World, tmp_path: Path) -> None:
    surveyed(world)
    async with dialing(world.engine, tmp_path) as run:
        (call,) = await run.up(1)
        script = call.order.script
        assert script is not None
        assert script.sounds == "scripts/abcd"
        assert script.questions == ("12", "1*")
        assert script.keys == {"3": "transfer"}
        assert script.transfer is not None
        assert (script.transfer.number, script.transfer.endpoint) == ("+33199000077", "rehearsal")
        assert call.order.max_call_s >= SCRIPT.longest_s(2000)
        call.answer()
        call.play_to_the_end()
        await run.settled()


async def test_a_campaign_without_a_script_orders_none(world: World, tmp_path: Path) -> None:
    world.called(1)
    async with dialing(world.engine, tmp_path) as run:
        (call,) = await run.up(1)
        assert call.order.script is None
        call.end()
        await run.settled()


async def test_answers_are_kept_with_the_end_of_the_call(world: World, tmp_path: Path) -> None:
    campaign = surveyed(world)
    async with dialing(world.engine, tmp_path) as run:
        (call,) = await run.up(1)
        _answer_both(call)
        call.reply("answer", 1, "2")  # told again: nothing is said twice
        call.play_to_the_end()
        await run.settled()
    assert kept(world) == BOTH
    assert counted(world, campaign) == COUNTS
    world.check()


async def test_answers_of_a_gap_are_in_the_journal(world: World, tmp_path: Path) -> None:
    campaign = surveyed(world)
    async with dialing(world.engine, tmp_path) as run:
        (call,) = await run.up(1)
        call.answer()
        call.reply("answer", 1, "2")
        run.pbx.go_down()
        call.reply("answer", 2, "*")
        run.pbx.come_up()
        await until(lambda: run.pbx.lists > 1)
        call.play_to_the_end()
        await run.settled()
    assert kept(world) == BOTH
    assert counted(world, campaign) == COUNTS


@pytest.mark.parametrize("ends", ["before the next dialer comes", "after it came"])
async def test_answers_survive_a_dialer_that_is_down(
    world: World, tmp_path: Path, ends: str
) -> None:
    campaign = surveyed(world)
    async with dialing(world.engine, tmp_path) as run:
        pbx = run.pbx
        (call,) = await run.up(1)
        call.answer()
        call.reply("answer", 1, "2")
        run.task.cancel()
        await asyncio.gather(run.task, return_exceptions=True)
        run.expected = asyncio.CancelledError()
    _lapse(world)
    call.reply("answer", 2, "*")
    if ends == "before the next dialer comes":
        call.play_to_the_end()
    async with dialing(world.engine, tmp_path, pbx) as run:
        call.play_to_the_end()
        await run.settled()
    assert kept(world) == BOTH
    assert counted(world, campaign) == COUNTS
    world.check()


async def test_answers_stay_where_nobody_knows_how_the_call_ended(
    world: World, tmp_path: Path
) -> None:
    campaign = surveyed(world)
    async with dialing(world.engine, tmp_path) as run:
        (call,) = await run.up(1)
        _answer_both(call)
        run.pbx.go_down()
        call.end(journalled=False, handler=False)  # the PBX died with it
        run.pbx.come_up()
        await until(lambda: "in_doubt" in world.states(campaign.id))
    assert kept(world) == BOTH
    assert counted(world, campaign) == COUNTS


def _answer_both(call: FakeCall) -> None:
    call.answer()
    call.reply("answer", 1, "2")
    call.reply("answer", 2, "*")


def _lapse(world: World) -> None:
    """The lease of a dialer that died is over."""
    with writing(world.engine) as connection:
        gone = utc_now() - 2 * LEASE_LASTS
        connection.execute(lease.update().values(renewed_at=gone, status={}))
