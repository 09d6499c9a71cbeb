"""A whole dialer on a budget: it waits at it, says so, and goes on when somebody raises it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from dialing import dialing, until
from sqlalchemy import Engine
from store_subjects import TRUNK, World, number

from audio.library import Library
from campaigns.rules.gates import Gate
from campaigns.tariff import Tariff, Tariffs
from campaigns.trunk import Trunk
from operations.budget import change_budget
from operations.explain import why
from operations.progress import progress_of
from operations.settings import load
from operations.workspace import Workspace

pytestmark = pytest.mark.usefixtures("short_waits")

CENT = Tariffs([Tariff("+", per_minute=600_000)])
"""A cent for each second."""

WORST = (15 + 2 + 60) * 10_000
"""Of a call of the campaign."""


def opened(engine: Engine, home: Path) -> Workspace:
    return Workspace(load(home), engine, Library(home / "audio"))


async def test_it_waits_at_its_budget_and_goes_on_when_it_is_raised(
    own_store: Engine, tmp_path: Path
) -> None:
    world, workspace = World(own_store, datetime.now(UTC)), opened(own_store, tmp_path)
    campaign = world.called(6, budget=2 * WORST)
    trunk = Trunk(TRUNK, "127.0.0.1", 5090, max_channels=50, max_cps=400, tariffs=CENT)
    async with dialing(own_store, tmp_path, trunks=[trunk]) as run:
        first, _ = await run.up(2)
        await until(lambda: progress_of(workspace, 1, campaign.id).budget_reached)
        assert len(run.pbx.calls) == 2
        gates = {one.gate for index in range(6) for one in why(workspace, 1, number(index))}
        assert gates == {Gate.LIVE_CALL_ON_NUMBER, Gate.BUDGET_REACHED}

        first.answer()
        first.play_to_the_end()  # after 5 s by the clock of the PBX
        await run.settled()
        money = progress_of(workspace, 1, campaign.id).money
        assert (money.spent, money.reserved) == (50_000, WORST), "no room for another yet"

        change_budget(workspace, 1, campaign.id, 50_000 + 3 * WORST, "Zoé")
        await run.up(3)
        await until(lambda: progress_of(workspace, 1, campaign.id).money.room == 0)
        assert len(run.pbx.calls) == 3
