"""`portevoix webhook`: programs that are told of events; they are made through the API."""

from typing import Annotated

import typer

from campaigns.errors import NotFound
from cli.console import local, row, say, show, table
from cli.lookup import controllers
from cli.session import By, Controller, open_home
from operations import webhooks

app = typer.Typer(no_args_is_help=True, help="Programs that are told of events.")


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None) -> None:
    """Show the webhooks of every controller, or of one."""
    workspace = open_home(ctx)
    owners = controllers(workspace, controller)
    made = table("webhook", "controller", "address", "events", "at rest since")
    for one in webhooks.every(workspace):
        if owner := owners.get(one["controller_id"]):
            rests = local(one["paused_at"]) if one["paused_at"] else ""
            row(made, str(one["id"]), owner, one["url"], ", ".join(one["events"]), rests)
    show(made)


@app.command()
def resume(
    ctx: typer.Context,
    webhook: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the webhook.")],
    by: By = "",
) -> None:
    """Tell a webhook again that rests since a backup was restored."""
    workspace = open_home(ctx)
    found = next((one for one in webhooks.every(workspace) if one["id"] == webhook), None)
    if found is None:
        raise NotFound(f"There is no webhook {webhook}.")
    webhooks.resume(workspace, found["controller_id"], webhook, by)
    say(f"Webhook {webhook} is told again.")
