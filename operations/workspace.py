"""The place everything is kept in: settings, database, audio library."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, make_url

from audio.library import Library
from campaigns.errors import NotAllowed
from operations import suppression_key
from operations.sealing import seal_what_is_plain
from operations.settings import EMBEDDED, Settings, load
from store import schema
from store.engine import open_engine

_HOME_MODE = 0o711
"""Others may pass through, as the PBX's own user must to play messages; none may look in."""

_PRIVATE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened home directory."""

    settings: Settings
    engine: Engine
    library: Library


def open_workspace(home: Path | None = None) -> Workspace:
    """Open the home directory, making it and its database where they are absent.

    Raises:
        InvalidInput: the settings are wrong.
    """
    settings = load(home)
    make_home(settings.home)
    _make_private(settings.url)
    engine = open_engine(settings.url)
    _leave_nothing_behind(settings, engine)
    schema.upgrade(engine)
    suppression_key.take_up(settings, engine)
    seal_what_is_plain(engine)
    return Workspace(
        settings, engine, Library(settings.audio_directory, wideband=settings.wideband)
    )


def _leave_nothing_behind(settings: Settings, engine: Engine) -> None:
    """An empty database beside one that is full of people has none of their opt-outs.

    Raises:
        NotAllowed: the settings name a database without tables, and the home has its own.
    """
    embedded = settings.home / EMBEDDED
    if engine.dialect.name == "sqlite" or not embedded.exists() or not embedded.stat().st_size:
        return
    if schema.revision(engine) is None:
        raise NotAllowed(
            f"The database that the settings name is empty, and {embedded} is not: the opt-outs "
            "would be missing. Move it there first («portevoix database move», "
            "docs/several.md), or put the file away."
        )


def make_home(home: Path) -> None:
    """Make the directory; one that is there keeps its mode, for it may be anybody's."""
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        home.mkdir()
    except FileExistsError:
        return
    home.chmod(_HOME_MODE)


def _make_private(url: str) -> None:
    """Nobody else may read an SQLite file; its log takes the file's mode when SQLite makes it."""
    database = make_url(url).database
    if not url.startswith("sqlite") or not database:
        return
    file = Path(database)
    file.touch(_PRIVATE_MODE)
    file.chmod(_PRIVATE_MODE)
