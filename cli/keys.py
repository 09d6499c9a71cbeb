"""`portevoix key`: API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.console import local, row, say, show, table
from cli.lookup import controllers, one_controller
from cli.session import By, Controller, open_home
from operations.keys import keys_of, make_key, revoke_key
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Keys of the API.")

Name = Annotated[str, typer.Argument(help="What or who the key is for.")]


@app.command()
def make(
    ctx: typer.Context,
    name: Name,
    controller: Controller = None,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="What it may do, once or more; all there is if absent."),
    ] = None,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=3660, help="It ends after so many days.")
    ] = None,
    by: By = "command line",
) -> None:
    """Make a key and print it; it can't be shown again."""
    workspace = open_home(ctx)
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    owner = controller or _own(workspace)
    say(make_key(workspace, owner, name, by, scopes=scope or None, expires_at=ends))


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None) -> None:
    """Show the keys in force of every controller, or of one; never the keys themselves."""
    workspace = open_home(ctx)
    made = table("controller", "key", "made", "ends", "scopes")
    for controller_id, owner in controllers(workspace, controller).items():
        for one in keys_of(workspace, controller_id):
            scopes = "all" if one.scopes is None else ", ".join(one.scopes)
            row(made, owner, one.name, local(one.created_at), local(one.expires_at), scopes)
    show(made)


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
