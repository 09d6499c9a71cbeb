"""Commits that do not wait for the disk are in force at once, and reach it when told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from store_subjects import NOW

from campaigns.errors import StoreUnavailable
from store import controllers
from store.disk import Disk
from store.engine import open_engine, reading, sqlite_url, writing
from store.tables import controller

DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from store import controllers
from store.engine import open_engine, sqlite_url, writing
engine = open_engine(sqlite_url(Path(sys.argv[1])))
with writing(engine, synchronised=False) as connection:
    controllers.ensure(connection, "A", datetime.now(UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""


def write(engine: Engine, name: str) -> None:
    with writing(engine, synchronised=False) as connection:
        controllers.ensure(connection, name, NOW)


def names(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(controller.c.name)).scalars())


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were synchronised."""
    files: list[str] = []
    really = os.fdatasync

    def note(descriptor: int) -> None:
        files.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        really(descriptor)

    monkeypatch.setattr(os, "fdatasync", note)
    return files


def test_they_are_in_force_for_others_at_once(sqlite_store: Engine) -> None:
    other = open_engine(str(sqlite_store.url))
    write(sqlite_store, "A")
    assert names(other) == ["A"]
    other.dispose()


def test_they_survive_the_death_of_the_process(sqlite_store: Engine) -> None:
    arguments = [sys.executable, "-c", DIES, str(sqlite_store.url.database)]
    died = subprocess.run(arguments, check=False, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert died.returncode == -signal.SIGKILL
    assert names(sqlite_store) == ["A"]


def test_a_connection_waits_for_the_disk_again_afterwards(migrated_file: Path) -> None:
    engine = open_engine(sqlite_url(migrated_file))
    with engine.connect() as connection:
        usual = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    with writing(engine, synchronised=False) as connection:
        meanwhile = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    with engine.connect() as connection:
        after = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    engine.dispose()
    assert (usual, meanwhile, after) == (2, 1, 2)


def test_the_log_is_what_is_synchronised(sqlite_store: Engine, reached: list[str]) -> None:
    disk = Disk(sqlite_store)
    write(sqlite_store, "A")
    disk.reach()
    disk.reach()
    assert reached == [f"{sqlite_store.url.database}-wal"] * 2
    disk.close()


def test_where_everything_was_carried_over_there_is_nothing_to_do(
    sqlite_store: Engine, reached: list[str]
) -> None:
    write(sqlite_store, "A")
    sqlite_store.dispose()  # the last connection removes the log
    disk = Disk(sqlite_store)
    disk.reach()
    assert reached == []


def test_a_log_that_was_begun_anew_is_found(sqlite_store: Engine) -> None:
    disk = Disk(sqlite_store)
    write(sqlite_store, "A")
    disk.reach()
    sqlite_store.dispose()
    write(sqlite_store, "B")
    disk.reach()
    opened = os.fstat(disk._descriptor).st_ino
    assert opened == Path(f"{sqlite_store.url.database}-wal").stat().st_ino
    disk.close()


def test_a_disk_that_fails_is_said_so(
    sqlite_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    disk = Disk(sqlite_store)
    write(sqlite_store, "A")
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(StoreUnavailable, match="Input/output error"):
        disk.reach()
    disk.close()


def test_postgresql_waits_by_itself(postgres_store: Engine, reached: list[str]) -> None:
    write(postgres_store, "A")
    Disk(postgres_store).reach()
    assert (names(postgres_store), reached) == (["A"], [])
