"""Rows made ready beside the database, so that its write lock is held as briefly as can be.

SQLite has one writer at a time. Rows bound one by one from Python hold its lock for as long as that
takes on the processor that calls leave over; copied from a temporary table, which takes no lock,
they hold it for a fraction of that (https://www.sqlite.org/tempfiles.html).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Engine,
    MetaData,
    Table,
    delete,
    insert,
)

from store.engine import (
    leaving_the_log,
    recording,
    unmapped,
    unsynchronised,
    writing_on,
)

Rows: TypeAlias = Sequence[tuple[Any, ...]]
"""Rows of a table: what the driver takes for every column of it but the key, in their order."""


class Binder:
    """Makes rows of a table as the driver takes them, column by column.

    SQLAlchemy would make them row by row, which takes as long as reading them from a file.
    """

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._makers = [
            one.type.dialect_impl(dialect).bind_processor(dialect)
            for one in table.columns
            if not one.primary_key
        ]

    def bound(self, rows: Rows) -> list[tuple[Any, ...]]:
        """The same rows, made of the values of every column but the key."""
        if not rows:
            return []
        columns = [
            given if make is None else [make(value) for value in given]
            for given, make in zip(zip(*rows, strict=True), self._makers, strict=True)
        ]
        return list(zip(*columns, strict=True))


class Staging:
    """One connection with temporary tables like those that rows are meant for."""

    def __init__(self, connection: Connection, tables: Sequence[Table]) -> None:
        self._connection = connection
        self._beside = {table: _beside(table) for table in tables}
        self._inserts = {
            table: _Insert(beside, connection.dialect) for table, beside in self._beside.items()
        }

    def open(self) -> None:
        """Make the temporary tables."""
        for beside in self._beside.values():
            beside.create(self._connection)
        self._connection.commit()

    def close(self) -> None:
        """Remove them: the connection goes back to others."""
        self._connection.rollback()
        for beside in self._beside.values():
            beside.drop(self._connection)
        self._connection.commit()

    def beside(self, table: Table) -> Table:
        """The temporary table of what is ready for a table."""
        return self._beside[table]

    def put(self, table: Table, rows: Rows) -> None:
        """Make rows ready for a table; they replace those that were. No lock is taken."""
        with self._connection.begin():
            self._empty(self._beside[table])
            if rows:
                self._inserts[table].run(self._connection, rows)

    def _empty(self, beside: Table) -> None:
        if self._connection.dialect.name == "postgresql":
            # Rows that are deleted stay in the file until a vacuum, which comes by itself to no
            # temporary table (https://www.postgresql.org/docs/current/routine-vacuuming.html).
            self._connection.exec_driver_sql(f"TRUNCATE {beside.name}")
        else:
            self._connection.execute(delete(beside))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads."""
        with self._connection.begin():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes.

        Raises:
            StoreUnavailable: nothing was kept.
        """
        with writing_on(self._connection) as connection:
            yield connection


class _Insert:
    """Inserts rows as the driver takes them."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self._statement = str(insert(table).compile(dialect=dialect))
        self._names = table.columns.keys()
        self._positional = dialect.positional

    def run(self, connection: Connection, rows: Rows) -> None:
        if self._positional:
            connection.exec_driver_sql(self._statement, list(rows))
        else:
            named = [dict(zip(self._names, one, strict=True)) for one in rows]
            connection.exec_driver_sql(self._statement, named)


def _beside(table: Table) -> Table:
    columns = [Column(one.name, one.type) for one in table.columns if not one.primary_key]
    return Table(f"staged_{table.name}", MetaData(), *columns, prefixes=["TEMPORARY"])


@contextmanager
def staging(engine: Engine, *tables: Table) -> Iterator[Staging]:
    """Take rows for these tables.

    What is kept is not synchronised with the disk by itself, but with the next attempt, refusal or
    other writing that is: a power cut takes the last of it, whole transactions at a time.

    Raises:
        StoreUnavailable: the database is gone.
    """
    with (
        recording(),
        engine.connect() as connection,
        unsynchronised(connection),
        unmapped(connection),
        leaving_the_log(connection),
    ):
        stage = Staging(connection, tables)
        stage.open()
        try:
            yield stage
        finally:
            stage.close()
