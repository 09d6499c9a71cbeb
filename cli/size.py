"""`portevoix size`: what a campaign takes, before there is one."""

from dataclasses import asdict
from typing import Annotated

import typer

from campaigns.sizing import Plan, size
from cli.console import as_json, figure, row, say, show, table
from cli.session import AsJson


def size_of(
    people: Annotated[int, typer.Argument(help="How many are to be called.")],
    message: Annotated[float, typer.Option(help="Seconds of the message.")] = 30.0,
    answered: Annotated[float, typer.Option(help="Share of calls that are answered.")] = 0.6,
    attempts: Annotated[int, typer.Option(help="Calls a person may receive.")] = 1,
    cps: Annotated[float, typer.Option(help="Calls a second that the carrier grants.")] = 18.0,
    channels: Annotated[int, typer.Option(help="Calls up at once that it grants.")] = 700,
    hours_a_day: Annotated[float, typer.Option(help="Hours in which people may be called.")] = 9.0,
    ring: Annotated[float, typer.Option(help="Seconds a phone rings on average.")] = 9.0,
    heard: Annotated[float, typer.Option(help="Share of the message heard on average.")] = 0.75,
    cores: Annotated[int, typer.Option(help="Of each machine.")] = 2,
    json: AsJson = False,
) -> None:
    """Reckon hours, channels and machines from measured figures (docs/sizing.md)."""
    plan = Plan(people, message, answered, attempts, cps, channels, hours_a_day, ring, heard)
    found = size(plan, cores)
    if json:
        say(as_json(asdict(found)))
        return
    made = table("what", "figure", right=("figure",))
    for name, value in (
        ("calls", figure(found.calls)),
        ("seconds a call holds its channel", f"{found.hold_s:.1f}"),
        (f"calls a second (bound by {found.bound_by})", f"{found.cps:.1f}"),
        ("calls up at once", figure(found.channels)),
        ("hours of calling", f"{found.hours:.1f}"),
        (f"days of {hours_a_day:g} hours", f"{found.days:.1f}"),
        ("cores busy: Asterisk", f"{found.pbx_cores:.2f}"),
        ("cores busy: dialer", f"{found.dialer_cores:.2f}"),
        (f"machines of {cores} cores", figure(found.machines)),
        ("Mbit/s of sound each way", f"{found.mbits:.1f}"),
    ):
        row(made, name, value)
    show(made)
