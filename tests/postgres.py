"""A PostgreSQL to test on: the one named by PORTEVOIX_TEST_POSTGRES, or a throw-away cluster."""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from bench.postgres import NoServer, cluster
from store.engine import open_engine
from store.schema import upgrade

VARIABLE = "PORTEVOIX_TEST_POSTGRES"


class Postgres:
    """A server on which each test gets a database of its own, migrated already."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._own = f"portevoix_test_{os.getpid()}"
        self._template = f"{self._own}_template"
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._numbers = itertools.count()
        self._lasting: list[str] = []
        self._run(f"DROP DATABASE IF EXISTS {self._template}")
        self._run(f"CREATE DATABASE {self._template}")
        template = open_engine(self._named(self._template))
        upgrade(template)
        template.dispose()

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """An engine on a fresh database."""
        name = f"{self._own}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        engine = open_engine(self._named(name))
        try:
            yield engine
        finally:
            engine.dispose()
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def lasting(self) -> str:
        """The URL of a fresh database that is there until the end of the run."""
        name = f"{self._own}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        self._lasting.append(name)
        return self._named(name)

    @contextmanager
    def empty(self, options: str = "", configured: str = "") -> Iterator[str]:
        """The URL of a database without a table; made with options, or configured later."""
        name = f"{self._own}_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        if configured:
            self._run(f"ALTER DATABASE {name} SET {configured}")
        try:
            yield self._named(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let go of the server."""
        for name in (*self._lasting, self._template):
            self._run(f"DROP DATABASE {name} WITH (FORCE)")
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
    with ExitStack() as stack:
        try:
            made = stack.enter_context(cluster(quick=True))
        except NoServer as error:
            pytest.skip(f"{error} {VARIABLE} names none either.")
        server = Postgres(made.url)
        yield server
        server.close()
