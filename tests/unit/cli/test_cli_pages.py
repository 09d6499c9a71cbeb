"""docs/cli.md names every command there is."""

from pathlib import Path
from typing import Any

import click
import pytest
import typer

from cli.main import app

PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


def commands(group: Any, path: str = "") -> list[str]:
    found = []
    asked = click.Context(group)
    for name in group.list_commands(asked):
        words, command = f"{path} {name}".strip(), group.get_command(asked, name)
        found += commands(command, words) if hasattr(command, "commands") else [words]
    return found


@pytest.mark.parametrize("command", commands(typer.main.get_command(app)))
def test_a_command_is_on_the_page(command: str) -> None:
    assert command in PAGE
