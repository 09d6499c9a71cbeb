"""What the clock does with campaigns, from the counts alone."""

from collections import Counter

import pytest
from sqlalchemy import Engine
from store_subjects import World

from campaigns.campaign import Campaign
from dialer.moves import Moves
from store import tallies
from store.engine import writing

BOUNDS = {"unwanted": 0.01}


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def count(world: World, campaign: Campaign, **changes: int) -> None:
    """Calls that ended by outcome, and under `calling` those that are up."""
    kinds = {name: tallies.STATE if name == "calling" else tallies.OUTCOME for name in changes}
    with writing(world.engine) as connection:
        tallies.add(
            connection,
            Counter({(campaign.id, kinds[name], name): many for name, many in changes.items()}),
        )


def moved(world: World) -> Campaign:
    with writing(world.engine) as connection:
        (found,) = Moves().make(connection, world.now, halted=False)
    return found


def test_refusals_that_end_before_the_messages_do_hold_nothing(world: World) -> None:
    campaign = world.called(1, bounds=BOUNDS)
    count(world, campaign, unwanted=6, no_answer=60, calling=600)
    assert moved(world).hold == ""
    count(world, campaign, unwanted=20, delivered=300, calling=-320)
    assert moved(world).hold == "unwanted"


def test_a_stage_that_is_over_is_left_where_all_is_well(world: World) -> None:
    campaign = world.called(1, stages=[100, 200], bounds=BOUNDS)
    count(world, campaign, delivered=100)
    assert moved(world).stage == 0
    with writing(world.engine) as connection:
        tallies.add(connection, Counter({(campaign.id, tallies.BEGUN, tallies.PEOPLE): 100}))
    assert moved(world).stage_limit == 200
    assert moved(world).stage_limit == 200, "one stage for each look"
