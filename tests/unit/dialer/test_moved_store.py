"""A campaign that goes on in PostgreSQL where it stopped in SQLite."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import fake_pbx
import pytest
from dialing import dialing, until
from fake_pbx import FakePbx
from postgres import Postgres
from store_subjects import World

from campaigns.retry import RetryPolicy
from campaigns.states import Action
from operations.move_database import move
from operations.settings import load
from store.engine import open_engine, sqlite_url
from store.schema import upgrade

pytestmark = pytest.mark.usefixtures("short_waits")

PEOPLE = 40
ONCE = RetryPolicy(max_attempts=1)


async def test_nobody_is_called_twice_and_nobody_forgotten(
    postgres: Postgres, tmp_path: Path
) -> None:
    old = open_engine(sqlite_url(tmp_path / "portevoix.db"))
    upgrade(old)
    world = World(old, datetime.now(UTC))
    campaign = world.called(PEOPLE, max_cps=30.0, retry=ONCE)
    async with dialing(old, tmp_path, FakePbx(fake_pbx.deliver)) as first:
        await until(lambda: len(first.pbx.orders) >= 5)
        world.act(campaign.id, Action.PAUSE)
        assert await first.stop()
    old.dispose()
    with postgres.empty() as to:
        move(load(tmp_path), to, "Ana", lambda _: None)
        new = open_engine(to)
        world = World(new, datetime.now(UTC))
        world.act(campaign.id, Action.RESUME)
        async with dialing(new, tmp_path, FakePbx(fake_pbx.deliver)) as second:
            await second.over(campaign.id)
            assert await second.stop()
        world.check()
        assert world.states(campaign.id) == {"reached": PEOPLE}
        new.dispose()
    called = Counter(one.number for run in (first, second) for one in run.pbx.orders)
    assert (len(called), set(called.values())) == (PEOPLE, {1})
    assert second.pbx.orders
