"""`portevoix suppressions`: numbers not to be called."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import InvalidInput
from cli import suppression_keys
from cli.console import as_json, figure, local, note, row, say, show, table
from cli.lookup import find_campaign, one_controller
from cli.session import AsJson, By, Controller, open_home
from operations.exports import ENCODING
from operations.lift import lift
from operations.rejects import write_rejects
from operations.suppress import Owner, import_suppressions, listed, owner_of, suppress
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Numbers not to be called, and why.")
app.add_typer(suppression_keys.app, name="key")

Everybody = Annotated[
    bool, typer.Option("--everybody", help="For every controller of this system, at once.")
]
OfCampaign = Annotated[
    str | None, typer.Option("--campaign", help="In this campaign alone, by name or number.")
]
_PAGE = 1000


@app.command()
def add(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    expires_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day. Default: for ever.")
    ] = None,
    everybody: Everybody = False,
    campaign: OfCampaign = None,
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Suppress one number: no campaign calls it from this moment, or one alone does not."""
    workspace = open_home(ctx)
    owner = _owner(workspace, controller, campaign, everybody=everybody)
    last = expires_on.date() if expires_on else None
    new = suppress(workspace.engine, owner, number, source=f"by {by}", by=by, expires_on=last)
    say("Suppressed." if new else "It was suppressed already, and stays so.")


@app.command("list")
def show_all(
    ctx: typer.Context,
    everybody: Everybody = False,
    campaign: OfCampaign = None,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Show suppressed numbers, the oldest first; with --json in full, one object a line."""
    workspace = open_home(ctx)
    owner = _owner(workspace, controller, campaign, everybody=everybody)
    made = table("number", "reason", "source", "since", "until")
    after = 0
    while page := listed(workspace.engine, owner, after, _PAGE):
        after = page[-1]["id"]
        for one in page:
            if json:
                say(as_json(one))
            row(
                made, one["number"] or "erased", one["reason"], one["source"],
                local(one["created_at"]),
                local(one["expires_at"]) if one["expires_at"] else "for ever",
            )  # fmt: skip
    if not json:
        show(made) if after else note("No number is suppressed.")


@app.command("lift")
def lift_one(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    why: Annotated[
        str,
        typer.Option(help="How they said that they want to be called, or why the number is good."),
    ],
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    everybody: Everybody = False,
    campaign: OfCampaign = None,
    controller: Controller = None,
) -> None:
    """Take a number off the list again, for a person who asked for it; both options go on record.

    Campaigns that have not ended call it again, unless another refusal stands.
    """
    workspace = open_home(ctx)
    owner = _owner(workspace, controller, campaign, everybody=everybody)
    lift(workspace.engine, owner, number, why=why, by=by)
    say("Lifted. Campaigns that have not ended may call it, unless another refusal stands.")


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    rejects_to: Annotated[
        Path | None, typer.Option("--rejects", help="Write refused rows and reasons to this CSV.")
    ] = None,
    everybody: Everybody = False,
    campaign: OfCampaign = None,
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Suppress every number of a CSV or XLSX file; the same file again adds nothing."""
    workspace = open_home(ctx)
    owner = _owner(workspace, controller, campaign, everybody=everybody)
    with file.open("rb") as stream:
        report = import_suppressions(workspace.engine, owner, stream, file_name=file.name, by=by)
    say(
        f"{figure(report.rows)} rows: {figure(report.added)} added, {figure(report.known)} known "
        f"before, {figure(len(report.rejects))} refused."
    )
    if rejects_to is not None:
        with rejects_to.open("w", encoding=ENCODING, newline="") as written:
            write_rejects(written, report.rejects)
        note(f"Refused rows written to {rejects_to}.")


def _owner(
    workspace: Workspace, controller: str | None, campaign: str | None, *, everybody: bool
) -> Owner:
    if everybody and campaign is not None:
        raise InvalidInput("--campaign", "it is for one, and --everybody for all.", "Give one.")
    if everybody:
        return Owner.operator()
    if campaign is not None:
        found = find_campaign(workspace, campaign, controller)
        return owner_of(workspace.engine, found["controller_id"], found["id"])
    return Owner.controller(one_controller(workspace, controller))
