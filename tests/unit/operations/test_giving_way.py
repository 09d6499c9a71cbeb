"""Work that has time rests while calls are up, and not otherwise."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from operations import giving_way
from operations.giving_way import NICE, _may_come_back, calls_are_up, resting
from store import leases
from store.engine import writing


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds rested; a piece of work takes one of the processor."""
    naps: list[float] = []
    instants = iter(range(1000))
    monkeypatch.setattr(giving_way, "thread_time", lambda: float(next(instants)))
    monkeypatch.setattr(giving_way, "sleep", naps.append)
    return naps


def dialing(engine: Engine, channels: int) -> None:
    """A dialer that shows so many calls up."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        lease = leases.acquire(connection, now)
        leases.renew(connection, lease, now, {"channels": channels})


def test_while_calls_are_up_it_rests_for_as_long_as_it_worked(
    store: Engine, slept: list[float]
) -> None:
    dialing(store, 3)
    assert list(resting(store, "abc")) == ["a", "b", "c"]
    assert slept == [1.0, 1.0, 1.0]


def test_what_another_process_takes_for_it_counts_too(store: Engine, slept: list[float]) -> None:
    dialing(store, 3)
    spent = iter([0.0, 2.0, 2.0, 2.5, 2.5])
    assert list(resting(store, "ab", lambda: next(spent))) == ["a", "b"]
    assert slept == [3.0, 1.5]


def test_otherwise_it_does_not_rest(store: Engine, slept: list[float]) -> None:
    assert not calls_are_up(store)
    dialing(store, 0)
    assert list(resting(store, "abc")) == ["a", "b", "c"]
    assert slept == []


def after_giving_way(asked: str) -> str:
    """What a process that gave way says of itself."""
    given = f"import os; from operations.giving_way import give_way; give_way(); print({asked})"
    said = subprocess.run([sys.executable, "-c", given], check=True, capture_output=True, text=True)
    return said.stdout.strip()


def test_a_process_that_gives_way_stands_behind_the_others() -> None:
    assert int(after_giving_way("os.nice(0)")) == min(19, os.nice(0) + NICE)


def test_it_takes_only_what_nobody_wants_where_it_may_come_back() -> None:
    wanted = os.SCHED_IDLE if _may_come_back() else os.SCHED_OTHER
    assert int(after_giving_way("os.sched_getscheduler(0)")) == wanted


def test_whoever_may_not_come_back_is_not_put_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, policy: int, _param: os.sched_param) -> None:
        if policy != os.SCHED_IDLE:
            raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    assert not _may_come_back()
