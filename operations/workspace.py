"""The place everything is kept in: settings, database, audio library."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from audio.library import Library
from operations.settings import Settings, load
from store import schema
from store.engine import open_engine

_HOME_MODE = 0o711
"""Others may pass through, as the PBX's own user must to play messages; none may look in."""


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
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(_HOME_MODE)
    engine = open_engine(settings.url)
    schema.upgrade(engine)
    for file in settings.home.glob("portevoix.db*"):
        file.chmod(0o600)
    return Workspace(settings, engine, Library(settings.audio_directory))
