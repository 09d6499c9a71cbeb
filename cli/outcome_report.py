"""The report of a campaign, for reading, for programs, and as a file of attempts."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.text import Text

from campaigns.money import plain as in_euros
from campaigns.reply import TransferStep
from cli.console import figure, out, row, say, show, table
from cli.display import STYLES
from operations.exports import ENCODING, write_csv
from operations.replies import Said
from operations.report import Report

_COLUMNS = (
    "id", "line", "external_id", "number", "trunk", "caller_id", "rehearsal", "pack", "state",
    "outcome", "claimed_at", "sent_at", "ringing_at", "answered_at", "ended_at", "cause", "tech",
    "heard_ms", "quartile", "first_ms", "keys", "sip_call_id", "cost", "variant",
)  # fmt: skip


def plain(report: Report) -> dict[str, Any]:
    """A report for programs."""
    values = asdict(report)
    values["duration_s"] = report.duration.total_seconds() if report.duration else None
    del values["duration"]
    return values


def show_report(report: Report) -> None:
    """Print a report for reading."""
    progress = report.progress
    console = out()
    console.print(Text(progress.name, style="bold").append(_kind(report), style="dim"))
    say(f"{progress.state}; {figure(progress.attempts)} calls{_lasted(report)}; {report.pack}")
    _show_counts("people", progress.states, progress.targets)
    _show_counts("calls ended", progress.outcomes, sum(progress.outcomes.values()))
    _show_counts("refused by", progress.gates, progress.targets)
    _show_heard(report)
    if report.said:
        _show_said(report.said)
    if report.in_doubt:
        say(f"{figure(report.in_doubt)} in doubt: nobody knows how their call ended.")


def write_attempts(file: Path, attempts: Iterable[dict[str, Any]]) -> int:
    """Write attempts as CSV for any spreadsheet; how many. No cell is taken for a formula."""
    told = ({**one, "cost": _euros(one["cost"])} for one in attempts)
    rows = ([_cell(one[name]) for name in _COLUMNS] for one in told)
    with file.open("w", encoding=ENCODING, newline="") as stream:
        return write_csv(stream, _COLUMNS, rows)


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _euros(micros: int | None) -> str | None:
    return None if micros is None else in_euros(micros)


def _kind(report: Report) -> str:
    return "  rehearsal: nobody was really called" if report.progress.rehearsal else ""


def _lasted(report: Report) -> str:
    return f" in {str(report.duration).split('.')[0]}" if report.duration else ""


def _show_counts(title: str, counts: dict[str, int], of: int) -> None:
    if not counts:
        return
    made = table(title, "", "share", right=("", "share"))
    for name, many in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        share = f"{many / of:.1%}" if of else ""
        row(made, Text(name, style=STYLES.get(name, "")), figure(many), share)
    say("")
    show(made)


def _show_said(said: Said) -> None:
    for one in said.questions:
        _show_counts(one.name, one.answers, sum(one.answers.values()))
    if said.consents is not None:
        say("")
        say(f"{figure(said.consents)} agreed with a key.")
    if said.transfers is not None:
        steps = {step.value: many for step, many in said.transfers.items()}
        _show_counts("transfers", steps, said.transfers[TransferStep.ASKED])


def _show_heard(report: Report) -> None:
    heard = report.heard
    if not heard.answered:
        return
    whole = heard.quartiles.get(4, 0)
    say("")
    say(
        f"{figure(heard.answered)} answered and heard {heard.seconds:.1f} s on average of "
        f"{report.message_s:.1f} s; {figure(whole)} the whole message; "
        f"{figure(report.opted_out)} pressed 9."
    )
