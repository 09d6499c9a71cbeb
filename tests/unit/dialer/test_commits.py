"""No call leaves before its attempt is on the disk, and nothing else waits for it."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dialer_subjects import a_call
from dialing import dialing, until
from fake_pbx import FakePbx, deliver
from sqlalchemy import Engine, select
from store_subjects import World, number

from campaigns.errors import StoreUnavailable
from dialer.book import Book
from dialer.commits import Commits
from store.disk import Disk
from store.engine import reading
from store.tables import suppression

if TYPE_CHECKING:
    from dialer.calls import Call


class SlowDisk:
    """A disk that takes what is written when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.failed = False
        self.reached = 0

    def reach(self) -> None:
        self.open.wait(20)
        if self.failed:
            raise StoreUnavailable("gone")
        self.reached += 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    made = SlowDisk()
    monkeypatch.setattr(Disk, "reach", lambda _: made.reach())
    yield made
    made.open.set()


class Subject:
    def __init__(self, engine: Engine) -> None:
        self.book = Book(engine)
        self.left: list[Call] = []
        self.stayed: list[Call] = []
        self.commits = Commits(self.book, self.left.extend, self.stayed.append)


@pytest.fixture
async def subject(own_store: Engine) -> Subject:
    return Subject(own_store)


async def test_calls_leave_once_they_are_on_the_disk(subject: Subject, disk: SlowDisk) -> None:
    call = a_call()
    subject.commits.follow([call])
    await asyncio.sleep(0)
    assert subject.left == []
    disk.open.set()
    await subject.commits.end()
    assert (subject.left, subject.stayed) == ([call], [])
    subject.commits.void()
    assert subject.stayed == [], "what has left is not given back"


async def test_one_turn_serves_all_that_came_before_it(subject: Subject, disk: SlowDisk) -> None:
    for _ in range(20):
        subject.commits.follow([])
    disk.open.set()
    await subject.commits.end()
    assert disk.reached <= 2


async def test_calls_stay_where_the_disk_fails(subject: Subject, disk: SlowDisk) -> None:
    call = a_call()
    disk.failed = True
    disk.open.set()
    subject.commits.follow([call])
    await subject.commits.end()
    assert (subject.left, subject.stayed) == ([], [call])


async def test_what_is_voided_meanwhile_never_leaves(subject: Subject, disk: SlowDisk) -> None:
    call = a_call()
    subject.commits.follow([call])
    subject.commits.void()
    disk.open.set()
    await subject.commits.end()
    assert (subject.left, subject.stayed) == ([], [call])


def suppressed(world: World) -> list[str]:
    with reading(world.engine) as connection:
        return list(connection.execute(select(suppression.c.number)).scalars())


async def test_a_disk_that_stalls_holds_calls_back_and_no_refusal(
    own_store: Engine, tmp_path: Path, disk: SlowDisk
) -> None:
    world = World(own_store, datetime.now(UTC) - timedelta(days=1))
    disk.open.set()
    async with dialing(own_store, tmp_path, FakePbx()) as run:
        first = world.called(1)
        (call,) = await run.up(1)
        call.answer()
        disk.open.clear()
        owner = world.controller()
        second = world.campaign(owner, [world.contacts(owner, [number(10)])])
        await until(lambda: world.states(second.id) == {"calling": 1})
        call.press("9")
        await until(lambda: suppressed(world) == [call.order.number])
        assert len(run.pbx.orders) == 1, "the attempt of the second is not on the disk"
        disk.open.set()
        other = (await run.up(2))[1]
        call.end(heard_ms=500)
        deliver(other)
        await run.over(first.id)
        await run.over(second.id)
    world.check()
