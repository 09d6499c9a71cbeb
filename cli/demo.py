"""`portevoix demo`: the sample campaign through a real Asterisk, held against the ledger."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.states import Action
from cli.campaign_setup import Chosen, set_up
from cli.companions import companions
from cli.console import as_json, complain, figure, note, row, say, show, table
from cli.display import display_for_here
from cli.follow import follow, interruption
from cli.judge import calls_since, judge
from cli.outcome_report import show_report
from cli.programs import ledger_of
from cli.session import INTERRUPTED, REFUSED
from dialer.instance.ports import free_ports
from operations import public_pages
from operations.campaign_file import read_campaign_file
from operations.launch import act
from operations.progress import Progress, progress_of
from operations.report import report_of
from operations.settings import FILE_NAME
from operations.workspace import Workspace, open_workspace
from rehearsal.checker import Verdict
from rehearsal.ledger import LedgerCall

EXAMPLE = Path(__file__).parent.parent / "examples" / "campaign.toml"
BY = "demo"

LEAST_BEHAVIOURS = 12
"""Kinds of callee that must each make up a hundredth of the calls, or the demo shows too little."""

MAIN_SHARE = 0.8
"""The rate is measured until this share of the calls has begun: retries trickle in after it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a demo run came to."""

    progress: Progress
    verdict: Verdict
    calls_per_second: float
    seconds: float

    @property
    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        faults = list(self.verdict.faults)
        if self.common_behaviours < LEAST_BEHAVIOURS:
            faults.append(f"only {self.common_behaviours} kinds of callee in 1 % of the calls each")
        return faults

    @property
    def common_behaviours(self) -> int:
        """Kinds of callee that make up at least a hundredth of the calls."""
        least = self.verdict.ledger_calls / 100
        return sum(many >= least for many in self.verdict.behaviours.values())


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the home directory, to look around in it.")
    ] = False,
) -> None:
    """Call 1,000 people who do not exist: real Asterisk, SIP and RTP, simulated network."""
    begun = time.monotonic()
    with _home(keep=keep) as home, interruption() as asked:
        workspace = open_workspace(home)
        values = read_campaign_file(EXAMPLE)
        chosen = set_up(workspace, values, BY)
        public_pages.begin(workspace, chosen.controller_id, BY)
        with companions(workspace, values.trunk) as check:
            act(workspace, chosen.controller_id, chosen.campaign_id, Action.LAUNCH, BY)
            ending = follow(workspace, chosen, display_for_here(), asked, check, BY)
        if ending.interrupted:
            raise typer.Exit(INTERRUPTED)
        result = _result(workspace, chosen, time.monotonic() - begun)
        show_report(report_of(workspace, chosen.controller_id, chosen.campaign_id))
        _show(result)
        say(as_json(_summary(result)))
        if result.faults:
            raise typer.Exit(REFUSED)


@contextmanager
def _home(*, keep: bool) -> Iterator[Path]:
    """A home directory of its own, which the unprivileged user of the PBX can reach too.

    Where something was not as it must be it is kept: who looks into it needs the ledger.
    """
    home = Path(tempfile.mkdtemp(prefix="portevoix-demo-"))
    port = free_ports(calls=1).sip
    (home / FILE_NAME).write_text(f"[rehearsal]\nsip_port = {port}\nmax_channels = 300\n")
    try:
        yield home
    except typer.Exit as ended:
        keep = keep or ended.exit_code == REFUSED
        raise
    finally:
        if keep:
            note(f"Kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _result(workspace: Workspace, chosen: Chosen, seconds: float) -> Result:
    ledger = ledger_of(workspace.settings)
    verdict = judge(workspace, chosen.controller_id, chosen.campaign_id, ledger)
    progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    rate = calls_per_second(calls_since(ledger, progress.launched_at))
    return Result(progress, verdict, rate, seconds)


def calls_per_second(calls: list[LedgerCall]) -> float:
    """The rate at which the network saw calls begin, until four fifths had."""
    starts = sorted(call.invite_at for call in calls)
    main = starts[: int(len(starts) * MAIN_SHARE)]
    if len(main) < 2 or main[-1] <= main[0]:
        return 0.0
    return round((len(main) - 1) / (main[-1] - main[0]), 1)


def _show(result: Result) -> None:
    verdict = result.verdict
    seen = table("Seen by the network", "count", right=("count",))
    row(seen, "calls (first INVITEs)", figure(verdict.ledger_calls))
    row(seen, "kinds of callee, each 1 % of the calls or more", result.common_behaviours)
    row(seen, "calls per second (limit)", f"{result.calls_per_second} ({verdict.limit_cps})")
    row(seen, "most calls at once (limit)", f"{verdict.peak_channels} ({verdict.limit_channels})")
    row(seen, "most starts in one second (limit)", f"{verdict.peak_cps} ({verdict.limit_cps})")
    row(seen, "opt-outs pressed", len(verdict.optouts_sent))
    row(seen, "opt-outs in force", len(verdict.optouts_recorded))
    row(seen, "outcomes that differ from ours", len(verdict.mismatches))
    row(seen, "people called twice", len(verdict.called_twice))
    row(seen, "targets lost", len(verdict.lost))
    show(seen)
    for fault in result.faults:
        complain(fault)


def _summary(result: Result) -> dict[str, Any]:
    verdict = result.verdict
    return {
        "targets": result.progress.targets,
        "attempts": result.progress.attempts,
        "outcomes": result.progress.outcomes,
        "states": result.progress.states,
        "ledger_calls": verdict.ledger_calls,
        "mismatches": len(verdict.mismatches),
        "called_twice": len(verdict.called_twice),
        "lost": len(verdict.lost),
        "uninvited": len(verdict.uninvited),
        "optouts_sent": len(verdict.optouts_sent),
        "optouts_recorded": len(verdict.optouts_recorded),
        "calls_after_optout": len(verdict.calls_after_optout),
        "peak_channels": verdict.peak_channels,
        "limit_channels": verdict.limit_channels,
        "peak_cps": verdict.peak_cps,
        "limit_cps": verdict.limit_cps,
        "calls_per_second": result.calls_per_second,
        "behaviours": verdict.behaviours,
        "seconds": round(result.seconds, 1),
    }
