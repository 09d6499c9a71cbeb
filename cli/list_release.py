"""`portevoix contacts release`: what only a named person may decide of a list."""

from typing import Annotated

import typer

from cli import lookup
from cli.console import say
from cli.session import Controller, open_home
from operations.list_hold import release_list


def release(
    ctx: typer.Context,
    which: Annotated[int, typer.Argument(metavar="LIST", help="Its number.")],
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    reason: Annotated[str, typer.Option("--reason", help="How its numbers came to be so.")],
    controller: Controller = None,
) -> None:
    """Let a list be called that looks made up by a program, in a named person's name."""
    workspace = open_home(ctx)
    owner = lookup.owner_of_list(workspace, which, controller)
    release_list(workspace.engine, owner, which, by, reason)
    say(f"List {which} is released by {by}.")
