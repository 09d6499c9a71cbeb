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
    """Show every controller with its weight."""
    made = table("controller", "weight", right=("weight",))
    for name, weight in controllers.weights(open_home(ctx)).items():
        row(made, name, f"{weight:g}")
    show(made)


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
