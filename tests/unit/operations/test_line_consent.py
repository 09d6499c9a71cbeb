"""A line offers to agree by a key as long as its form is open, and no longer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations import callback_line
from operations.callback_line import NewLine, directory_of, install, remove, tend
from operations.consent_forms import NewForm, close, create
from operations.workspace import Workspace, open_workspace
from store import controllers
from store.engine import writing

LINE = "0199001234"
SPOKEN = Path(__file__).parents[3] / "examples" / "message-court.flac"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "home")
    yield made
    made.engine.dispose()


@pytest.fixture
def owner(workspace: Workspace) -> int:
    with writing(workspace.engine) as connection:
        return controllers.ensure(connection, "Comité", datetime.now(UTC))


@pytest.fixture
def offers(workspace: Workspace, owner: int) -> list[Path]:
    """The files that the PBX looks for, one for each way of naming the number."""
    form = NewForm("Site", ["political"], {"fr": "J'accepte.", "en": "I agree."}, [], "voix")
    create(workspace.engine, owner, form, "Zoé")
    install(workspace, owner, NewLine(LINE, [SPOKEN], form="voix"), "Zoé")
    lines = directory_of(workspace.settings)
    return [lines / name / "consent-open" for name in (LINE, "33199001234")]


def test_it_offers_to_agree_while_the_form_is_open(
    workspace: Workspace, offers: list[Path]
) -> None:
    tend(workspace)
    assert all(one.exists() for one in offers)


def test_it_offers_nothing_once_the_form_is_closed(
    workspace: Workspace, owner: int, offers: list[Path]
) -> None:
    close(workspace.engine, owner, "voix", "Zoé")
    tend(workspace)
    assert not any(one.exists() for one in offers)
    assert all((one.parent / "message.alaw").exists() for one in offers), "it still answers"
    tend(workspace)


def test_a_line_of_an_older_version_gets_the_prompts_that_came_since(
    workspace: Workspace, offers: list[Path]
) -> None:
    directories = [one.parent for one in offers]
    spoken = {one.name for one in directories[0].iterdir()}
    for one in directories:
        for file in one.glob("callback-code*"):
            file.unlink()
    tend(workspace)
    for one in directories:
        assert {file.name for file in one.iterdir()} == spoken
        assert (one / "callback-code.alaw").stat().st_size > 1000


def test_a_line_that_is_whole_is_left_alone(
    workspace: Workspace, offers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback_line, "_copy", lambda *_: pytest.fail("it was touched"))
    tend(workspace)


def test_a_line_that_is_gone_is_left_alone(
    workspace: Workspace, owner: int, offers: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    close(workspace.engine, owner, "voix", "Zoé")
    remove(workspace, owner, LINE, "Zoé")
    monkeypatch.setattr(callback_line, "_mark", lambda *_, **__: pytest.fail("it was touched"))
    tend(workspace)
    assert not any(one.parent.exists() for one in offers)
