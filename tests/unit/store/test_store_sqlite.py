"""The SQLite that is used keeps what it committed, and keeps nothing that was erased."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select, text
from store_subjects import NOW

from campaigns.errors import StoreUnavailable
from store import controllers
from store.engine import bound_log, open_alone, open_engine, reading, sqlite_url, writing
from store.sqlite import driver, refuse_unsound, sound
from store.tables import controller


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 44, 9), (3, 50, 7), (3, 51, 3), (3, 53, 4)])
def test_a_version_in_which_the_logs_reset_is_mended_is_sound(
    version: tuple[int, int, int],
) -> None:
    assert sound(version)
    refuse_unsound(version)


@pytest.mark.parametrize(
    "version", [(3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 46, 1), (3, 50, 6), (3, 51, 0), (3, 51, 2)]
)
def test_a_version_that_may_lose_commits_opens_nothing(version: tuple[int, int, int]) -> None:
    with pytest.raises(StoreUnavailable, match=r"may lose what was committed.*pysqlite3"):
        refuse_unsound(version)


@pytest.mark.parametrize("open_it", [open_engine, open_alone])
def test_an_unsound_version_is_refused_where_a_database_is_opened(
    open_it: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refuse_unsound, "__defaults__", ((3, 40, 1),))
    with pytest.raises(StoreUnavailable):
        open_it(sqlite_url(tmp_path / "portevoix.db"))


def test_databases_are_opened_with_a_sound_version(sqlite_store: Engine) -> None:
    with reading(sqlite_store) as connection:
        said = connection.execute(text("SELECT sqlite_version()")).scalar_one()
    assert said == driver.sqlite_version
    assert sound(driver.sqlite_version_info)


def test_nothing_that_was_erased_stays_in_the_file(sqlite_store: Engine) -> None:
    with writing(sqlite_store) as connection:
        controllers.ensure(connection, "Mairie de Sainte-Absence", NOW)
    bound_log(sqlite_store, largest=0)
    assert b"Sainte-Absence" in _bytes_of(sqlite_store)
    with writing(sqlite_store) as connection:
        connection.execute(delete(controller))
    bound_log(sqlite_store, largest=0)
    with reading(sqlite_store) as connection:
        assert connection.execute(select(controller.c.name)).all() == []
    assert b"Sainte-Absence" not in _bytes_of(sqlite_store)


def _bytes_of(engine: Engine) -> bytes:
    # By another process: to close the file in this one would let go of its locks.
    command = ["cat", str(engine.url.database)]
    return subprocess.run(command, check=True, capture_output=True).stdout
