"""`portevoix public-page`: what the people called find of a controller without signing in."""

import typer

from cli.console import as_json, local, note, row, say, show, table
from cli.lookup import controllers, one_controller
from cli.session import AsJson, By, Controller, open_home
from operations import public_pages

app = typer.Typer(no_args_is_help=True, help="What the people called find.")


@app.command()
def publish(ctx: typer.Context, controller: Controller = None, by: By = "command line") -> None:
    """Let everybody see a controller's page, which names it and its open consent forms."""
    workspace = open_home(ctx)
    slug = public_pages.publish(workspace, one_controller(workspace, controller), by)
    say(f"Everybody may see /people/{slug}.")


@app.command()
def withdraw(ctx: typer.Context, controller: Controller = None, by: By = "command line") -> None:
    """Show it to nobody. What was asked for there is answered all the same."""
    workspace = open_home(ctx)
    public_pages.withdraw(workspace, one_controller(workspace, controller), by)
    say("Nobody sees it any more.")


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None, json: AsJson = False) -> None:
    """Show the pages, and since when everybody may see them."""
    workspace = open_home(ctx)
    owners = controllers(workspace, controller)
    found = [one for owner in owners if (one := public_pages.standing(workspace, owner))]
    if json:
        say(as_json(found))
        return
    if not found:
        note("No page yet. Publish one with «portevoix public-page publish».")
        return
    made = table("address", "for", "published", "by")
    for one in found:
        since = local(one["since"]) if one["since"] else "withdrawn"
        row(made, f"/people/{one['slug']}", one["controller"], since, one["changed_by"])
    show(made)
