"""Databases for every test: SQLite, and PostgreSQL where there is one. Both pass the same tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homes import HOMES
from hypothesis import HealthCheck, settings
from postgres import Postgres, running_postgres
from sqlalchemy import Engine, event

from store import schema
from store.engine import open_engine, sqlite_url
from store.sqlite import driver as sqlite3

# How long an example takes to make says how busy the machine is.
settings.register_profile("untimed", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--on postgresql`: what is tried on one database is tried on that one."""
    parser.addoption("--on", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.fixture(scope="session", autouse=True)
def homes(request: pytest.FixtureRequest) -> None:
    """Have homes kept where this run wants them."""
    if request.config.getoption("--on") != "postgresql":
        return
    try:
        HOMES.server = request.getfixturevalue("postgres")
    except pytest.skip.Exception as missing:
        pytest.exit(f"Nothing can be tried on PostgreSQL: {missing}", 1)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with every table and no row, to be copied."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    engine = open_engine(sqlite_url(path))
    schema.upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session", autouse=True)
def ready_homes(migrated_file: Path) -> Iterator[None]:
    """Have the homes that tests make begin with that file: migrating each took a third of a second.

    What processes of their own make is migrated as everywhere.
    """
    migrate = schema.upgrade

    def upgrade_copy(engine: Engine) -> None:
        path = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
        if path and path.is_file() and not path.stat().st_size:
            shutil.copyfile(migrated_file, path)
        migrate(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "upgrade", upgrade_copy)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server of this run."""
    with running_postgres() as server:
        yield server


def quick_engine(path: Path) -> Engine:
    """An engine that leaves writing to disk to the system, as no test cuts the power."""
    engine = open_engine(sqlite_url(path))

    def hurry(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(engine, "connect", hurry)
    return engine


@pytest.fixture
def new_sqlite_store(migrated_file: Path, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes fresh SQLite databases, one for each example of a property."""
    made: list[Engine] = []

    def one() -> Engine:
        path = tmp_path / f"portevoix-{len(made)}.db"
        shutil.copy(migrated_file, path)
        made.append(quick_engine(path))
        return made[-1]

    yield one
    for engine in made:
        engine.dispose()


@pytest.fixture
def sqlite_store(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database."""
    path = tmp_path / "portevoix.db"
    shutil.copy(migrated_file, path)
    engine = quick_engine(path)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_store(postgres: Postgres) -> Iterator[Engine]:
    """A fresh PostgreSQL database."""
    with postgres.database() as engine:
        yield engine


@pytest.fixture
def own_store(request: pytest.FixtureRequest) -> Engine:
    """A fresh database of the kind this run is on."""
    on = request.config.getoption("--on")
    name = "sqlite_store" if on == "sqlite" else "postgres_store"
    engine: Engine = request.getfixturevalue(name)
    return engine


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Engine:
    """A fresh database of each kind."""
    name = "sqlite_store" if request.param == "sqlite" else "postgres_store"
    engine: Engine = request.getfixturevalue(name)
    return engine
