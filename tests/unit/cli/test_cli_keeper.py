"""A program is kept running, and ended when asked."""

import asyncio
import sys
import time
from collections.abc import Coroutine
from pathlib import Path

import pytest

from cli import keeper
from cli.children import ChildFailed, Program
from cli.keeper import Keeper


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_DELAY_S", 0.001)


def program(code: str, *arguments: str) -> Program:
    return Program("dialer", [sys.executable, "-S", "-c", code, *arguments])


async def until_lines(file: Path, count: int) -> None:
    await asyncio.wait_for(asyncio.to_thread(_wait, file, count), 30)


def _wait(file: Path, count: int) -> None:
    deadline = time.monotonic() + 30
    while not file.exists() or len(file.read_text().splitlines()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


WRITES_THEN = "import sys; open(sys.argv[1], 'a').write('begun\\n'); "


async def test_one_that_dies_is_started_again(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    kept = Keeper(program(WRITES_THEN + "sys.exit(3)", str(seen)))
    task = asyncio.create_task(kept.keep())
    await until_lines(seen, 3)
    kept.end()
    await asyncio.wait_for(task, 10)


async def test_one_that_never_lives_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MOST_DEATHS", 2)
    seen = tmp_path / "seen"
    kept = Keeper(program(WRITES_THEN + "sys.exit(3)", str(seen)))
    with pytest.raises(ChildFailed, match=r"dialer ended 3 times in a row \(exit code 3\)"):
        await asyncio.wait_for(kept.keep(), 30)
    assert len(seen.read_text().splitlines()) == 3


async def test_what_another_machine_may_bring_back_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remote PBX that is away for an hour, or a database that is moved."""
    monkeypatch.setattr(keeper, "MOST_DEATHS", 2)
    seen = tmp_path / "seen"
    away = f"sys.exit({keeper.UNAVAILABLE})"
    kept = Keeper(program(WRITES_THEN + away, str(seen)))
    task = asyncio.create_task(kept.keep())
    await until_lines(seen, 6)
    assert not task.done()
    kept.end()
    await asyncio.wait_for(task, 10)


async def test_the_delay_grows_to_its_longest_and_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def note(wanted: Coroutine[object, object, object], delay: float) -> None:
        wanted.close()
        waits.append(delay)

    kept = Keeper(program(""))
    monkeypatch.setattr(keeper, "FIRST_DELAY_S", 0.5)
    monkeypatch.setattr(keeper.asyncio, "wait_for", note)
    for deaths in (1, 2, 6, 7, 100, 100_000):
        await kept._wait_after(deaths, keeper.UNAVAILABLE)
    assert waits == [0.5, 1.0, 16.0, 30.0, 30.0, 30.0]


async def test_asked_to_end_it_is_told_by_sigterm_and_waited_for(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = (
        "import signal, sys, time\n"
        "def end(*_): open(sys.argv[1], 'a').write('ended\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open(sys.argv[1], 'a').write('begun\\n')\n"
        "while True: time.sleep(1)\n"
    )
    kept = Keeper(program(code, str(seen)))
    task = asyncio.create_task(kept.keep())
    await until_lines(seen, 1)
    kept.end()
    await asyncio.wait_for(task, 10)
    assert seen.read_text().splitlines() == ["begun", "ended"]
