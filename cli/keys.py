"""`portevoix key`: API keys."""

from typing import Annotated

import typer

from cli.console import say
from cli.lookup import controllers, one_controller
from cli.session import By, Controller, open_home
from operations.keys import make_key, revoke_key
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Keys of the API.")

Name = Annotated[str, typer.Argument(help="What or who the key is for.")]


@app.command()
def make(
    ctx: typer.Context, name: Name, controller: Controller = None, by: By = "command line"
) -> None:
    """Make a key and print it; it can't be shown again."""
    workspace = open_home(ctx)
    say(make_key(workspace, controller or _own(workspace), name, by))


@app.command()
def revoke(
    ctx: typer.Context, name: Name, controller: Controller = None, by: By = "command line"
) -> None:
    """Put every key of that name out of force."""
    workspace = open_home(ctx)
    owner = one_controller(workspace, controller or workspace.settings.controller)
    revoke_key(workspace, owner, name, by)
    say(f"Key «{name}» is out of force.")


def _own(workspace: Workspace) -> str:
    """The settings' own controller, where it is there or nobody is; else the only one there is.

    Raises:
        InvalidInput: there are several, and which one is meant is not guessed.
    """
    own, known = workspace.settings.controller, controllers(workspace, None)
    if not known or own in known.values():
        return own
    return known[one_controller(workspace, None)]
