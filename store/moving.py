"""The rows of an SQLite database put into the tables of a PostgreSQL one, in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from psycopg import DataError, Error, IntegrityError
from sqlalchemy import Column, Connection, Table, delete, func, select, text

from campaigns.contacts.hiding import hidden
from campaigns.errors import NotAllowed, StoreUnavailable
from store.stored_rows import Rows, Sum, summed
from store.tables import metadata
from store.unfit import unfit

_NAMED = 10
"""How many values that PostgreSQL does not take are named at most."""


def make_ready(target: Connection) -> None:
    """Remove the rows that migrations write into new tables: they come with all others.

    Days are written and read as ISO 8601 has them, whatever the server's settings say.
    """
    target.execute(text("SET LOCAL datestyle TO ISO"))
    for table in reversed(metadata.sorted_tables):
        if target.execute(select(table).limit(1)).first() is not None:
            target.execute(delete(table))


def copy(source: Connection, target: Connection, table: Table, tell: Callable[[int], None]) -> Sum:
    """Put every row of a table into the same table of the target.

    A COPY has some thousands of rows: the server keeps in memory what of them it must check at its
    end.

    Args:
        source: a transaction of SQLite (`store.audit_rows.as_stored`).
        target: a transaction of PostgreSQL.
        table: which; those that it refers to are there.
        tell: called with the number of rows after each batch.

    Raises:
        NotAllowed: PostgreSQL does not take some value; which is said of the first few.
        StoreUnavailable: it cannot record.
    """

    def put(rows: Rows) -> None:
        with _explained(source, table):
            _put(target, table, rows)
        tell(len(rows))

    found = summed(source, table, put)
    target.execute(text(f"ANALYZE {_quoted(target, table.name)}"))
    return found


def _put(target: Connection, table: Table, rows: Rows) -> None:
    columns = ", ".join(_quoted(target, one.name) for one in table.c)
    driver: Any = target.connection.driver_connection
    into = f"COPY {_quoted(target, table.name)} ({columns}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(into) as stream:
        for row in rows:
            stream.write_row(row)


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


@contextmanager
def _explained(source: Connection, table: Table) -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError, UnicodeEncodeError) as error:
        named = list(islice(unfit(source), _NAMED)) or [f"{table.name}: {_words(error)}"]
        raise NotAllowed("\n".join(["PostgreSQL does not take", *named])) from error
    except Error as error:
        raise StoreUnavailable(f"PostgreSQL cannot record now: {_words(error)}") from error


def _words(error: Exception) -> str:
    """What PostgreSQL says, in one line; it may quote a row."""
    return hidden(" ".join(str(error).split()))


def continue_keys(source: Connection, target: Connection) -> None:
    """Have every growing key go on after the last one, so that none is given twice."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            last = max(_highest(target, column), _ever_given(source, table))
            _continue(target, table, column, last)


def _highest(connection: Connection, column: Column[int]) -> int:
    return connection.execute(select(func.max(column))).scalar() or 0


def _ever_given(source: Connection, table: Table) -> int:
    """The highest key that SQLite remembers to have given, where no key may come again.

    See https://www.sqlite.org/autoinc.html.
    """
    asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return source.execute(asked, {"name": table.name}).scalar() or 0


def _continue(target: Connection, table: Table, column: Column[int], last: int) -> None:
    if last:
        name = func.pg_get_serial_sequence(_quoted(target, table.name), column.name)
        target.execute(select(func.setval(name, last)))
