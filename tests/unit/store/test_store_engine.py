"""Transactions: whole or not at all, and a plain error where the database cannot record."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, event, func, select
from sqlalchemy.exc import StatementError
from store_subjects import NOW, World

from campaigns.errors import StoreUnavailable
from store import controllers
from store.columns import Instant, from_ms
from store.engine import bound_log, carry_over, open_engine, reading, writing
from store.sqlite import driver as sqlite3
from store.tables import controller


@pytest.fixture
def impatient(sqlite_store: Engine) -> Engine:
    """SQLite that waits for other writers for a moment only."""

    def hurry(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    event.listen(sqlite_store, "connect", hurry)
    return sqlite_store


@pytest.fixture
def other(sqlite_store: Engine) -> Iterator[sqlite3.Connection]:
    """Another program's connection to the same database."""
    file = str(sqlite_store.url.database)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    yield connection
    connection.close()


def test_nothing_of_a_failed_transaction_stays(store: Engine) -> None:
    def fail(connection: Connection) -> None:
        controllers.ensure(connection, "A", NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), writing(store) as connection:
        fail(connection)
    with reading(store) as connection:
        assert connection.execute(select(controller.c.name)).all() == []


def test_a_locked_database_cannot_record_and_is_still_read(
    impatient: Engine, other: sqlite3.Connection
) -> None:
    World(impatient).controller("A")
    other.execute("BEGIN IMMEDIATE")
    with (
        pytest.raises(StoreUnavailable, match="cannot record now: database is locked"),
        writing(impatient) as connection,
    ):
        pytest.fail("no transaction may begin")
    with reading(impatient) as connection:
        assert controllers.named(connection, "A") == 1
    other.execute("ROLLBACK")
    with writing(impatient) as connection:
        controllers.ensure(connection, "B", NOW)


def test_a_full_disk_cannot_record(impatient: Engine) -> None:
    with writing(impatient) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")  # the pages it has already
    with pytest.raises(StoreUnavailable, match="full"), writing(impatient) as connection:
        controllers.ensure(connection, "x" * 10_000_000, NOW)
    with reading(impatient) as connection:
        assert connection.execute(select(controller.c.name)).all() == []


def test_a_database_that_is_gone_cannot_record(postgres_store: Engine) -> None:
    def cut_off(connection: Connection) -> None:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with postgres_store.connect() as other:
            other.execute(select(func.pg_terminate_backend(pid)))
        controllers.ensure(connection, "A", NOW)

    with pytest.raises(StoreUnavailable), writing(postgres_store) as connection:
        cut_off(connection)
    with writing(postgres_store) as connection:
        assert controllers.ensure(connection, "B", NOW), "and it records again once it is back"


def test_readers_see_one_moment(store: Engine) -> None:
    world = World(store)
    world.controller("A")
    with reading(store) as connection:
        before = connection.execute(select(controller.c.name)).all()
        world.controller("B")
        assert connection.execute(select(controller.c.name)).all() == before


def test_a_naive_instant_never_reaches_the_database(store: Engine) -> None:
    with pytest.raises(StatementError, match="naive"), writing(store) as connection:
        controllers.ensure(connection, "A", NOW.replace(tzinfo=None))


@given(st.integers(0, 4_102_444_800_000), st.integers(-14, 14))
def test_instants_keep_their_millisecond_in_any_zone(ms: int, hours: int) -> None:
    kept = Instant()
    dialect: object = None
    local = from_ms(ms).astimezone(timezone(timedelta(hours=hours)))
    bound = kept.process_bind_param(local, dialect)  # type: ignore[arg-type]
    assert bound == ms
    back = kept.process_result_value(bound, dialect)  # type: ignore[arg-type]
    assert back == local
    assert back is not None
    assert back.tzinfo is UTC


def test_instants_keep_their_order() -> None:
    kept = Instant()
    early = datetime(2026, 3, 2, 10, 0, 0, 499_400, UTC)
    bound = [
        kept.process_bind_param(early + timedelta(microseconds=us), None)  # type: ignore[arg-type]
        for us in range(0, 3000, 100)
    ]
    assert bound == sorted(bound)


def _grow(engine: Engine, rows: int) -> None:
    for one in range(rows):
        with writing(engine) as connection:
            controllers.ensure(connection, f"{one:06d}" + "x" * 20_000, NOW)


def _log_of(engine: Engine) -> int:
    return Path(f"{engine.url.database}-wal").stat().st_size


def test_the_log_stays_small_while_pages_are_read(sqlite_store: Engine) -> None:
    """Sustained writing with a reader that reads on and on, in short transactions."""
    stop = threading.Event()

    def read() -> None:
        after = ""
        while not stop.is_set():
            with reading(sqlite_store) as connection:
                page = connection.execute(
                    select(controller.c.name).where(controller.c.name > after).limit(20)
                ).scalars().all()  # fmt: skip
            after = page[-1] if page else ""

    reader = threading.Thread(target=read)
    reader.start()
    largest = 0
    try:
        for _ in range(8):
            _grow(sqlite_store, 100)
            with writing(sqlite_store) as connection:
                connection.execute(delete(controller))
            largest = max(largest, _log_of(sqlite_store))
    finally:
        stop.set()
        reader.join()
    assert largest < 40_000_000, "of twice as much that was written"


def test_a_log_that_readers_let_grow_is_emptied_when_they_end(sqlite_store: Engine) -> None:
    with reading(sqlite_store) as connection:
        connection.execute(select(func.count()).select_from(controller)).scalar()
        _grow(sqlite_store, 400)
        grown = _log_of(sqlite_store)
        assert grown > 8_000_000, "a reader of the first moment keeps all of it"
        begun = time.monotonic()
        assert bound_log(sqlite_store, largest=1_000_000)
        assert time.monotonic() - begun < 2, "it waits for no reader"
        assert _log_of(sqlite_store) == grown
        _grow(sqlite_store, 1)
    assert bound_log(sqlite_store, largest=1_000_000)
    assert _log_of(sqlite_store) == 0
    assert not bound_log(sqlite_store, largest=1_000_000)
    with reading(sqlite_store) as connection:
        assert connection.execute(select(func.count()).select_from(controller)).scalar() == 400


def test_what_was_carried_over_beside_the_writers_they_need_not_carry(
    sqlite_store: Engine,
) -> None:
    _grow(sqlite_store, 150)
    grown = _log_of(sqlite_store)
    assert grown > 4_000_000, "no writer has begun it anew by itself"
    carry_over(sqlite_store)
    _grow(sqlite_store, 20)
    assert _log_of(sqlite_store) == grown, "it was begun anew, in the same file"


def test_postgresql_looks_after_its_own_log(postgres_store: Engine) -> None:
    carry_over(postgres_store)
    assert not bound_log(postgres_store, largest=0)


def test_a_writer_has_the_lock_a_moment_after_another_gives_it_up(
    sqlite_store: Engine, other: sqlite3.Connection
) -> None:
    """SQLite's own waiting sleeps ever longer, up to a tenth of a second."""
    World(sqlite_store).controller("A")
    waits = []
    for _ in range(5):
        other.execute("BEGIN IMMEDIATE")
        released: list[float] = []

        def release(noted: list[float] = released) -> None:
            noted.append(time.monotonic())
            other.execute("COMMIT")

        timer = threading.Timer(0.45, release)
        timer.start()
        with writing(sqlite_store):
            waits.append(time.monotonic() - released[0])
        timer.join()
    assert sorted(waits)[2] < 0.025


def test_waiting_for_a_lock_leaves_the_connection_as_it_was(
    impatient: Engine, other: sqlite3.Connection
) -> None:
    World(impatient).controller("A")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable), writing(impatient):
        pytest.fail("no transaction may begin")
    other.execute("ROLLBACK")
    with reading(impatient) as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 20


def connected_with(url: str) -> dict[str, object]:
    """What the driver of an engine is called with; it is called no further."""
    found: dict[str, object] = {}
    engine = open_engine(url)

    def connect(dialect: object, record: object, args: object, how: dict[str, object]) -> None:
        del dialect, record, args
        found.update(how)
        raise ConnectionRefusedError

    event.listen(engine, "do_connect", connect)
    with pytest.raises(ConnectionRefusedError):
        engine.connect()
    return found


def test_a_postgresql_whose_host_is_gone_is_not_waited_for_without_end() -> None:
    found = connected_with("postgresql+psycopg://portevoix@db.example/portevoix")
    assert {
        "connect_timeout": 5,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    }.items() <= found.items()


def test_the_url_has_the_last_word() -> None:
    url = (
        "postgresql+psycopg://portevoix@db.example/portevoix?connect_timeout=30&keepalives_idle=60"
    )
    found = connected_with(url)
    assert (found["connect_timeout"], found["keepalives_idle"]) == ("30", "60")
    assert found["tcp_user_timeout"] == 10_000


def test_the_driver_takes_them(postgres_store: Engine) -> None:
    engine = open_engine(postgres_store.url.render_as_string(hide_password=False))
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        said = driver.info.get_parameters()
    engine.dispose()
    assert (said["connect_timeout"], said["tcp_user_timeout"]) == ("5", "10000")


def test_a_server_that_says_nothing_is_an_error_within_seconds() -> None:
    """Two, which is the least that libpq waits."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        engine = open_engine(f"postgresql+psycopg://x@127.0.0.1:{port}/x?connect_timeout=2")
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable), writing(engine):
            pytest.fail("there is no transaction")
    assert time.monotonic() - begun < 5
