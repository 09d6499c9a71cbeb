"""The tables that migrations make are the tables that the queries use."""

import re
import shutil
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect
from test_audit_migration import at_revision, emptied

from campaigns.errors import NotAllowed
from store import leases, schema
from store.engine import open_engine, sqlite_url, writing
from store.tables import metadata

COMERS = 4

FAULT = """
revision = "fault"
down_revision = "{after}"

def upgrade():
    raise OSError("in mid-migration")
"""


def test_migrations_make_exactly_the_tables_of_the_program(store: Engine) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_partial_indexes_cover_pending_targets_only(store: Engine) -> None:
    indexes = {index["name"]: index for index in inspect(store).get_indexes("target")}
    options = indexes["ix_target_due"]["dialect_options"]
    assert "pending" in str(next(value for key, value in options.items() if "where" in key))


def test_upgrading_again_changes_nothing(store: Engine) -> None:
    before = schema.revision(store)
    schema.upgrade(store)
    assert schema.revision(store) == before == schema.newest()


def test_processes_that_come_at_once_make_the_tables_once(store: Engine) -> None:
    emptied(store)
    store.dispose()
    url = store.url.render_as_string(hide_password=False)
    processes = get_context("spawn")
    together = processes.Barrier(COMERS)
    comers = [processes.Process(target=_upgrade, args=(url, together)) for _ in range(COMERS)]
    for one in comers:
        one.start()
    for one in comers:
        one.join()
    assert [one.exitcode for one in comers] == [0] * COMERS
    assert schema.revision(store) == schema.newest()


def _upgrade(url: str, together: Barrier) -> None:
    engine = open_engine(url)
    together.wait()
    schema.upgrade(engine)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_half_made(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emptied(store)
    faulty = tmp_path / "migrations"
    shutil.copytree(schema._MIGRATIONS, faulty)
    (faulty / "versions" / "fault.py").write_text(FAULT.format(after=schema.newest()))
    monkeypatch.setattr(schema, "_MIGRATIONS", faulty)
    with pytest.raises(OSError, match="in mid-migration"):
        schema.upgrade(store)
    assert inspect(store).get_table_names() == []


LAST_BUT_ONE = "0019"


def test_no_tables_are_taken_away_under_a_dialer_that_runs(store: Engine) -> None:
    now = datetime.now(UTC)
    at_revision(store, LAST_BUT_ONE)
    with writing(store) as connection:
        held = leases.acquire(connection, now, "a")
    with pytest.raises(NotAllowed, match=rf"run: a \({re.escape(held.process)}\)"):
        schema.upgrade(store)
    assert schema.revision(store) == LAST_BUT_ONE
    with writing(store) as connection:
        leases.release(connection, held, now)
    schema.upgrade(store)
    assert schema.revision(store) == schema.newest()


def test_beside_a_dialer_of_the_same_version_nothing_is_refused(store: Engine) -> None:
    with writing(store) as connection:
        leases.acquire(connection, datetime.now(UTC))
    schema.upgrade(store)


@pytest.mark.parametrize(
    ("name", "expected"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)]
)
def test_what_was_committed_survives_a_power_cut(
    tmp_path: Path, name: str, expected: object
) -> None:
    engine = open_engine(sqlite_url(tmp_path / "portevoix.db"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {name}").scalar() == expected
    engine.dispose()
