"""`portevoix budget`: what campaigns may spend and did spend, and an invoice beside it."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.budget import Spending
from campaigns.errors import InvalidInput
from campaigns.invoice import Billed, Comparison, Difference, Finding
from campaigns.money import plain, shown, to_micros
from cli import lookup
from cli.console import as_json, figure, local, masked, note, row, say, show, table
from cli.session import AsJson, Controller, open_home
from operations.budget import Statement, beside_invoice, change_budget, statement
from operations.exports import ENCODING, write_csv
from operations.invoice_file import read_invoice

app = typer.Typer(no_args_is_help=True, help="Budgets: set, account for, compare with an invoice.")

Which = Annotated[str, typer.Argument(metavar="NAME_OR_ID", help="The campaign.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="In Paris; included.")]

_COLUMNS = ("day", "trunk", "campaign_id", "campaign", "calls", "seconds", "cost_eur", "unpriced")

_WORDS = {
    Difference.NOT_OURS: "on the invoice, not among our calls",
    Difference.NOT_BILLED: "among our calls, not on the invoice",
    Difference.DURATION: "of another duration",
    Difference.PRICE: "of the same duration at another price",
}
_SHOWN = 20
"""Differences shown on a terminal."""

_FINDINGS = (
    "difference", "line", "number", "our_start", "start", "our_seconds", "seconds", "our_cost_eur",
    "cost_eur",
)  # fmt: skip


@app.command("set")
def set_budget(
    ctx: typer.Context,
    which: Which,
    euros: Annotated[str, typer.Argument(metavar="EUROS", help="In all, such as 250; or none.")],
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
    controller: Controller = None,
) -> None:
    """Set what a campaign may spend in all, also while it runs; a higher one resumes it."""
    workspace = open_home(ctx)
    found = lookup.find_campaign(workspace, which, controller)
    money = change_budget(workspace, found["controller_id"], found["id"], _micros(euros), by)
    say(f"«{found['name']}»: {spending_line(money)}, by {by}")


@app.command("statement")
def show_statement(
    ctx: typer.Context,
    which: Annotated[
        str | None, typer.Argument(metavar="[NAME_OR_ID]", help="One campaign. Default: all.")
    ] = None,
    since: Day = None,
    until: Day = None,
    csv: Annotated[Path | None, typer.Option(help="Write it to this CSV too.")] = None,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Account for what was spent: calls, seconds and euros by day, trunk and campaign."""
    workspace = open_home(ctx)
    if which is None:
        owner, campaign_id = lookup.one_controller(workspace, controller), None
    else:
        one = lookup.find_campaign(workspace, which, controller)
        owner, campaign_id = one["controller_id"], one["id"]
    found = statement(workspace, owner, campaign_id, _day(since), _day(until))
    if json:
        say(as_json(_plain(found)))
    else:
        _show(found)
    if csv is not None:
        with csv.open("w", encoding=ENCODING, newline="") as stream:
            count = write_csv(stream, _COLUMNS, _rows(found))
        note(f"{figure(count)} lines written to {csv}.")


@app.command("compare")
def compare_invoice(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="INVOICE.csv")],
    trunk: Annotated[str, typer.Option(help="The trunk that the invoice is for.")],
    csv: Annotated[Path | None, typer.Option(help="Write what differs to this CSV.")] = None,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Compare a carrier's invoice (number, start, seconds, price) with our own calls."""
    workspace = open_home(ctx)
    owners = list(lookup.controllers(workspace, controller))
    found = beside_invoice(workspace, owners, trunk, read_invoice(file))
    if json:
        say(as_json(_summary(found)))
    else:
        _show_comparison(found)
    if csv is not None:
        with csv.open("w", encoding=ENCODING, newline="") as stream:
            count = write_csv(stream, _FINDINGS, map(_cells, found.findings))
        note(f"{figure(count)} differences written to {csv}.")


def spending_line(money: Spending) -> str:
    """How a campaign's money stands, in words."""
    budget = "no budget" if money.budget is None else f"budget {shown(money.budget)}"
    return f"{shown(money.spent)} spent, {shown(money.reserved)} reserved, {budget}"


def _micros(text: str) -> int | None:
    if text.casefold() == "none":
        return None
    try:
        return to_micros(Decimal(text))
    except (InvalidOperation, ValueError):
        raise InvalidInput(
            "budget", f"«{text}» is no sum in euros.", "Write 250 or 249.90, or none."
        ) from None


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _rows(found: Statement) -> Iterator[list[Any]]:
    for one in found.lines:
        name = found.names[one.campaign_id]
        yield [one.day.isoformat(), one.trunk, one.campaign_id, name, one.calls, one.seconds,
               plain(one.cost), one.unpriced]  # fmt: skip


def _plain(found: Statement) -> dict[str, Any]:
    lines = [dict(zip(_COLUMNS, cells, strict=True)) for cells in _rows(found)]
    return {
        "lines": lines,
        "calls": found.calls,
        "seconds": found.seconds,
        "cost_eur": plain(found.cost),
        "unpriced": found.unpriced,
        "reserved_eur": plain(found.reserved),
    }


def _show(found: Statement) -> None:
    if not found.lines:
        note("No answered call is accounted for yet.")
        return
    made = table("day", "trunk", "campaign", "calls", "seconds", "euros",
        right=("calls", "seconds", "euros"))  # fmt: skip
    for one in found.lines:
        name = found.names[one.campaign_id]
        row(made, one.day, one.trunk, name, figure(one.calls), figure(one.seconds), plain(one.cost))
    row(made, "total", "", "", figure(found.calls), figure(found.seconds), plain(found.cost))
    show(made)
    if found.unpriced:
        say(f"{figure(found.unpriced)} calls had no tariff: what they cost is not known.")
    if found.reserved:
        say(f"{shown(found.reserved)} more at most, for calls in flight or in doubt.")


def _show_comparison(found: Comparison) -> None:
    made = table("", "calls", "euros", right=("calls", "euros"))
    row(made, "invoice", figure(found.their_calls), plain(found.theirs))
    row(made, "our calls", figure(found.our_calls), plain(found.ours))
    row(made, "difference", f"{found.their_calls - found.our_calls:+,}",
        plain(found.theirs - found.ours))  # fmt: skip
    show(made)
    say(f"{figure(found.matched)} calls are on both sides.")
    for difference, words in _WORDS.items():
        if count := found.count(difference):
            say(f"{figure(count)} {words}: {plain(found.excess(difference))} euros")
    if not found.findings:
        say("Nothing differs.")
    for one in found.findings[:_SHOWN]:
        say("  " + _finding_line(one))
    if len(found.findings) > _SHOWN:
        say(f"  and {figure(len(found.findings) - _SHOWN)} more: --csv FILE writes them all.")


def _finding_line(one: Finding) -> str:
    where = f"line {one.theirs.line}: " if one.theirs else ""
    sides = f"{_side('invoice', one.theirs)}; {_side('ours', one.ours)}"
    return f"{where}{masked(one.number)} {local(one.start)}: {sides}"


def _side(name: str, call: Billed | None) -> str:
    return f"{name} {call.seconds} s, {plain(call.cost)}" if call else f"{name} none"


def _cells(one: Finding) -> list[Any]:
    ours, theirs = one.ours, one.theirs
    return [
        one.difference.value, theirs.line if theirs else "", one.number,
        ours.start.isoformat() if ours else "", theirs.start.isoformat() if theirs else "",
        ours.seconds if ours else "", theirs.seconds if theirs else "",
        plain(ours.cost) if ours else "", plain(theirs.cost) if theirs else "",
    ]  # fmt: skip


def _summary(found: Comparison) -> dict[str, Any]:
    return {
        "matched": found.matched,
        "invoice": {"calls": found.their_calls, "cost_eur": plain(found.theirs)},
        "ours": {"calls": found.our_calls, "cost_eur": plain(found.ours)},
        "differences": {
            one.value: {"calls": found.count(one), "excess_eur": plain(found.excess(one))}
            for one in Difference
        },
        "findings": [dict(zip(_FINDINGS, _cells(one), strict=True)) for one in found.findings],
    }
