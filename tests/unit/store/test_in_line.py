"""Whoever holds the write lock waits its turn, however far behind it stands otherwise."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from operations.giving_way import _may_come_back
from store.engine import reading, writing
from store.in_line import in_line

Run = Callable[[Callable[[], int]], int]


@pytest.fixture
def behind() -> Iterator[Run]:
    """Runs something in a thread that stands behind all others."""
    if not _may_come_back():
        pytest.skip("whoever stands behind all others must stay there, so nobody is put there")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(os.sched_setscheduler, 0, os.SCHED_IDLE, os.sched_param(0)).result()
        yield lambda work: pool.submit(work).result()
        assert pool.submit(os.sched_getscheduler, 0).result() == os.SCHED_IDLE, "it goes back"


def test_a_writer_waits_its_turn(store: Engine, behind: Run) -> None:
    def write() -> int:
        with writing(store):
            return os.sched_getscheduler(0)

    assert behind(write) == os.SCHED_OTHER


def test_a_reader_stays_behind(store: Engine, behind: Run) -> None:
    def read() -> int:
        with reading(store):
            return os.sched_getscheduler(0)

    assert behind(read) == os.SCHED_IDLE


def test_a_writer_that_fails_goes_back(store: Engine, behind: Run) -> None:
    def fail() -> int:
        with pytest.raises(ZeroDivisionError), writing(store):
            return 1 // 0
        return 0

    behind(fail)


@pytest.mark.parametrize("policy", [os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_RR])
def test_whoever_does_not_stand_behind_is_left_where_it_is(
    monkeypatch: pytest.MonkeyPatch, policy: int
) -> None:
    """A dialer in real time goes on in real time while it writes."""
    monkeypatch.setattr(os, "sched_getscheduler", lambda _pid: policy)
    monkeypatch.setattr(os, "sched_setscheduler", lambda *_: pytest.fail("it was put elsewhere"))
    with in_line():
        pass
