"""The database is slow, full, or its server is restarted, while calls are placed."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dialing import dialing, until
from fake_pbx import FakePbx, deliver, opt_out
from postgres import Postgres
from sqlalchemy import Engine, event, select
from store_subjects import World

from bench.postgres import Cluster, NoServer, cluster
from campaigns.errors import StoreUnavailable
from campaigns.retry import RetryPolicy
from dialer import engine, reconcile, scheduler, settling
from dialer.book import Book, Entry
from dialer.claim import Want
from dialer.originate import FRESH_S
from store.engine import reading
from store.leases import MAIN
from store.sqlite import driver as sqlite3
from store.tables import suppression

ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "QUARANTINE_S", 0.05)
    monkeypatch.setattr(engine, "AGAIN_S", 0.02)
    monkeypatch.setattr(settling, "AGAIN_S", 0.02)
    monkeypatch.setattr(scheduler, "EVERY_S", 0.05)


def world_in(store: Engine) -> World:
    return World(store, datetime.now(UTC) - timedelta(days=1))


def refused(world: World) -> int:
    with reading(world.engine) as connection:
        return len(connection.execute(select(suppression.c.id)).all())


MOST_PAGES = 1_073_741_823


class Disk:
    """Room for the file of a store; without any no page can be added to it.

    The listener stays: the dialer's threads connect while the room changes.
    """

    def __init__(self, store: Engine) -> None:
        self.full = False
        event.listen(store, "checkout", self._limit)

    def _limit(self, connection: sqlite3.Connection, record: object, proxy: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if self.full else MOST_PAGES
        connection.execute(f"PRAGMA max_page_count={pages}")


async def test_a_full_disk_stops_dialing_and_loses_nothing(
    own_store: Engine, tmp_path: Path
) -> None:
    world, disk = world_in(own_store), Disk(own_store)
    campaign = world.called(400, max_channels=400, max_cps=400.0, retry=ONCE)
    async with dialing(own_store, tmp_path, FakePbx(opt_out)) as run:
        await until(lambda: len(run.pbx.orders) > 20)
        disk.full = True
        await until(lambda: _still(run.pbx))
        assert len(run.pbx.orders) < 400, "the disk was never full"
        disk.full = False
        await run.over(campaign.id)
        world.check()
    assert world.states(campaign.id) == {"reached": 400}
    assert refused(world) == 400
    assert set(Counter(order.number for order in run.pbx.orders).values()) == {1}


def _still(pbx: FakePbx, seconds: float = 0.3) -> bool:
    """Whether no order was sent for so long."""
    seen = getattr(pbx, "seen", (0, 0.0))
    if seen[0] != len(pbx.orders):
        pbx.seen = (len(pbx.orders), time.monotonic())  # type: ignore[attr-defined]
        return False
    return time.monotonic() - seen[1] > seconds


@pytest.mark.parametrize("seconds", [0.3, FRESH_S + 0.1], ids=["slow", "too slow"])
async def test_a_slow_commit_places_nothing_that_is_no_longer_fresh(
    own_store: Engine, tmp_path: Path, seconds: float
) -> None:
    """What waited too long for its commit goes back, and is claimed again when that is quick."""
    world, slow, dragged = world_in(own_store), [True], [0]

    def drag(connection: object) -> None:
        if slow[0]:
            time.sleep(seconds)
            dragged[0] += 1

    async with dialing(own_store, tmp_path, FakePbx(deliver)) as run:
        event.listen(own_store, "commit", drag)
        campaign = world.called(6, max_cps=300.0, retry=ONCE)
        begun = dragged[0]
        await until(lambda: dragged[0] >= begun + 3)
        world.check()
        slow[0] = False
        await run.over(campaign.id)
        event.remove(own_store, "commit", drag)
    attempts = world.attempts().values()
    late = [one for one in attempts if one["sent_at"] and one["sent_at"] - one["claimed_at"] >
            timedelta(seconds=FRESH_S + seconds)]  # fmt: skip
    assert late == []
    assert world.states(campaign.id) == {"reached": 6}
    assert set(Counter(order.number for order in run.pbx.orders).values()) == {1}


@pytest.fixture(scope="module")
def own_server() -> Iterator[tuple[Postgres, Cluster]]:
    """A PostgreSQL server of our own, that may be restarted."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(cluster(quick=True))
        except NoServer as error:
            pytest.skip(str(error))
        own = Postgres(made.url)
        yield own, made
        own.close()


async def test_what_a_server_took_before_it_began_anew_is_not_taken_for_written(
    own_server: tuple[Postgres, Cluster],
) -> None:
    own, made = own_server
    with own.database() as store:
        campaign = world_in(store).called(3)
        book = Book(store)
        await book.open()
        want = Want(campaign, 3, rehearsal=True, node=MAIN)
        await book.write(Entry(wants=[want]))
        await book.on_disk()
        assert not book.was_restarted()
        await asyncio.to_thread(made.restart)
        with pytest.raises(StoreUnavailable):
            await book.on_disk()
        with pytest.raises(StoreUnavailable):
            await book.write(Entry(wants=[want]))
        assert book.was_restarted()
        await book.write(Entry(wants=[want]))
        await book.on_disk()
        await book.close()
        own._admin.dispose()


async def test_a_database_server_that_is_restarted_stops_dialing_and_loses_nothing(
    own_server: tuple[Postgres, Cluster], tmp_path: Path
) -> None:
    own, made = own_server
    with own.database() as store:
        world = world_in(store)
        campaign = world.called(120, max_channels=120, max_cps=60.0, retry=ONCE)
        async with dialing(store, tmp_path, FakePbx(opt_out)) as run:
            for share in (20, 60):
                await until(lambda share=share: len(run.pbx.orders) >= share)  # type: ignore[misc]
                await asyncio.to_thread(made.restart)
            await run.over(campaign.id)
            world.check()
        assert world.states(campaign.id) == {"reached": 120}
        assert refused(world) == 120
        assert set(Counter(order.number for order in run.pbx.orders).values()) == {1}
        own._admin.dispose()
