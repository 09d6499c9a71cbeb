"""A home directory, the command as a function, and a campaign file."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cli_subjects import CAMPAIGN, EXAMPLES, ROWS, Command
from homes import HOMES
from typer.testing import CliRunner, Result

from cli.main import app
from operations.settings import FILE_NAME
from operations.workspace import Workspace, open_workspace


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Each command sets up logging for its process; here many share one."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_giving_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the whole process that a command puts behind the others, and there is no way back."""
    for command in ("contacts", "campaign"):
        monkeypatch.setattr(f"cli.{command}.give_way", lambda: None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One that is not there yet, but on PostgreSQL, where its settings name the database."""
    directory = tmp_path / "home"
    if database := HOMES.database():
        directory.mkdir()
        (directory / FILE_NAME).write_text(database)
    return directory


@pytest.fixture
def portevoix(home: Path) -> Command:
    """Run a command for the home directory, as from a shell."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--home", str(home), *arguments])

    return run


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    opened = open_workspace(home)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def campaign_file(tmp_path: Path) -> Path:
    """A campaign over two people and a faulty row."""
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "liste.csv").write_text(ROWS)
    recording = EXAMPLES / "message-court.flac"
    file = directory / "campaign.toml"
    file.write_text(CAMPAIGN.format(recording=recording))
    return file
