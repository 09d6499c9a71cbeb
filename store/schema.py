"""Bringing a database to the tables this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

_MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(engine: Engine) -> None:
    """Create or migrate every table; nothing happens where they are right already."""
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        if revision(engine) != ScriptDirectory.from_config(config).get_current_head():
            command.upgrade(config, "head")
            connection.commit()


def revision(engine: Engine) -> str | None:
    """The revision the database is at; None where it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision this version of the program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
