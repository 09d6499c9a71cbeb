"""The whole database in one file, as it stood at one moment, and put back into an empty place."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, inspect, select, text

from campaigns.errors import NotAllowed
from store import audit_rows, suppression_keys
from store.engine import open_engine, reading, recording, sqlite_url
from store.tables import audit_segment, metadata


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database holds.

    Attributes:
        rows: how many, by table.
        audit: how many segments the audit has, the opening of the last, and {segment: [length,
            hash of its last event]}: whoever keeps this elsewhere can prove what was in it then.
        suppression_key: fingerprint of the key it was used with; None where it was used with none.
        erased: whether anybody was erased under it.
    """

    rows: dict[str, int]
    audit: dict[str, Any]
    suppression_key: str | None
    erased: bool


def take(engine: Engine, file: Path) -> Standing:
    """Write the database to a new file while others write.

    SQLite copies it within one reading transaction (VACUUM INTO, https://www.sqlite.org/lang_vacuum
    .html): nobody waits for it, its log grows meanwhile, and what was deleted is not in the copy.

    Raises:
        NotAllowed: PostgreSQL's `pg_dump` is missing or failed.
        StoreUnavailable: it cannot be read.
    """
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            _run_postgres(engine, "pg_dump", f"--snapshot={exported}", "--format=custom",
                          f"--file={file}")  # fmt: skip
            return standing(connection)
    with recording(), engine.connect() as connection:
        # By SQLAlchemy, so that a full disk is told as one; the driver begins no transaction.
        connection.exec_driver_sql("VACUUM INTO ?", (str(file),))
    with _opened(file) as copy, reading(copy) as connection:
        return standing(connection)


def put_back(engine: Engine, file: Path) -> None:
    """Fill an empty PostgreSQL database.

    Raises:
        NotAllowed: `pg_restore` is missing or failed.
    """
    _run_postgres(engine, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
                  "--no-privileges", f"--dbname={engine.url.database}", str(file))  # fmt: skip


def is_empty(database: Engine | Connection) -> bool:
    """Whether there is no table.

    Raises:
        StoreUnavailable: the database is not there.
    """
    with recording():
        return not inspect(database).get_table_names()


def damage(engine: Engine) -> list[str]:
    """What SQLite finds wrong with its file and with references between rows, at most a few."""
    if engine.dialect.name != "sqlite":
        return []
    with reading(engine) as connection:
        found = list(connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars())
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5)
    return [one for one in found if one != "ok"] + [
        f"a row of {row[0]} refers to one of {row[2]} that is not there" for row in orphans
    ]


def standing(connection: Connection) -> Standing:
    """What a database holds now."""
    there = set(inspect(connection).get_table_names())
    rows = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
        if table.name in there
    }
    segments = connection.execute(
        select(audit_segment.c.id, audit_segment.c.length, audit_segment.c.head)
    )
    chain = audit_rows.chain(connection) or {}
    audit = {
        "segments": chain.get("segments"),
        "opening": chain.get("opening"),
        "heads": {str(id_): [length, head] for id_, length, head in segments},
    }
    key = suppression_keys.recorded(connection)
    return Standing(rows, audit, key, suppression_keys.was_used(connection))


@contextmanager
def _opened(file: Path) -> Iterator[Engine]:
    engine = open_engine(sqlite_url(file))
    try:
        yield engine
    finally:
        engine.dispose()


def _run_postgres(engine: Engine, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's for a database; its password is in no command line.

    Raises:
        NotAllowed: it is missing or failed, with its own words.
    """
    found = _program(program)
    url = engine.url
    host = url.host or url.query.get("host") or ""
    names = {
        "PGHOST": host if isinstance(host, str) else host[0],
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
    }
    given = {name: value for name, value in names.items() if value}
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL's, and no shell
        [found, *arguments], env={**os.environ, **given}, capture_output=True, text=True,
        errors="replace", check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise NotAllowed(f"{program} failed: {' '.join(done.stderr.split())}")


def _program(name: str) -> str:
    """The newest one: it must not be older than the server."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=_version)
    found = str(places[-1]) if places else shutil.which(name)
    if found is None:
        raise NotAllowed(
            f"{name} is not here, by which PostgreSQL is copied. Install its client programs "
            "(Debian, Ubuntu: apt-get install postgresql-client)."
        )
    return found


def _version(program: Path) -> int:
    name = program.parent.parent.name
    return int(name) if name.isdecimal() else 0
