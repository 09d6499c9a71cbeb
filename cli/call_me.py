"""`portevoix call-me`: hear a campaign on one's own telephone."""

from typing import Annotated

import typer

from campaigns.contacts.phone import masked, parse
from cli.console import say
from cli.lookup import find_campaign, one_controller
from cli.session import By, Controller, open_home
from operations import call_me
from operations.call_me import CODE_GOOD_FOR, MOST_A_DAY

app = typer.Typer(
    no_args_is_help=True,
    help=f"Hear a campaign on your own telephone: {MOST_A_DAY} calls a day at most.",
)

Campaign = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Its name or number.")]
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Your own number.")]


@app.command()
def code(
    ctx: typer.Context,
    campaign: Campaign,
    number: Number,
    language: Annotated[str, typer.Option(help="In which it is spoken: fr or en.")] = "fr",
    controller: Controller = None,
    by: By = "",
) -> None:
    """Have a code spoken to your number, over the trunk of a campaign."""
    workspace = open_home(ctx)
    found = find_campaign(workspace, campaign, controller)
    owner = found["controller_id"]
    made = call_me.send_code(workspace, owner, found["id"], number, by, language)
    minutes = CODE_GOOD_FOR.total_seconds() / 60
    say(
        f"{_shown(number)} is called (campaign {made}). Tell the code within {minutes:.0f} minutes:"
    )
    say("portevoix call-me confirm NUMBER CODE")


@app.command()
def confirm(
    ctx: typer.Context,
    number: Number,
    heard: Annotated[str, typer.Argument(metavar="CODE", help="The code that was spoken.")],
    controller: Controller = None,
    by: By = "",
) -> None:
    """Tell back the code: the number is yours from now on."""
    workspace = open_home(ctx)
    call_me.confirm(workspace, one_controller(workspace, controller), number, heard, by)
    say(f"{_shown(number)} is yours. Now: portevoix call-me now CAMPAIGN NUMBER")


@app.command()
def now(
    ctx: typer.Context,
    campaign: Campaign,
    number: Number,
    variant: Annotated[str, typer.Option(help="Whose message is heard.")] = "",
    controller: Controller = None,
    by: By = "",
) -> None:
    """Have a campaign's message played to your number: one real call, through every limit."""
    workspace = open_home(ctx)
    found = find_campaign(workspace, campaign, controller)
    owner = found["controller_id"]
    made = call_me.call_me(workspace, owner, found["id"], number, by, variant)
    say(f"{_shown(number)} is called. What becomes of it: portevoix campaign show {made}")


def _shown(number: str) -> str:
    return masked(parse(number).e164)
