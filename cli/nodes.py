"""`portevoix node`: the dialers that share one database."""

from typing import Annotated, Any

import typer

from cli.console import as_json, figure, local, row, say, show, table
from cli.session import AsJson, By, open_home
from operations import nodes
from store.leases import Node

app = typer.Typer(no_args_is_help=True, help="Dialers that share one PostgreSQL database.")

Name = Annotated[str, typer.Argument(help="The node, as «portevoix dialer --node» names it.")]


@app.command("list")
def show_all(ctx: typer.Context, json: AsJson = False) -> None:
    """Show every dialer that runs or ran, with what it does."""
    found = [_described(one) for one in nodes.every(open_home(ctx))]
    if json:
        say(as_json(found))
        return
    made = table(
        "node", "state", "calls up", "carries", "process", "last seen",
        right=("calls up", "carries"),
    )  # fmt: skip
    for one in found:
        row(
            made, one["name"], one["state"], figure(one["channels"]), figure(one["capacity"]),
            one["process"] or "–", one["seen"],
        )  # fmt: skip
    show(made)


@app.command()
def drain(ctx: typer.Context, name: Name, by: By = "command line") -> None:
    """Have a dialer place no more calls: its calls end, and the others take its share."""
    nodes.drain(open_home(ctx), name, by)
    say(f"«{name}» places no more calls. Its calls that are up go on; then it may be stopped.")


@app.command()
def resume(ctx: typer.Context, name: Name, by: By = "command line") -> None:
    """Have a dialer that was drained place calls again."""
    nodes.resume(open_home(ctx), name, by)
    say(f"«{name}» may place calls again.")


@app.command()
def forget(ctx: typer.Context, name: Name, by: By = "command line") -> None:
    """Show a dialer no more that will not come back, nor raise an alert for it."""
    nodes.forget(open_home(ctx), name, by)
    say(f"«{name}» is forgotten. What it called stays in the record.")


def _described(one: Node) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": _state(one),
        "channels": one.status.get("channels", 0),
        "capacity": one.capacity,
        "process": one.process,
        "seen": local(one.renewed_at),
    }


def _state(one: Node) -> str:
    if not one.alive:
        return "not there"
    if one.draining:
        return "drained" if not one.status.get("channels") else "draining"
    return "places calls" if one.status.get("ready") else "waits for its PBX"
