"""The two databases of a move: from where, to where, and why not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url, text
from sqlalchemy.exc import ArgumentError, InternalError, OperationalError, ProgrammingError

from campaigns.errors import InvalidInput, NotAllowed, StoreUnavailable
from operations.settings import Settings
from store import leases, moving, schema, snapshot
from store.engine import open_alone, open_engine, reading, writing_on

_DRIVER = "postgresql+psycopg"

_FORM = f"Write it as {_DRIVER}://USER@HOST/DATABASE."


def target_url(to: str) -> URL:
    """The database that somebody names.

    Raises:
        InvalidInput: it is none of PostgreSQL.
    """
    try:
        url = make_url(to)
    except ArgumentError as error:
        raise InvalidInput("URL", "it is no URL of a database.", _FORM) from error
    if url.drivername == "postgresql":
        url = url.set(drivername=_DRIVER)
    if url.drivername != _DRIVER or not url.database:
        raise InvalidInput("URL", "it names no database of PostgreSQL.", _FORM)
    return url


def source_file(settings: Settings) -> Path:
    """The SQLite database of a home.

    Raises:
        NotAllowed: it has none.
    """
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
def opened(url: URL) -> Iterator[Engine]:
    """An engine, disposed of at the end."""
    with _disposed(open_engine(url.render_as_string(hide_password=False))) as engine:
        yield engine


@contextmanager
def _disposed(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def locked(settings: Settings) -> Iterator[Engine]:
    """A home's SQLite database, which nobody else has open nor can open before the end.

    Raises:
        NotAllowed: somebody has it open, a dialer runs, or its tables are of another version.
    """
    with _disposed(open_alone(settings.url)) as engine:
        try:
            engine.connect().close()
        except OperationalError as error:
            raise NotAllowed(_user_of(settings)) from error
        _check_tables(engine)
        with reading(engine) as connection:
            _check_dialer(connection)
        yield engine


def _check_tables(engine: Engine) -> None:
    found, needed = schema.revision(engine), schema.newest()
    if found != needed:
        raise NotAllowed(
            f"The tables are at revision {found}, and this version moves {needed}. Open them with "
            "the version that is to run first, such as by «portevoix backup FILE»."
        )


def _user_of(settings: Settings) -> str:
    """Who keeps the file from being locked, in words for who wants to move it.

    Raises:
        NotAllowed: a dialer.
    """
    with (
        suppress(OperationalError, StoreUnavailable),  # it is locked whole, as by another move
        opened(make_url(settings.url)) as engine,
        reading(engine) as connection,
    ):
        _check_dialer(connection)
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
def empty(engine: Engine) -> Iterator[Connection]:
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
