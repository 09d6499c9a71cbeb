"""A carrier that says of everybody «no such number»: the dialer believes it of nobody."""

from datetime import timedelta
from pathlib import Path

import pytest
from dialing import dialing, until
from fake_pbx import FakeCall, FakePbx, deliver
from sqlalchemy import Engine
from store_subjects import World

from campaigns.campaign import Limits
from campaigns.retry import RetryPolicy
from campaigns.states import TargetState
from campaigns.trunk import Trunk

SICK, SOUND = "rehearsal", "second"
PEOPLE = 150
GOOD_AT_FIRST = 60
TRUNKS = (
    Trunk(SICK, "127.0.0.1", 5090, max_channels=50, max_cps=60, priority=1),
    Trunk(SOUND, "127.0.0.1", 5091, max_channels=50, max_cps=60, priority=2),
)


def invalid(call: FakeCall) -> None:
    call.end(cause=1, tech="SIP 404 Not Found", tech_cause=404)


@pytest.mark.parametrize("others", [[], [SOUND]], ids=["alone", "with another trunk"])
async def test_a_spike_of_404_pauses_the_trunk_and_condemns_no_number(
    store: Engine, tmp_path: Path, others: list[str]
) -> None:
    calls = 0

    def carrier(call: FakeCall) -> None:
        nonlocal calls
        calls += call.order.endpoint == SICK
        lost = call.order.endpoint == SICK and calls > GOOD_AT_FIRST
        (invalid if lost else deliver)(call)

    world = World(store)
    campaign = world.called(
        PEOPLE, other_trunks=others, max_channels=100, max_cps=60.0,
        retry=RetryPolicy(network_delay=timedelta(seconds=1)),
    )  # fmt: skip
    pbx = FakePbx(script=carrier)
    async with dialing(store, tmp_path, pbx, TRUNKS, Limits(100, 60)) as run:
        await until(lambda: calls > GOOD_AT_FIRST + 25)
        if others:
            await until(lambda: len(pbx.orders) > calls + 25)
        # With the trunk left alone nobody is called, and everybody it condemned waits again.
        await until(lambda: not {"calling", "unreached"} & run.world.states(campaign.id).keys())
        assert await run.stop()
    people = world.targets(campaign.id)
    waiting = [one for one in people if one["tries"]]
    assert len(waiting) >= 25
    assert {one["state"] for one in waiting} == {TargetState.PENDING.value}
    assert {(one["attempts"], one["tries"]) for one in waiting} == {(0, 1)}
    assert {one["avoid"] for one in waiting} == {SICK if others else None}
    outcomes = [one["outcome"] for one in world.attempts().values()]
    assert outcomes.count("carrier_refused") == len(waiting)
    assert "invalid_number" not in outcomes
    assert calls <= GOOD_AT_FIRST + 60
    world.check()
