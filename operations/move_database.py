"""Moving the database of a home from SQLite to PostgreSQL, all of it or nothing.

One transaction makes the tables, copies every row, reads everything back and says who moved it: a
move that ends early leaves the target as empty as it was. Meanwhile nobody else has the SQLite
file open, so that nothing can be written to it that the copy lacks.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, Table, make_url, text
from sqlalchemy.exc import ArgumentError, InternalError, OperationalError, ProgrammingError

from campaigns.errors import InvalidInput, NotAllowed, StoreUnavailable
from operations.audit_proof import Fault, Proof, prove
from operations.settings import Settings
from store import audit, leases, moving, schema, snapshot
from store.audit_rows import as_stored
from store.engine import open_alone, open_engine, reading, writing_on
from store.stored_rows import Sum, summed
from store.tables import metadata

DRIVER = "postgresql+psycopg"

_FORM = f"Write it as {DRIVER}://USER@HOST/DATABASE."


@dataclass(frozen=True, slots=True)
class MoveProgress:
    """How far a move is.

    Attributes:
        doing: copying or verifying.
        table: which.
        done, total: rows, of which each is copied and then read back.
    """

    doing: str
    table: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did.

    Attributes:
        url: of the new database.
        sums: what each table holds, here as there.
        proof: of the audit in the new database.
        faults: of the audit; the old one has the same.
    """

    url: URL
    sums: dict[str, Sum]
    proof: Proof
    faults: list[Fault] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(one.rows for one in self.sums.values())


def move(settings: Settings, to: str, by: str, tell: Callable[[MoveProgress], None]) -> Moved:
    """Copy a home's SQLite database into an empty PostgreSQL one, and verify it.

    Args:
        settings: of the home.
        to: URL of the empty database.
        by: who asks, for the audit.
        tell: called now and again.

    Raises:
        InvalidInput: the URL is none of PostgreSQL, or nobody is named.
        NotAllowed: one of the two databases is not as it must be, or in use.
        StoreUnavailable: PostgreSQL cannot be reached, or cannot record.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who asks for it.")
    url, file = _target(to), _source(settings)
    with _opened(open_alone(settings.url)) as old, _opened(open_engine(_plain(url))) as new:
        _check_source(old, settings)
        with as_stored(old) as source, _empty(new) as target:
            sums = _Copying(source, target, tell).all()
            _record(target, by, file, sums)
        faults: list[Fault] = []
        return Moved(url, sums, prove(new, faults.append), faults)


def _plain(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def _target(to: str) -> URL:
    try:
        url = make_url(to)
    except ArgumentError as error:
        raise InvalidInput("URL", "it is no URL of a database.", _FORM) from error
    if url.drivername == "postgresql":
        url = url.set(drivername=DRIVER)
    if url.drivername != DRIVER or not url.database:
        raise InvalidInput("URL", "it names no database of PostgreSQL.", _FORM)
    return url


def _source(settings: Settings) -> Path:
    url = make_url(settings.url)
    if url.get_backend_name() != "sqlite":
        raise NotAllowed(
            "The database of this home is no SQLite file: database_url in its settings names "
            "another one. Take that out until the move is done."
        )
    file = Path(url.database or "")
    if not file.is_file():
        raise NotAllowed(
            f"{file} is not there, so there is nothing to move. Set database_url: the first "
            "program that starts makes the tables."
        )
    return file


@contextmanager
def _opened(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


def _check_source(engine: Engine, settings: Settings) -> None:
    """Lock the SQLite file until the engine is disposed of, and see that it can be moved."""
    try:
        engine.connect().close()
    except OperationalError as error:
        raise NotAllowed(_user_of(settings)) from error
    found, needed = schema.revision(engine), schema.newest()
    if found != needed:
        raise NotAllowed(
            f"The database is at revision {found}, and this version moves {needed}. Let the "
            "version that is to run open it first, such as by «portevoix doctor»."
        )
    with reading(engine) as connection:
        _check_dialer(connection)


def _user_of(settings: Settings) -> str:
    """Who keeps the file from being locked, in words for who wants to move it.

    Raises:
        NotAllowed: a dialer.
    """
    try:
        with _opened(open_engine(settings.url)) as engine, reading(engine) as connection:
            _check_dialer(connection)
    except (OperationalError, StoreUnavailable):
        pass  # it is locked whole, as by another move
    return (
        "Another program has the database open. Stop «portevoix serve» and every other program on "
        "this home: what they would write meanwhile would be missing."
    )


def _check_dialer(connection: Connection) -> None:
    holder = leases.holder(connection, datetime.now(UTC))
    if holder is not None:
        raise NotAllowed(
            f"A dialer ({holder['node']}) runs on this database. Stop it, let the calls that are "
            "up end, and move then."
        )


@contextmanager
def _empty(engine: Engine) -> Iterator[Connection]:
    """A transaction in which the database has every table, and no row.

    Raises:
        NotAllowed: it has tables already, or may not be given any.
        StoreUnavailable: it cannot be reached.
    """
    try:
        connection = engine.connect()
    except OperationalError as error:
        said = " ".join(str(error.orig).split())
        raise StoreUnavailable(f"URL: the database cannot be reached: {said}") from error
    with connection, writing_on(connection):
        schema.hold(connection)
        _check_target(connection)
        try:
            schema.migrate(connection)
        except (ProgrammingError, InternalError) as error:
            raise NotAllowed(
                f"URL: no table can be made there: {str(error.orig).splitlines()[0]}. Its user "
                "must own the database, or be granted CREATE on its schema."
            ) from error
        moving.make_ready(connection)
        yield connection


def _check_target(connection: Connection) -> None:
    name = connection.engine.url.database
    if not snapshot.is_empty(connection):
        raise NotAllowed(
            f"The database «{name}» has tables already: nothing is written over. If an earlier "
            "move filled it, set database_url and go on with it; otherwise give an empty one."
        )
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise NotAllowed(
            f"The database «{name}» keeps text as {encoding}, in which not every name can be "
            "written. Make it with ENCODING 'UTF8'."
        )


class _Copying:
    """Copies every table, and reads it back."""

    def __init__(
        self, source: Connection, target: Connection, tell: Callable[[MoveProgress], None]
    ) -> None:
        self._source = source
        self._target = target
        self._tell = tell
        self._done = 0
        self._total = 2 * sum(snapshot.standing(source).rows.values())

    def all(self) -> dict[str, Sum]:
        """Every table, those first that others refer to.

        Raises:
            StoreUnavailable: a copy is not what its original is.
        """
        sums = {table.name: self._copied(table) for table in metadata.sorted_tables}
        moving.continue_keys(self._source, self._target)
        for table in metadata.sorted_tables:
            _compare(table.name, sums[table.name], self._read_back(table))
        return sums

    def _copied(self, table: Table) -> Sum:
        return moving.copy(self._source, self._target, table, self._telling("copying", table.name))

    def _read_back(self, table: Table) -> Sum:
        tell = self._telling("verifying", table.name)
        return summed(self._target, table, lambda rows: tell(len(rows)))

    def _telling(self, doing: str, table: str) -> Callable[[int], None]:
        def tell(rows: int) -> None:
            self._done += rows
            self._tell(MoveProgress(doing, table, self._done, self._total))

        return tell


def _compare(table: str, there: Sum, here: Sum) -> None:
    if there != here:
        raise StoreUnavailable(
            f"The copy of table {table} is not what its original is ({here.rows:,} rows of "
            f"{there.rows:,}). Nothing was kept of the move."
        )


def _record(connection: Connection, by: str, file: Path, sums: dict[str, Sum]) -> None:
    """Say in the new database whose rows it has."""
    over_all = "".join(f"{name} {one.rows} {one.sha256}\n" for name, one in sums.items())
    detail = {
        "from": str(file),
        "rows": {name: one.rows for name, one in sums.items() if one.rows},
        "sha256": hashlib.sha256(over_all.encode()).hexdigest(),
    }
    audit.record(connection, datetime.now(UTC), by, "database.move", "database", None, detail)
