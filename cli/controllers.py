"""`portevoix controller`: on whose behalf calls are made, and their shares."""

from typing import Annotated

import typer

from campaigns.campaign import LEAST_WEIGHT, MOST_WEIGHT
from cli.console import row, say, show, table
from cli.session import open_home
from operations import controllers

app = typer.Typer(no_args_is_help=True, help="Controllers, on whose behalf calls are made.")


@app.command("list")
def show_all(ctx: typer.Context) -> None:
    """Show every controller with its weight and its limits."""
    figures = ("weight", "calls at once", "calls per second")
    made = table("controller", *figures, "public body", right=figures)
    for one in controllers.every(open_home(ctx)):
        limits = (one["max_channels"], one["max_cps"])
        body = "yes" if one["public_body"] else ""
        row(made, one["name"], f"{one['weight']:g}", *map(_limit, limits), body)
    show(made)


def _limit(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


@app.command()
def weight(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The controller.")],
    weight: Annotated[float, typer.Argument(min=LEAST_WEIGHT, max=MOST_WEIGHT)],
    by: Annotated[str, typer.Option("--by", help="The person who decides it.")],
) -> None:
    """Give a controller a larger or smaller share of what trunks and system allow.

    With weights 3 and 1, two controllers that both have people to call have 75 and 25 % of the
    calls; whoever is alone has all of them.
    """
    controllers.weigh(open_home(ctx), name, weight, by)
    say(f"«{name}» has weight {weight:g}.")


@app.command()
def limit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The controller.")],
    by: Annotated[str, typer.Option("--by", help="The person who decides it.")],
    max_channels: Annotated[
        int | None, typer.Option(min=0, help="Concurrent calls; 0 for no limit.")
    ] = None,
    max_cps: Annotated[
        float | None, typer.Option(min=0, help="Calls started in a second; 0 for no limit.")
    ] = None,
) -> None:
    """Limit what all campaigns of a controller may use together, besides every other limit.

    What is not named stays as it is. In force within a second.
    """
    workspace = open_home(ctx)
    named = {"max_channels": max_channels, "max_cps": max_cps}
    changes = {one: value or None for one, value in named.items() if value is not None}
    controllers.limit(workspace, controllers.id_of(workspace, name), changes, by)
    say(f"«{name}»: changed. See «portevoix controller list».")


@app.command("public-body")
def public_body(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The controller.")],
    by: Annotated[str, typer.Option("--by", help="The person who decides it.")],
    is_none: Annotated[bool, typer.Option("--no", help="It is none, or none any more.")] = False,
) -> None:
    """Say that a controller is a public body: the rules for alerts are for them alone."""
    controllers.mark_public_body(open_home(ctx), name, by, marked=not is_none)
    say(f"«{name}» is {'no ' if is_none else 'a '}public body.")
