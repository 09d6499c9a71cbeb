"""The database: opening it, its settings, its transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError

from campaigns.errors import StoreUnavailable

BUSY_TIMEOUT_MS = 5000
"""How long a writer of SQLite waits for another; an import gives way every 50 ms."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # an attempt or opt-out that was committed survives a power cut
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",
    "PRAGMA mmap_size=268435456",
    "PRAGMA journal_size_limit=67108864",
)


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+pysqlite:///{path}"


def open_engine(url: str) -> Engine:
    """An engine on SQLite (WAL, full synchronisation) or PostgreSQL.

    SQLite transactions are begun by `reading` and `writing` alone, since Python's driver would
    otherwise begin them late and upgrade them, which fails at once when another one writes.
    """
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes; committed at the end, rolled back on any error.

    Raises:
        StoreUnavailable: the database is locked, full or gone.
    """
    try:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise StoreUnavailable(_reason(error)) from error
        raise


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, of one consistent moment.

    Raises:
        StoreUnavailable: the database is gone.
    """
    sqlite = engine.dialect.name == "sqlite"
    options = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
    try:
        with engine.connect().execution_options(**options) as connection, connection.begin():
            if sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
    except DBAPIError as error:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            raise StoreUnavailable(_reason(error)) from error
        raise


def _reason(error: DBAPIError) -> str:
    return f"The database cannot record now: {error.orig}"
