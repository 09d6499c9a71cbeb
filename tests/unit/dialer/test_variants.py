"""Each call plays the message of its own variant, and no other in its place."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fake_pbx
import pytest
from dialer_subjects import a_campaign
from dialing import dialing, until
from fake_pbx import FakePbx
from sqlalchemy import Engine, update
from store_subjects import World, number

from campaigns.campaign import Campaign, Message
from campaigns.errors import InvalidInput
from store.engine import writing
from store.leases import LEASE_LASTS
from store.tables import lease, target

pytestmark = pytest.mark.usefixtures("short_waits")

VARIANTS = {
    name: {"message": f"messages/{name}", "message_ms": ms, "recordings": [1]}
    for name, ms in (("un", 1000), ("deux", 90_000))
}


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC))


def campaign_of(world: World, *variants: str | None, **changes: Any) -> Campaign:
    campaign = world.called(len(variants), variants=VARIANTS, **changes)
    with writing(world.engine) as connection:
        for at, variant in enumerate(variants):
            connection.execute(
                update(target).where(target.c.number == number(at)).values(variant=variant)
            )
    return campaign


async def test_each_call_plays_its_own_and_the_attempt_says_which(
    world: World, tmp_path: Path
) -> None:
    campaign = campaign_of(world, "un", None, "deux", "un")
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.deliver)) as run:
        await run.over(campaign.id)
    played = {order.number: order.message for order in run.pbx.orders}
    assert played == {
        number(0): "messages/un", number(1): "messages/abcd",
        number(2): "messages/deux", number(3): "messages/un",
    }  # fmt: skip
    rows = {one["number"]: one for one in world.attempts().values()}
    assert [rows[number(at)]["variant"] for at in range(4)] == ["un", None, "deux", "un"]
    # A message that was played to its end was heard for its own length, no other's.
    assert [rows[number(at)]["heard_ms"] for at in range(4)] == [1000, 2000, 90_000, 1000]
    world.check()


async def test_nobody_hears_another_message_where_theirs_is_missing(
    world: World, tmp_path: Path
) -> None:
    campaign = campaign_of(world, "gone", "un", None, message="")
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.deliver)) as run:
        await until(lambda: world.states(campaign.id).get("reached") == 1)
        await run.looks()
    assert {order.number for order in run.pbx.orders} == {number(1)}
    states = world.states(campaign.id)
    assert states.get("pending", 0) + states.get("calling", 0) == 2
    world.check()


async def test_a_call_adopted_by_the_next_dialer_keeps_its_variant(
    world: World, tmp_path: Path
) -> None:
    campaign = campaign_of(world, "deux")
    pbx = FakePbx()
    async with dialing(world.engine, tmp_path, pbx) as run:
        (call,) = await run.up(1)
        call.answer()
    with writing(world.engine) as connection:  # as if its process were gone for good
        connection.execute(lease.update().values(renewed_at=world.now - 2 * LEASE_LASTS))
    async with dialing(world.engine, tmp_path, pbx) as run:
        call.play_to_the_end()
        await run.over(campaign.id)
    (row,) = world.attempts().values()
    assert (row["variant"], row["heard_ms"]) == ("deux", 90_000)


def test_what_a_target_hears() -> None:
    campaign = a_campaign(variants={"un": Message("m/un", 9000)})
    assert campaign.heard_by(None) == Message(campaign.message, campaign.message_ms)
    assert campaign.heard_by("un") == Message("m/un", 9000)
    assert campaign.longest_ms == 9000
    assert campaign.max_call_s == campaign.ring_timeout_s + 9 + 60
    for lacking, variant in ((campaign, "deux"), (a_campaign(message=""), None)):
        with pytest.raises(InvalidInput, match="no message"):
            lacking.heard_by(variant)
