"""docs/cli.md names every command there is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from cli.main import app

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cli.md").read_text()


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


def test_a_command_reads_no_module_of_another() -> None:
    """To read them all takes longer than most commands take to be carried out."""
    asked = (
        "import sys; from cli import main\n"
        "try: main.app(['line', 'list', '--help'])\n"
        "finally: print(*(one for one in sys.modules if one.startswith('cli.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    read = set(done.stdout.splitlines()[-1].split())
    assert "cli.callback_line" in read
    assert read.isdisjoint({"cli.campaign", "cli.demo", "cli.serve", "cli.audio_files"})
