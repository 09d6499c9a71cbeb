"""What is kept: the home directory and the database."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from campaigns.errors import StoreUnavailable
from cli.console import local
from cli.doctor.check import Check, Level, fault, ok, warning
from operations import requests, suppression_key
from operations.pbx_directories import root_of
from operations.settings import FILE_NAME, Settings
from operations.suppression_key import KeyState
from store import halts, schema
from store.engine import open_engine, reading, writing
from store.leases import MAIN

LONGEST_SOCKET = 107
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def look(settings: Settings, node: str = MAIN) -> Iterator[Check]:
    """Look at the home directory and the database; nothing is made or changed."""
    yield _home(settings.home)
    if settings.pbx.mode == "local":
        yield from _socket(root_of(settings.home, node))
    yield from _private(settings.home)
    yield from _database(settings)


def _home(home: Path) -> Check:
    there = next(path for path in (home, *home.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return fault("home", f"{there} cannot be written to.", "Choose another with --home.")
    if there != home:
        return ok("home", f"{home} will be made at the first start.")
    file = home / FILE_NAME
    return ok("home", f"{home}, settings {'from ' + FILE_NAME if file.is_file() else 'as shipped'}")


def _socket(root: Path) -> Iterator[Check]:
    """The local PBX's console is a socket below the home, whose path the kernel keeps short."""
    path = root / "run" / "asterisk.ctl"
    if len(str(path)) > LONGEST_SOCKET:
        yield fault(
            "length of home", f"{path} is longer than {LONGEST_SOCKET} characters (unix(7)).",
            "Choose a home directory with a shorter name.",
        )  # fmt: skip


def _private(home: Path) -> Iterator[Check]:
    """Settings and database may hold secrets and numbers."""
    for file in (home / FILE_NAME, home / "portevoix.db", home / suppression_key.FILE_NAME):
        if file.is_file() and file.stat().st_mode & _FOR_OTHERS:
            yield warning(
                f"access to {file.name}",
                "Other users of this machine may read it.",
                f"chmod 600 {file}",
            )


def _database(settings: Settings) -> Iterator[Check]:
    if not settings.database_url and not (settings.home / "portevoix.db").exists():
        yield ok("database", "SQLite, made at the first start.")
        return
    engine = open_engine(settings.url)
    try:
        found = _revision(engine)
        yield found
        if found.level is Level.OK:
            yield from _halt(engine)
            yield _key(settings, engine)
            yield from _requests(engine)
    except (SQLAlchemyError, StoreUnavailable) as error:
        said = str(getattr(error, "orig", error)).splitlines()[0]
        yield fault("database", f"It cannot be used: {said}", "Check database_url in the settings.")
    finally:
        engine.dispose()


def _halt(engine: Engine) -> Iterator[Check]:
    with reading(engine) as connection:
        found = halts.current(connection)
    if found is not None:
        yield warning(
            "one stop for everything",
            f"Stopped since {local(found.at)}, by {found.by}: nobody is called.",
            "To go on: portevoix resume --all --by NAME.",
        )


_KEY_FAULTS = {
    KeyState.MISSING: "It is missing",
    KeyState.ANOTHER: "It is not the one that this database was used with",
    KeyState.UNREADABLE: "Its file holds something else",
}


def _key(settings: Settings, engine: Engine) -> Check:
    found = suppression_key.state(settings, engine)
    if found in _KEY_FAULTS:
        return fault(
            "suppression key",
            f"{_KEY_FAULTS[found]}: who was erased cannot be told, so nobody is called.",
            "portevoix suppressions key restore FILE, from its backup.",
        )
    if found is KeyState.NEW:
        return ok("suppression key", "Made at the first start; back it up then.")
    return ok("suppression key", "Here, and the one of this database. Have it in a backup.")


def _requests(engine: Engine) -> Iterator[Check]:
    """The law gives a month for each."""
    found = requests.near(engine)
    if found:
        first = found[0]
        yield warning(
            "requests",
            f"{len(found)} of people called are due within a week or late; the first, "
            f"request {first['id']}, by {first['due_on']}.",
            "portevoix request list",
        )


def _revision(engine: Engine) -> Check:
    found, newest = schema.revision(engine), schema.newest()
    with writing(engine) as connection:
        connection.execute(text("SELECT 1"))  # the write lock was to be had
    name = engine.dialect.name
    if found == newest:
        return ok("database", f"{name}, writable, at revision {found}")
    if found is None or found < str(newest):
        return warning(
            "database",
            f"{name}, at revision {found}, not {newest}.",
            "The next start brings it up.",
        )
    return fault("database", f"{name}, of a newer Porte-voix ({found}).", "Update this one.")
