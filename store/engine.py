"""The database: opening it, its settings, its transactions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from campaigns.errors import StoreUnavailable
from store.in_line import in_line
from store.sqlite import driver as sqlite3
from store.sqlite import refuse_unsound

BUSY_TIMEOUT_MS = 5000
"""How long a writer of SQLite waits for another; an import gives way every 50 ms."""

LARGEST_LOG = 64 * 1024 * 1024
"""Bytes of SQLite's log that are no reason for concern."""

_CARRY_OVER = 8 * 1024 * 1024
"""Bytes of the log from which on it is worth carrying its pages over into the database."""

_CARRIED_BY_WRITERS = 8192
"""Pages (32 MB) from which on a writer carries them over itself, as it commits: nobody has done it
beside the writers, since no dialer runs."""

_CATCHING_UP = 3
"""How often it is tried to have every page carried over. A writer begins the log anew only when it
finds that so; each time there are fewer pages left, written during the time before."""

_HOLD_OFF_MS = 50
"""How long writers of SQLite are held off at most, while the readers of its log end."""

_NORMAL = 1  # of PRAGMA synchronous: OFF, NORMAL, FULL, EXTRA

_AGAIN_S = 0.002
"""How soon a writer of SQLite that waits for another tries again."""

_ALONE_WITHIN_S = 1.0
"""How long it is tried to be the only one that has a file of SQLite open."""

_PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""For how long a PostgreSQL that does not answer is waited for: s to connect, ms for what was sent
to arrive, s of silence before it is asked whether it is there, and how often (libpq,
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS). TCP alone takes a
quarter of an hour to find out that a host has lost its power, and with it the dialer would wait."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an attempt or opt-out that was committed survives a power cut
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what was erased stands in no free page
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",
    "PRAGMA mmap_size=67108864",
    f"PRAGMA journal_size_limit={LARGEST_LOG}",
    f"PRAGMA wal_autocheckpoint={_CARRIED_BY_WRITERS}",
)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def open_engine(url: str) -> Engine:
    """An engine on SQLite (WAL, full synchronisation) or PostgreSQL.

    SQLite transactions are begun by `reading` and `writing` alone, since Python's driver would
    otherwise begin them late and upgrade them, which fails at once when another one writes. A
    PostgreSQL whose host is gone is an error after some seconds; the URL may set others.
    """
    if url.startswith("sqlite"):
        refuse_unsound()
        engine = create_engine(url, module=sqlite3)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    said = make_url(url).query
    patience = {name: value for name, value in _PATIENCE.items() if name not in said}
    return create_engine(url, pool_pre_ping=True, connect_args=patience)


def open_alone(url: str) -> Engine:
    """An engine on an SQLite file that nobody else has open, nor can open before it is disposed of.

    Locking that is exclusive before a file with a log is first read locks the whole file for its
    one connection (https://www.sqlite.org/wal.html, «Use of WAL Without Shared-Memory»). So
    connecting fails while another process has the file open, even idle.
    """
    refuse_unsound()
    patience = {"timeout": _ALONE_WITHIN_S}
    engine = create_engine(url, module=sqlite3, pool_size=1, max_overflow=0, connect_args=patience)
    event.listen(engine, "connect", _lock_whole)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _lock_whole(connection: Any, record: object) -> None:
    del record
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


@contextmanager
def writing(engine: Engine, *, synchronised: bool = True) -> Iterator[Connection]:
    """One transaction that writes; committed at the end, rolled back on any error.

    Args:
        engine: of the database.
        synchronised: the commit waits for the disk; otherwise see `store.disk`.

    Raises:
        StoreUnavailable: the database is locked, full or gone.
    """
    with recording(), engine.connect() as connection:
        if synchronised:
            with writing_on(connection):
                yield connection
        else:
            with unsynchronised(connection), writing_on(connection):
                if connection.dialect.name == "postgresql":
                    # https://www.postgresql.org/docs/current/wal-async-commit.html
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                yield connection


@contextmanager
def writing_on(connection: Connection) -> Iterator[Connection]:
    """The same on a connection that is there and in no transaction.

    Raises:
        StoreUnavailable: the database is locked, full or gone.
    """
    with recording(), in_line(), connection.begin():
        if connection.dialect.name == "sqlite":
            _begin_writing(connection)
        yield connection


@contextmanager
def unsynchronised(connection: Connection) -> Iterator[None]:
    """Have SQLite not wait for the disk at each commit of a connection, for what can be made anew.

    The next synchronised commit of any connection takes it to the disk too (WAL,
    https://www.sqlite.org/pragma.html#pragma_synchronous).
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    (usual,) = driver.execute("PRAGMA synchronous").fetchone()
    driver.execute(f"PRAGMA synchronous={min(usual, _NORMAL)}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA synchronous={usual}")


@contextmanager
def unmapped(connection: Connection) -> Iterator[None]:
    """Have SQLite read the database's pages into its own cache on a connection, and map none.

    Who goes through all of a large database holds as much memory as may be mapped otherwise.
    """
    with _set(connection, "mmap_size", 0):
        yield


@contextmanager
def _set(connection: Connection, pragma: str, value: int) -> Iterator[None]:
    """Another value of a pragma of SQLite on one connection, for a while."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    (usual,) = driver.execute(f"PRAGMA {pragma}").fetchone()
    driver.execute(f"PRAGMA {pragma}={value}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA {pragma}={usual}")


@contextmanager
def leaving_the_log(connection: Connection) -> Iterator[None]:
    """Have the writer on a connection leave SQLite's log to others (`store.carrying`) meanwhile.

    It carries it over itself only where the log has grown to the largest that is no concern, and
    does not cut off what has grown over that: file systems may take their time for either.
    """
    pages = LARGEST_LOG // _page_size(connection)
    with (
        _set(connection, "wal_autocheckpoint", pages),
        _set(connection, "journal_size_limit", 2 * LARGEST_LOG),
    ):
        yield


def _page_size(connection: Connection) -> int:
    if connection.dialect.name != "sqlite":
        return 1
    driver: Any = connection.connection.driver_connection
    return int(driver.execute("PRAGMA page_size").fetchone()[0])


@contextmanager
def recording() -> Iterator[None]:
    """Say of a database that is locked, full or gone that it is.

    Raises:
        StoreUnavailable: it is.
    """
    try:
        yield
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise StoreUnavailable(_reason(error)) from error
        raise


def _begin_writing(connection: Connection) -> None:
    """Take SQLite's write lock, within a moment of its being free.

    Its own waiting sleeps for up to 100 ms at a time, and loses the lock again and again to an
    import, which leaves it free for a few milliseconds only.
    """
    driver: Any = connection.connection.driver_connection
    (timeout_ms,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute("PRAGMA busy_timeout=0")
    until = time.monotonic() + timeout_ms / 1000
    try:
        while not _took_lock(driver) and time.monotonic() < until:
            time.sleep(_AGAIN_S)
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={timeout_ms}")


def _took_lock(driver: sqlite3.Connection) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, of one consistent moment.

    Raises:
        StoreUnavailable: the database is gone.
    """
    sqlite = engine.dialect.name == "sqlite"
    options = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
    with (
        recording(),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        if sqlite:
            connection.exec_driver_sql("BEGIN")
        yield connection


def bound_log(engine: Engine, largest: int = LARGEST_LOG) -> bool:
    """Empty SQLite's log where it has grown over so many bytes; whether there was anything to do.

    Writers begin it anew where its pages were carried over (`carry_over`) and nobody reads it, so
    that it stays at some megabytes (https://www.sqlite.org/wal.html, «Avoiding Excessively Large
    WAL Files»); readers that overlap without a gap keep them from it. Then this must be called now
    and again, by a thread that may wait: first it carries over what it can while others write, then
    it holds writers off for a moment, and gives up where a reader outlasts that.

    Raises:
        StoreUnavailable: it cannot be emptied now.
    """
    if engine.dialect.name != "sqlite" or _log_size(engine) <= largest:
        return False
    try:
        with engine.connect() as connection:
            _empty_log(connection)
    except DBAPIError as error:
        raise StoreUnavailable(_reason(error)) from error
    return True


def carry_over(engine: Engine) -> None:
    """Copy pages of SQLite's log into the database while others read and write.

    Called twice a second beside a dialer, whose commits otherwise do it and keep calls waiting.

    Raises:
        StoreUnavailable: it cannot be done now.
    """
    if engine.dialect.name != "sqlite" or _log_size(engine) <= _CARRY_OVER:
        return
    try:
        with engine.connect() as connection:
            for _ in range(_CATCHING_UP):
                if _all_carried(connection):
                    break
    except DBAPIError as error:
        raise StoreUnavailable(_reason(error)) from error


def _all_carried(connection: Connection) -> bool:
    """Copy what is there; False where more was written meanwhile, so that the log goes on."""
    row = connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").one()
    _, written, carried = row
    return bool(written == carried)


def _empty_log(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    connection.exec_driver_sql(f"PRAGMA busy_timeout={_HOLD_OFF_MS}")
    try:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _log_size(engine: Engine) -> int:
    log = Path(f"{engine.url.database}-wal")
    return log.stat().st_size if log.exists() else 0


def _reason(error: DBAPIError) -> str:
    return f"The database cannot record now: {error.orig}"
