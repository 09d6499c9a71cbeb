"""Bringing a database to the tables this version needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from campaigns.errors import NotAllowed
from store import leases
from store.engine import BUSY_TIMEOUT_MS, writing_on

_MIGRATIONS = Path(__file__).with_name("migrations")

_MIGRATING = 0x706F727465
"""The number of PostgreSQL's advisory lock: it must be the same in every process."""

_WAIT_MS = 60_000


def upgrade(engine: Engine) -> None:
    """Create or migrate every table; nothing happens where they are right already.

    All of it or, where the process dies of it, nothing; of two processes that come at once, one
    does it and the other waits.

    Raises:
        NotAllowed: a dialer of another version runs, which knows other tables.
        StoreUnavailable: another process has migrated for longer than a minute.
    """
    if revision(engine) == newest():
        return
    with engine.connect() as connection, _patient(connection), writing_on(connection):
        if connection.dialect.name == "postgresql":
            hold(connection)
        there = _revision(connection)
        if there == newest():
            return
        if there is not None and knows(there):
            _refuse_beside_dialers(connection)
        migrate(connection)


def _refuse_beside_dialers(connection: Connection) -> None:
    """Take no tables away under a dialer that works with them.

    Raises:
        NotAllowed: one runs.
    """
    running = leases.running(connection, datetime.now(UTC))
    if running:
        raise NotAllowed(
            f"This version changes the tables, and dialers of another one run: "
            f"{', '.join(running)}. Stop them first, on every machine; then start this version."
        )


def hold(connection: Connection) -> None:
    """Have others that would migrate this PostgreSQL database wait for the caller's transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))


def migrate(connection: Connection) -> None:
    """Make or migrate every table in the caller's transaction, which keeps others from it."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Have SQLite wait for another process's migration, and let a table be replaced by its copy.

    Dropping a table with foreign keys in force would empty what refers to it first
    (https://www.sqlite.org/lang_droptable.html), and they cannot be put out of force within a
    transaction (https://www.sqlite.org/pragma.html#pragma_foreign_keys).
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    driver.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def revision(engine: Engine) -> str | None:
    """The revision the database is at; None where it is empty."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def knows(revision_there: str) -> bool:
    """Whether this version can bring a database of that revision up to its own."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return any(one.revision == revision_there for one in scripts)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
