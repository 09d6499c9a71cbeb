"""`portevoix trunk`: routes to the telephone network."""

from typing import Annotated, Any

import typer

from campaigns.campaign import LEAST_CPS, MOST_CHANNELS, MOST_CPS
from campaigns.trunk import FIRST_RATE
from cli.console import as_json, figure, row, say, show, table
from cli.session import AsJson, By, open_home
from operations import trunks as decided
from operations.trunk_states import TrunkState, every

_WHY = {
    "congested": "refuses calls for want of room",
    "unavailable": "says of nearly every phone that it is off",
    "failed": "fails or refuses every call",
    "invalid": "says of most numbers that they do not exist",
    "unanswered": "does not answer OPTIONS",
}
"""Words for what a dialer shows as `why` (`dialer.trunks.Trunks.status`)."""

app = typer.Typer(no_args_is_help=True, help="SIP trunks: who may call through them, how fast.")

Name = Annotated[str, typer.Argument(help="The trunk, as the settings name it.")]


@app.command("list")
def show_all(ctx: typer.Context, json: AsJson = False) -> None:
    """Show every trunk of the settings, with the limits in force."""
    found = [_described(one) for one in every(open_home(ctx))]
    if json:
        say(as_json(found))
        return
    made = table(
        "trunk", "address", "codec", "priority", "weight", "calls", "calls/s", "armed", "state",
        "caller ids", right=("priority", "weight", "calls", "calls/s"),
    )  # fmt: skip
    for one in found:
        row(
            made, one["name"], one["address"], one["codec"], one["priority"], f"{one['weight']:g}",
            figure(one["max_channels"]), _rate(one), _armed(one), _state(one),
            ", ".join(one["caller_ids"]) or "–",
        )  # fmt: skip
    show(made)


@app.command()
def arm(
    ctx: typer.Context,
    name: Name,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
) -> None:
    """Let a trunk that reaches real telephones place calls, in a named person's name."""
    decided.arm(open_home(ctx), name, by)
    say(f"Trunk «{name}» is armed by {by}; it starts at {FIRST_RATE:g} call/s.")


@app.command()
def attest(
    ctx: typer.Context,
    name: Name,
    number: Annotated[str, typer.Argument(help="A caller id that it may show.")],
    by: Annotated[str, typer.Option("--by", help="The person who called it and was answered.")],
) -> None:
    """Answer for a caller id being answered when it is called back, in a named person's name."""
    shown = decided.attest(open_home(ctx), name, number, by)
    say(f"{by} answers for {shown} on «{name}» being answered when it is called back.")


@app.command()
def disarm(ctx: typer.Context, name: Name, by: By = "command line") -> None:
    """Let it place no more calls; those that are up go on."""
    decided.disarm(open_home(ctx), name, by)
    say(f"Trunk «{name}» is disarmed.")


@app.command()
def limits(
    ctx: typer.Context,
    name: Name,
    channels: Annotated[
        int | None, typer.Option(min=1, max=MOST_CHANNELS, help="Concurrent calls.")
    ] = None,
    cps: Annotated[
        float | None, typer.Option(min=LEAST_CPS, max=MOST_CPS, help="Calls started per second.")
    ] = None,
    by: By = "command line",
) -> None:
    """Change a trunk's limits, also while it is in use."""
    if channels is not None or cps is not None:
        decided.limit(open_home(ctx), name, channels, cps, by)
    show_all(ctx)


def _described(one: TrunkState) -> dict[str, Any]:
    """A trunk by settings and decisions, and what the running dialer shows of it, if one runs."""
    trunk = one.trunk
    return {
        "name": trunk.name,
        "address": f"{trunk.host}:{trunk.port}",
        "codec": trunk.codec,
        "number_format": trunk.number_format,
        "caller_ids": list(trunk.caller_ids),
        "priority": trunk.priority,
        "weight": trunk.weight,
        "rehearsal": one.rehearsal,
        "armed_by": one.armed_by,
        "armed_at": one.armed_at,
        "max_channels": one.limits.max_channels,
        "max_cps": one.limits.max_cps,
        "breaker": one.breaker,
        "factor": one.factor,
        "why": one.why,
    }


def _rate(one: dict[str, Any]) -> str:
    """Calls per second now, of how many were set."""
    if one["factor"] in {None, 1}:
        return f"{one['max_cps']:g}"
    return f"{one['max_cps'] * one['factor']:.2g} of {one['max_cps']:g}"


def _armed(one: dict[str, Any]) -> str:
    if one["rehearsal"]:
        return "rehearsal"
    return f"by {one['armed_by']}" if one["armed_by"] else "no"


def _state(one: dict[str, Any]) -> str:
    """How it fares, in words: only a running dialer knows."""
    if one["breaker"] is None:
        return "–"
    why = _WHY.get(one["why"] or "", "")
    if one["breaker"] == "open":
        return f"left alone: {why}"
    if one["breaker"] == "half_open":
        return f"probed: {why}"
    return "in use" if one["factor"] == 1 else "slowed: it refused calls or was slow"
