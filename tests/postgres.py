"""A PostgreSQL to test on: the one named by PORTEVOIX_TEST_POSTGRES, or a throw-away cluster.

The cluster is made by the machine's own `initdb`, listens on a Unix socket only, and is gone when
the tests are. The server refuses to run as root, so there it runs as its package's user.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from store.engine import open_engine
from store.schema import upgrade

VARIABLE = "PORTEVOIX_TEST_POSTGRES"
SUPERUSER = "postgres"
_UNSAFE_BUT_QUICK = "-c listen_addresses='' -c fsync=off -c full_page_writes=off"
_TEMPLATE = "portevoix_template"


class Postgres:
    """A server on which each test gets a database of its own, migrated already."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count(os.getpid() * 1000)
        self._run(f"DROP DATABASE IF EXISTS {_TEMPLATE}")
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        template = open_engine(self._named(_TEMPLATE))
        upgrade(template)
        template.dispose()

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """An engine on a fresh database."""
        name = f"portevoix_test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        engine = open_engine(self._named(name))
        try:
            yield engine
        finally:
            engine.dispose()
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def empty(self, options: str = "", configured: str = "") -> Iterator[str]:
        """The URL of a database without a table; made with options, or configured later."""
        name = f"portevoix_test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        if configured:
            self._run(f"ALTER DATABASE {name} SET {configured}")
        try:
            yield self._named(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let go of the server."""
        self._run(f"DROP DATABASE {_TEMPLATE}")
        self._admin.dispose()

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """The server of this test run; without one the test that asked for it is skipped."""
    given = os.environ.get(VARIABLE)
    if given:
        server = Postgres(make_url(given))
        yield server
        server.close()
        return
    programs = _programs()
    if programs is None:
        pytest.skip(f"no PostgreSQL server is installed here and {VARIABLE} names none")
    with _cluster(programs) as url:
        server = Postgres(url)
        yield server
        server.close()


def _programs() -> Path | None:
    """Where `initdb` and `pg_ctl` are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@contextmanager
def _cluster(programs: Path) -> Iterator[URL]:
    root = Path(tempfile.mkdtemp(prefix="portevoix-pg-"))
    account = _account()
    if account is not None:
        shutil.chown(root, account, account)
    data = root / "data"
    _execute(programs / "initdb", "-D", data, "-U", SUPERUSER, "-A", "trust", "-N", "-E", "UTF8")
    options = f"{_UNSAFE_BUT_QUICK} -c unix_socket_directories='{root}'"
    _execute(programs / "pg_ctl", "-D", data, "-l", root / "log", "-w", "-o", options, "start")
    try:
        yield URL.create("postgresql+psycopg", SUPERUSER, database="postgres",
            query={"host": str(root)})  # fmt: skip
    finally:
        _execute(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(root, ignore_errors=True)


def _account() -> str | None:
    """The package's user where we are root; None where we may run the server ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER).pw_name
    except KeyError:
        pytest.skip(f"PostgreSQL does not run as root, and there is no user {SUPERUSER}")


def _execute(*command: str | Path) -> None:
    account = _account()
    subprocess.run(
        command, check=True, user=account, group=account, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
