"""`portevoix campaign`: running campaigns, and what else is asked of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.campaign import Limits
from campaigns.states import Action, CampaignState
from cli import lookup, progress_bar
from cli.budget import spending_line
from cli.campaign_run import run
from cli.campaign_setup import Chosen, set_up
from cli.console import as_json, figure, local, note, row, say, show, table
from cli.display import line, standing
from cli.outcome_report import plain, show_report, write_attempts
from cli.preflight import preflight, record
from cli.session import AsJson, By, Controller, open_home
from operations import halt, hold
from operations.add_list import add_list
from operations.campaign_file import read_campaign_file
from operations.giving_way import give_way
from operations.launch import acknowledge as answer_for
from operations.launch import act, limit
from operations.no_election import attest_no_election
from operations.progress import progress_of
from operations.report import all_attempts, report_of
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Campaigns: run, watch, hold, stop, report.")
app.command("run")(run)
app.command("preflight")(preflight)
app.command("record")(record)

_DONE_BY_THE_DIALER = {CampaignState.RUNNING, CampaignState.DRAINING, CampaignState.STOPPING}

Which = Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="The campaign.")]


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None, json: AsJson = False) -> None:
    """Show every campaign, newest first."""
    workspace = open_home(ctx)
    found = lookup.campaigns(workspace, controller)
    if json:
        say(as_json(found))
        return
    if not found:
        note("No campaign yet. Run one with «portevoix campaign run FILE.toml».")
        return
    made = table("id", "name", "state", "done", "people", "trunk", "launched", "for",
        right=("id", "done", "people"))  # fmt: skip
    for one in found:
        progress = progress_of(workspace, one["controller_id"], one["id"])
        row(made, one["id"], one["name"], one["state"], figure(progress.done),
            figure(progress.targets), one["trunk"], local(one["launched_at"]),
            one["controller"])  # fmt: skip
    show(made)


@app.command("show")
def show_one(
    ctx: typer.Context, which: Which, controller: Controller = None, json: AsJson = False
) -> None:
    """Show where a campaign stands."""
    workspace, chosen, found = _choose(ctx, which, controller)
    progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    if json:
        say(as_json(progress.plain()))
        return
    say(line(progress, ""))
    for said in standing(progress, halt.current(workspace)):
        say(said)
    if progress.money.budget is not None or progress.money.spent:
        say(spending_line(progress.money))
    say(
        f"trunk {found['trunk']}, showing {found['caller_id']}; {found['pack']}; "
        f"message of {found['message_ms'] / 1000:.1f} s; for {found['controller']}"
    )


@app.command()
def prepare(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.toml")],
    by: By = "command line",
) -> None:
    """Import and prepare a campaign from its file, and launch nothing."""
    workspace = open_home(ctx)
    values = read_campaign_file(file)
    chosen = set_up(workspace, values, by)
    say(f"«{values.name}» is campaign {chosen.campaign_id}, ready to be looked at and launched.")


@app.command()
def launch(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """Launch a prepared campaign, where nothing fails in its preflight."""
    _ask(ctx, which, controller, Action.LAUNCH, by)


@app.command()
def pause(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """Place no more calls; those that are up go on. «resume» takes it up again."""
    _ask(ctx, which, controller, Action.PAUSE, by)


@app.command()
def resume(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """Go on with a paused campaign, where a dialer runs."""
    _ask(ctx, which, controller, Action.RESUME, by)


@app.command()
def drain(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """End a campaign: calls that are up go on to their end, no more are placed."""
    _ask(ctx, which, controller, Action.DRAIN, by)


@app.command()
def stop(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """End a campaign at once: calls that are up are hung up."""
    _ask(ctx, which, controller, Action.STOP, by)


@app.command()
def release(
    ctx: typer.Context,
    which: Which,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    controller: Controller = None,
) -> None:
    """Let a held campaign go on, in a named person's name; measuring begins anew."""
    workspace, chosen, found = _choose(ctx, which, controller)
    hold.release(workspace, chosen.controller_id, chosen.campaign_id, by)
    say(f"«{found['name']}» is released by {by} and goes on.")


@app.command()
def acknowledge(
    ctx: typer.Context,
    which: Which,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    controller: Controller = None,
) -> None:
    """Let a campaign be launched though its rules are past their date, in a named person's name."""
    workspace, chosen, found = _choose(ctx, which, controller)
    answer_for(workspace, chosen.controller_id, chosen.campaign_id, by)
    say(f"{by} answers for {found['pack']} in «{found['name']}»: it may be launched.")


@app.command("no-election")
def no_election(
    ctx: typer.Context,
    which: Which,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    controller: Controller = None,
) -> None:
    """Say that there is no election while a campaign runs, in a named person's name."""
    workspace, chosen, found = _choose(ctx, which, controller)
    attest_no_election(workspace, chosen.controller_id, chosen.campaign_id, by, by)
    say(f"{by} answers for there being no election while «{found['name']}» runs.")


@app.command()
def limits(
    ctx: typer.Context,
    which: Which,
    channels: Annotated[int | None, typer.Option(min=1, help="Concurrent calls.")] = None,
    cps: Annotated[float | None, typer.Option(help="Calls started per second.")] = None,
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Show or change how fast and how wide a campaign calls, also while it runs."""
    workspace, chosen, found = _choose(ctx, which, controller)
    wanted = Limits(
        found["max_channels"] if channels is None else channels,
        found["max_cps"] if cps is None else cps,
    )
    if channels is not None or cps is not None:
        limit(workspace, chosen.controller_id, chosen.campaign_id, wanted, by)
    say(f"«{found['name']}»: {figure(wanted.max_channels)} calls, {wanted.max_cps:g} calls/s")


@app.command("add-list")
def add_people(
    ctx: typer.Context,
    which: Which,
    list_id: Annotated[int, typer.Argument(metavar="LIST", help="The list's number.")],
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Add a list to a campaign, also while it runs; nobody is in it twice."""
    give_way()
    workspace, chosen, found = _choose(ctx, which, controller)
    with progress_bar.counting("adding", "contacts") as tell:
        done = add_list(
            workspace, chosen.controller_id, chosen.campaign_id, list_id, by, progress=tell
        )
    say(
        f"«{found['name']}»: {figure(done.added)} people added of the {figure(done.contacts)} of "
        f"list {list_id}."
    )


@app.command()
def report(
    ctx: typer.Context,
    which: Which,
    csv: Annotated[Path | None, typer.Option(help="Write every attempt to this CSV.")] = None,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Show what was done, to how many, and why not to the others."""
    workspace, chosen, _ = _choose(ctx, which, controller)
    found = report_of(workspace, chosen.controller_id, chosen.campaign_id)
    if json:
        say(as_json(plain(found)))
    else:
        show_report(found)
    if csv is not None:
        attempts = all_attempts(workspace, chosen.controller_id, chosen.campaign_id)
        note(f"{figure(write_attempts(csv, attempts))} attempts written to {csv}.")


def _ask(ctx: typer.Context, which: str, controller: str | None, action: Action, by: str) -> None:
    workspace, chosen, found = _choose(ctx, which, controller)
    after = act(workspace, chosen.controller_id, chosen.campaign_id, action, by)
    say(f"«{found['name']}» is {after}.")
    if after in _DONE_BY_THE_DIALER:
        progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
        if not progress.dialing:
            note("No dialer is ready: start one with «portevoix serve» or «portevoix dialer».")


def _choose(
    ctx: typer.Context, which: str, controller: str | None
) -> tuple[Workspace, Chosen, dict[str, Any]]:
    workspace = open_home(ctx)
    found = lookup.find_campaign(workspace, which, controller)
    return workspace, Chosen(found["controller_id"], found["id"]), found
