"""One dialer at a time, and nothing written by one that was overtaken."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, update
from store_subjects import NOW

from campaigns.errors import LeaseLost, NotAllowed, NotFound
from store import leases
from store.engine import reading, writing
from store.leases import LEASE_LASTS, Lease
from store.tables import lease

ELSEWHERE = "other.example:17:99"
DATABASES_CLOCK = leases._beat


@dataclass
class Clock:
    """The clock of all holders, in seconds."""

    seconds: float = 0.0

    def beat(self, connection: Connection) -> tuple[str, float]:
        del connection
        return "here", self.seconds


CLOCK = Clock()


@pytest.fixture(autouse=True)
def stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    CLOCK.seconds = 0.0
    monkeypatch.setattr(leases, "_beat", CLOCK.beat)


def acquire(store: Engine, after: timedelta = timedelta()) -> Lease:
    """Take the lock so long after the beginning, by every clock."""
    CLOCK.seconds = after.total_seconds()
    return stepped(store, after)


def stepped(store: Engine, step: timedelta) -> Lease:
    """Take the lock when the wall clock alone was stepped."""
    with writing(store) as connection:
        return leases.acquire(connection, NOW + step)


def held_by(store: Engine, node: str) -> None:
    with writing(store) as connection:
        connection.execute(update(lease).values(process=node))


def test_a_second_dialer_is_refused_by_name(store: Engine) -> None:
    acquire(store)
    held_by(store, ELSEWHERE)
    with pytest.raises(LeaseLost, match=ELSEWHERE):
        acquire(store, LEASE_LASTS - timedelta(milliseconds=1))


def test_one_on_this_host_that_lives_is_not_overtaken_early(store: Engine) -> None:
    acquire(store)
    with pytest.raises(LeaseLost):
        acquire(store)


def test_a_lease_that_was_not_renewed_is_taken_over_with_a_new_token(store: Engine) -> None:
    first = acquire(store)
    second = acquire(store, LEASE_LASTS)
    assert second.token == first.token + 1
    with writing(store) as connection:
        leases.check(connection, second)
    with pytest.raises(LeaseLost), writing(store) as connection:
        leases.check(connection, first)
    with pytest.raises(LeaseLost), writing(store) as connection:
        leases.renew(connection, first, NOW, {})
    with pytest.raises(LeaseLost), writing(store) as connection:
        leases.release(connection, first, NOW)


def test_renewing_keeps_others_out_and_shows_what_is_done(store: Engine) -> None:
    own = acquire(store)
    CLOCK.seconds = LEASE_LASTS.total_seconds()
    with writing(store) as connection:
        leases.renew(connection, own, NOW + LEASE_LASTS, {"ready": True})
    with pytest.raises(LeaseLost):
        acquire(store, LEASE_LASTS)
    with reading(store) as connection:
        shown = leases.holder(connection, NOW + LEASE_LASTS)
        assert shown is not None
        assert (shown["node"], shown["ready"]) == (own.process, True)
        assert "beat" not in shown


def test_of_another_machine_the_wall_clock_tells(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = acquire(store)
    with monkeypatch.context() as there, writing(store) as connection:
        there.setattr(leases, "_beat", lambda connection: ("another machine", 17.0))
        leases.renew(connection, own, NOW + LEASE_LASTS, {})
    with reading(store) as connection:
        almost = 2 * LEASE_LASTS - timedelta(milliseconds=1)
        assert leases.holder(connection, NOW + almost) is not None
        assert leases.holder(connection, NOW + 2 * LEASE_LASTS) is None


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1)])
def test_no_step_of_the_wall_clock_makes_a_lease_end_or_last(
    store: Engine, step: timedelta, shown: bool
) -> None:
    """Nor of two wall clocks the difference, before the holder has shown anything of itself."""
    own = acquire(store)
    if shown:
        with writing(store) as connection:
            leases.renew(connection, own, NOW, {})
    with pytest.raises(LeaseLost):
        stepped(store, step)
    CLOCK.seconds = LEASE_LASTS.total_seconds()
    assert stepped(store, step).token == own.token + 1


@pytest.fixture
def stopped() -> Iterator[subprocess.Popen[bytes]]:
    """A dialer that was stopped."""
    process = subprocess.Popen(["sleep", "60"])
    process.send_signal(signal.SIGSTOP)
    yield process
    process.kill()
    process.wait(10)


@pytest.mark.parametrize("itself", [True, False])
def test_one_that_was_stopped_never_comes_back(
    store: Engine, stopped: subprocess.Popen[bytes], itself: bool
) -> None:
    """And a process that only has its number is left alone."""
    acquire(store)
    began = leases._began(stopped.pid) if itself else "17"
    held_by(store, f"{socket.gethostname()}:{stopped.pid}:{began}")
    acquire(store, LEASE_LASTS)
    if itself:
        assert stopped.wait(10) == -signal.SIGKILL
    else:
        assert stopped.poll() is None


def test_one_that_renews_is_left_alone(store: Engine, stopped: subprocess.Popen[bytes]) -> None:
    acquire(store)
    held_by(store, f"{socket.gethostname()}:{stopped.pid}:{leases._began(stopped.pid)}")
    with pytest.raises(LeaseLost):
        acquire(store, LEASE_LASTS - timedelta(milliseconds=1))
    assert stopped.poll() is None


def test_a_lease_given_back_is_free_at_once(store: Engine) -> None:
    own = acquire(store)
    with writing(store) as connection:
        leases.release(connection, own, NOW)
    with reading(store) as connection:
        assert leases.holder(connection, NOW) is None
    assert acquire(store).token == own.token + 1


def test_a_holder_that_died_on_this_host_is_not_waited_for(store: Engine) -> None:
    acquire(store)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held_by(store, f"{socket.gethostname()}:{gone.pid}:1")
    assert acquire(store).process == leases.own_process()


def test_a_process_that_has_the_number_of_a_dead_holder_is_not_taken_for_it(store: Engine) -> None:
    """As in a container, where each dialer has the same number as the last."""
    acquire(store)
    held_by(store, f"{socket.gethostname()}:{os.getpid()}:1")
    assert acquire(store).process == leases.own_process()


def test_a_dead_process_number_of_another_host_says_nothing(store: Engine) -> None:
    acquire(store)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    held_by(store, f"other.example:{gone.pid}:1")
    with pytest.raises(LeaseLost):
        acquire(store)


@pytest.mark.parametrize("before", [False, True], ids=["first ever", "lapsed"])
def test_of_many_that_come_together_one_gets_it(store: Engine, before: bool) -> None:
    if before:
        acquire(store, -LEASE_LASTS)
    together = threading.Barrier(4)

    def come() -> int:
        together.wait()
        try:
            return acquire(store).token
        except LeaseLost:
            return 0

    with ThreadPoolExecutor(4) as threads:
        found = [future.result() for future in [threads.submit(come) for _ in range(4)]]
    assert sorted(found) == [0, 0, 0, 1 + before]


def test_what_was_checked_stays_true_until_the_commit(postgres_store: Engine) -> None:
    """A taker-over waits for a transaction of the old holder that has passed its check."""
    first = acquire(postgres_store)
    order: list[str] = []

    def take_over() -> None:
        acquire(postgres_store, LEASE_LASTS)
        order.append("taken over")

    with writing(postgres_store) as connection:
        leases.check(connection, first)
        taker = threading.Thread(target=take_over)
        taker.start()
        taker.join(0.3)
        order.append("written")
    taker.join()
    assert order == ["written", "taken over"]


def test_an_embedded_database_is_driven_by_one_dialer_whatever_its_name(
    sqlite_store: Engine,
) -> None:
    with writing(sqlite_store) as connection:
        leases.acquire(connection, NOW, "a")
    with pytest.raises(LeaseLost, match="need PostgreSQL"), writing(sqlite_store) as connection:
        leases.acquire(connection, NOW, "b")
    CLOCK.seconds = LEASE_LASTS.total_seconds()
    with writing(sqlite_store) as connection:
        leases.acquire(connection, NOW + LEASE_LASTS, "b")


def test_on_postgresql_each_name_has_a_lease_of_its_own(postgres_store: Engine) -> None:
    with writing(postgres_store) as connection:
        first = leases.acquire(connection, NOW, "a", 300)
        second = leases.acquire(connection, NOW, "b", 100)
        leases.renew(connection, first, NOW, {"ready": True, "channels": 3})
        leases.renew(connection, second, NOW, {"ready": False, "channels": 4})
    with pytest.raises(LeaseLost, match="«a»"), writing(postgres_store) as connection:
        leases.acquire(connection, NOW, "a")
    with writing(postgres_store) as connection:
        leases.release(connection, second, NOW)
    with reading(postgres_store) as connection:
        known = leases.nodes(connection, NOW)
        shown = leases.holder(connection, NOW)
    assert [(one.name, one.alive, one.calls, one.capacity) for one in known] == [
        ("a", True, True, 300),
        ("b", False, False, 100),
    ]
    assert shown is not None
    assert shown["channels"] == 3


def test_a_lease_on_postgresql_runs_on_its_clock(
    postgres_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a dialer takes for the time, from the first instant on."""
    monkeypatch.setattr(leases, "_beat", DATABASES_CLOCK)
    own = acquire(postgres_store)
    with pytest.raises(LeaseLost):
        acquire(postgres_store, timedelta(days=1))
    with writing(postgres_store) as connection:
        leases.renew(connection, own, NOW, {})
        assert leases._beat(connection)[0] == "database"
    with pytest.raises(LeaseLost):
        acquire(postgres_store, timedelta(days=1))


def test_who_just_took_over_is_not_overtaken_for_what_the_one_before_showed(store: Engine) -> None:
    own = acquire(store)
    with writing(store) as connection:
        leases.renew(connection, own, NOW, {})
    CLOCK.seconds = LEASE_LASTS.total_seconds()
    assert stepped(store, timedelta()).token == own.token + 1
    with pytest.raises(LeaseLost):
        stepped(store, timedelta())


def remove(store: Engine, after: timedelta = timedelta()) -> None:
    CLOCK.seconds = after.total_seconds()
    with writing(store) as connection:
        leases.remove(connection, NOW + after, leases.MAIN)


def test_a_node_that_runs_is_not_forgotten(store: Engine) -> None:
    acquire(store)
    with pytest.raises(NotAllowed, match=r"runs[.] Stop it first"):
        remove(store)
    remove(store, LEASE_LASTS)
    with reading(store) as connection:
        assert leases.nodes(connection, NOW) == []
    with pytest.raises(NotFound):
        remove(store)


def test_whoever_was_forgotten_writes_nothing_more(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the next one counts from the beginning again."""
    with monkeypatch.context() as there:
        there.setattr(leases, "own_process", lambda: ELSEWHERE)
        first = acquire(store)
    remove(store, LEASE_LASTS)
    with pytest.raises(LeaseLost), writing(store) as connection:
        leases.check(connection, first)
    assert acquire(store, LEASE_LASTS).token == first.token
    with pytest.raises(LeaseLost), writing(store) as connection:
        leases.check(connection, first)


def test_one_that_was_stopped_is_ended_where_it_is_forgotten(
    store: Engine, stopped: subprocess.Popen[bytes]
) -> None:
    acquire(store)
    held_by(store, f"{socket.gethostname()}:{stopped.pid}:{leases._began(stopped.pid)}")
    remove(store, LEASE_LASTS)
    assert stopped.wait(10) == -signal.SIGKILL
