"""The tables that migrations make are the tables that the queries use."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from store import schema
from store.engine import open_engine, sqlite_url
from store.tables import metadata


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
