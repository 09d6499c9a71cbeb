"""docs/cli.md names every command there is."""

from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


def commands(group: Any, path: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        words = f"{path} {name}".strip()
        found += commands(command, words) if hasattr(command, "commands") else [words]
    return found


@pytest.mark.parametrize("command", commands(typer.main.get_command(app)))
def test_a_command_is_on_the_page(command: str) -> None:
    assert command in PAGE
