"""`portevoix stop --all` and `portevoix resume --all`: one stop for everything."""

from typing import Annotated

import typer

from campaigns.errors import InvalidInput
from cli.console import figure, local, note, say
from cli.lookup import dialer_status
from cli.session import By, open_home
from operations import halt

All = Annotated[bool, typer.Option("--all", help="Every campaign of everybody.")]


def stop(
    ctx: typer.Context,
    everything: All = False,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks later.")] = "",
    by: By = "command line",
) -> None:
    """Stop everything: no call is placed, those that are up are hung up. Needs no server."""
    _check(everything=everything, alone="portevoix campaign stop NAME")
    workspace = open_home(ctx)
    before = dialer_status(workspace)
    found = halt.stop_everything(workspace, by, reason)
    say(f"Everything is stopped since {local(found.at)}, by {found.by}. No call is placed.")
    if before is not None:
        note(f"{figure(before.get('channels', 0))} calls are up; they are hung up now.")
    note("Campaigns keep their state. To go on: portevoix resume --all --by NAME")


def resume(
    ctx: typer.Context,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    everything: All = False,
) -> None:
    """Let calls be placed again after «stop --all»; each campaign goes on where it stood."""
    _check(everything=everything, alone="portevoix campaign resume NAME")
    if halt.resume_everything(open_home(ctx), by):
        say("Calls may be placed again: running campaigns go on.")
    else:
        say("Nothing was stopped.")


def _check(*, everything: bool, alone: str) -> None:
    if not everything:
        raise InvalidInput(
            "--all", "it is missing.", f"Give it to mean everything; for one campaign: {alone}."
        )
