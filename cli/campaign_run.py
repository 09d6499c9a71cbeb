"""`portevoix campaign run`: a campaign file from end to end, whether or not a server runs."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState
from cli.campaign_setup import Chosen, rehearsed, set_up
from cli.companions import companions
from cli.console import as_json, complain, note, say
from cli.display import display_for_here, held
from cli.follow import ENDED, Ending, follow, interruption
from cli.lookup import dialer_status
from cli.outcome_report import plain, show_report
from cli.session import INTERRUPTED, AsJson, By, open_home
from operations.campaign_file import CampaignFile, read_campaign_file
from operations.launch import act
from operations.progress import progress_of
from operations.report import report_of
from operations.workspace import Workspace

STOPPED = 3
"""Exit code where the campaign was stopped before its end."""
NOBODY_CALLED = 4
"""Exit code where a gate kept everybody from being called."""

_NEXT_ACTION = {CampaignState.DRAFT: Action.LAUNCH, CampaignState.PAUSED: Action.RESUME}

_REMEDIES = {
    Gate.TRUNK_UNAVAILABLE: "Look at «portevoix trunk list» and «portevoix doctor».",
    Gate.MESSAGE_MISSING: "Copy the «audio» directory of the API's home to the dialer's.",
    Gate.CALLER_ID_NOT_ALLOWED: "Add the number to the trunk's caller_ids.",
    Gate.BUDGET_REACHED: "Where it may cost more: «portevoix budget set».",
}


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.toml")],
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Call the simulated network, at any hour.")
    ] = False,
    name: Annotated[str, typer.Option(help="Another name than the file's.")] = "",
    detach: Annotated[
        bool, typer.Option("--detach/--follow", help="Launch only, or follow to the end.")
    ] = False,
    json: AsJson = False,
    by: By = "command line",
) -> None:
    """Run a campaign from its file: import, prepare, launch, follow, report.

    The same file again goes on where the campaign stands. Exit code: 0 finished, 3 stopped,
    4 nobody could be called, 130 paused with Ctrl-C.
    """
    workspace = open_home(ctx)
    values = _values(file, name, rehearse=rehearse)
    chosen = set_up(workspace, values, by)
    if detach:
        _launch(workspace, chosen, by)
        if dialer_status(workspace) is None:
            note("No dialer runs: start one with «portevoix serve» or «portevoix dialer».")
        return
    ending = _run(workspace, values, chosen, by)
    again = _command(file, name, rehearse=rehearse)
    raise typer.Exit(_tell(workspace, chosen, ending, again, json=json))


def _values(file: Path, name: str, *, rehearse: bool) -> CampaignFile:
    values = read_campaign_file(file)
    if name:
        values = values.model_copy(update={"name": name})
    return rehearsed(values) if rehearse else values


def _run(workspace: Workspace, values: CampaignFile, chosen: Chosen, by: str) -> Ending:
    progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    if progress.state in ENDED:
        note(f"This campaign is {progress.state} already; --name NAME runs it again.")
        return Ending(progress)
    with interruption() as asked, companions(workspace, values.trunk) as check:
        _launch(workspace, chosen, by)
        return follow(workspace, chosen, display_for_here(), asked, check, by)


def _launch(workspace: Workspace, chosen: Chosen, by: str) -> None:
    progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    action = _NEXT_ACTION.get(progress.state)
    if action is not None:
        state = act(workspace, chosen.controller_id, chosen.campaign_id, action, by)
        note(f"«{progress.name}» is {state}.")


def _command(file: Path, name: str, *, rehearse: bool) -> str:
    """The command that goes on with this campaign."""
    words = ["portevoix", "campaign", "run", str(file)]
    words += ["--rehearse"] if rehearse else []
    words += ["--name", name] if name else []
    return shlex.join(words)


def _tell(workspace: Workspace, chosen: Chosen, ending: Ending, again: str, *, json: bool) -> int:
    """Print the report; the exit code."""
    report = report_of(workspace, chosen.controller_id, chosen.campaign_id)
    if not json:
        show_report(report)
    code = _code(ending)
    if ending.interrupted:
        note(f"«{report.progress.name}» is {report.progress.state}. To go on: {again}")
    elif code == NOBODY_CALLED:
        complain(_why_nobody(ending))
    if json:
        say(as_json({"exit_code": code, **plain(report)}))
    return code


def _code(ending: Ending) -> int:
    if ending.interrupted:
        return INTERRUPTED
    if ending.gate is not None:
        return NOBODY_CALLED
    if ending.progress.state is CampaignState.STOPPED:
        return STOPPED
    return 0 if ending.progress.attempts else NOBODY_CALLED


def _why_nobody(ending: Ending) -> str:
    if ending.progress.hold is not None:
        return (
            f"The campaign is {held(ending.progress.hold)}. Where that is in order: "
            f"portevoix campaign release {shlex.quote(ending.progress.name)} --by NAME."
        )
    if ending.gate is not None:
        remedy = _REMEDIES.get(ending.gate, "")
        return f"Nobody can be called: {ending.gate}. {remedy}".rstrip()
    gates = ", ".join(f"{name} ({many})" for name, many in ending.progress.gates.items())
    return f"Nobody was called: {gates or 'the campaign has nobody to call'}."
