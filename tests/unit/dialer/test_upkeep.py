"""What is done beside the calls is done again and again, and a failure of it ends nothing."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dialing import dialing, until
from sqlalchemy import Engine
from store_subjects import World

from campaigns.errors import StoreUnavailable
from dialer import upkeep
from dialer.upkeep import Chore, chores
from operations.workspace import Workspace, open_workspace
from store.leases import MAIN


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "home")
    yield made
    made.engine.dispose()


async def test_a_chore_is_done_again_and_again_while_the_dialer_runs(
    world: World, tmp_path: Path
) -> None:
    done: list[int] = []
    chore = Chore(lambda: done.append(1), 0.02, 0.0)
    async with dialing(world.engine, tmp_path, chores=[chore]):
        await until(lambda: len(done) >= 3)
    count = len(done)
    await asyncio.sleep(0)
    assert len(done) - count <= 1


def test_log_and_retention_are_kept_up(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried, bounded, retained, tended = (threading.Event() for _ in range(4))
    monkeypatch.setattr(upkeep, "carry_over", lambda _: carried.set())
    monkeypatch.setattr(upkeep, "bound_log", lambda _: bounded.set())
    monkeypatch.setattr(upkeep, "retain", lambda _: retained.set())
    monkeypatch.setattr(upkeep.callback_line, "tend", lambda _: tended.set())
    for chore in chores(workspace, MAIN):
        chore.act()
    assert carried.is_set()
    assert bounded.is_set()
    assert tended.is_set()
    assert retained.wait(20)


def test_a_database_that_cannot_be_reached_ends_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Barrier(2)

    def fail(_: object) -> None:
        raise StoreUnavailable("gone")

    def fail_apart(_: object) -> None:
        tried.wait(20)
        raise StoreUnavailable("gone")

    monkeypatch.setattr(upkeep, "carry_over", fail)
    monkeypatch.setattr(upkeep, "bound_log", fail)
    monkeypatch.setattr(upkeep, "retain", fail_apart)
    for chore in chores(workspace, MAIN):
        chore.act()
    tried.wait(20)
