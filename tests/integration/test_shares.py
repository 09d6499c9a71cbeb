"""Campaigns that share one trunk, counted by the network that was called."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from stage import Stage, staged, until

from campaigns.states import Action
from rehearsal.ledger import LedgerCall, peak_starts_per_second
from store import tables
from store.engine import writing

pytestmark = [pytest.mark.pbx, pytest.mark.timeout(240)]

RATE = 40
HEAVY, LIGHT = 420, 300
"""People of the campaign with weight 3, which is done first, and of the one with weight 1."""

POPULATION = """
ring = [0.1, 0.3]
[[behaviour]]
name = "declined"
"""


@pytest.fixture
def stage(pbx_binary: object, pbx_root: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    population = pbx_root / f"{request.node.name[:20]}.toml"
    population.write_text(POPULATION)
    settings = f"max_cps = {RATE}\nmax_channels = 300\n"
    profile = ("--profile", str(population))
    with staged(pbx_root, request.node.name, extra_settings=settings, population=profile) as made:
        yield made


def _weigh(stage: Stage, campaign: int, weight: float) -> None:
    with writing(stage.workspace.engine) as connection:
        connection.execute(
            update(tables.campaign).where(tables.campaign.c.id == campaign).values(weight=weight)
        )


def _numbers(first: int, count: int) -> list[str]:
    return [f"06{first + index * 7:08d}" for index in range(count)]


def _starts(calls: list[LedgerCall], numbers: list[str]) -> list[float]:
    called = {f"+33{number[1:]}" for number in numbers}
    return sorted(call.invite_at for call in calls if call.number in called)


def test_weights_of_three_and_one_give_three_quarters_and_one_and_then_all(stage: Stage) -> None:
    heavy, light = _numbers(10_000_000, HEAVY), _numbers(20_000_000, LIGHT)
    limits = {"max_channels": 300, "max_cps": 200}
    campaigns = [
        stage.prepare(heavy, name="heavy", **limits),
        stage.prepare(light, name="light", **limits),
    ]
    for campaign, weight in zip(campaigns, (3.0, 1.0), strict=True):
        _weigh(stage, campaign, weight)
        stage.act(campaign, Action.LAUNCH)
    stage.start_network()
    stage.start_dialer()
    until(lambda: all(stage.ended(one) for one in campaigns), 120)
    calls = stage.calls
    both_until = _starts(calls, heavy)[-1]
    of_light = _starts(calls, light)
    assert len(of_light) == LIGHT
    shared = HEAVY + sum(at <= both_until for at in of_light)
    assert HEAVY / shared == pytest.approx(0.75, abs=0.02)
    alone = [at for at in of_light if at > both_until + 0.5]
    assert (len(alone) - 1) / (alone[-1] - alone[0]) >= 0.9 * RATE
    assert peak_starts_per_second(calls) <= RATE
