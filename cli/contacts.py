"""`portevoix contacts`: importing lists of people who agreed to be called."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns.contacts.basis import BasisKind, Provenance
from campaigns.contacts.slot import read_slot
from campaigns.errors import InvalidInput
from cli import lookup, progress_bar
from cli.console import as_json, figure, local, note, row, say, show, table
from cli.list_preview import Columns, mapping_of, preview
from cli.list_release import release
from cli.preflight import list_readiness
from cli.session import AsJson, By, Controller, controller_of, open_home
from operations.exports import ENCODING
from operations.giving_way import give_way
from operations.import_list import ImportReport, import_list, rejects
from operations.list_hold import said
from operations.rejects import write_rejects
from operations.undo_import import undo_import
from operations.workspace import Workspace
from store import lists
from store.engine import reading

app = typer.Typer(no_args_is_help=True, help="Lists of people who agreed to be called.")
app.command("preview")(preview)
app.command("readiness")(list_readiness)
app.command("release")(release)


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    supplier: Annotated[str, typer.Option(help="Who collected the numbers.")],
    method: Annotated[str, typer.Option(help="How: a form, a meeting, a register.")],
    purpose: Annotated[list[str], typer.Option(help="What for, such as political. Repeatable.")],
    name: Annotated[str, typer.Option(help="For people. Default: the file's name.")] = "",
    wording: Annotated[
        list[str] | None, typer.Option(help="ID=TEXT agreed to. Repeatable.")
    ] = None,
    collected_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of collection.")
    ] = None,
    slot: Annotated[
        str, typer.Option(help="Hours that everybody agreed to, such as 18:00-20:00.")
    ] = "",
    expires_on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the consent.")
    ] = None,
    column: Columns = None,
    basis: Annotated[BasisKind, typer.Option(help="Legal basis.")] = BasisKind.CONSENT,
    rejects_to: Annotated[
        Path | None, typer.Option("--rejects", help="Write refused rows and reasons to this CSV.")
    ] = None,
    controller: Controller = None,
    by: By = "command line",
    json: AsJson = False,
) -> None:
    """Import a CSV or XLSX file; every row becomes a contact or a refused row with its reason."""
    give_way()
    workspace = open_home(ctx)
    owner = controller_of(workspace, controller, by)
    provenance = Provenance(
        supplier=supplier,
        method=method,
        collected_on=_day(collected_on),
        purposes=tuple(purpose),
        wordings=_wordings(wording or []),
        basis=basis,
        slot=read_slot(slot) if slot else None,
        expires_on=_day(expires_on),
    )
    with file.open("rb") as stream, progress_bar.importing(file.name) as tell:
        report = import_list(
            workspace.engine, owner, stream,
            name=name or file.stem, file_name=file.name, provenance=provenance, by=by,
            mapping=mapping_of(column or []), progress=tell,
        )  # fmt: skip
    if json:
        say(as_json(asdict(report)))
    else:
        say("\n".join(import_lines(report)))
    if rejects_to is not None:
        _write_rejects(workspace, owner, report.list_id, rejects_to)


@app.command("lists")
def show_lists(ctx: typer.Context, controller: Controller = None, json: AsJson = False) -> None:
    """Show the lists, newest first."""
    workspace = open_home(ctx)
    owners = lookup.controllers(workspace, controller)
    with reading(workspace.engine) as connection:
        found = [one for owner in owners for one in lists.all_of(connection, owner)]
    if json:
        say(as_json(found))
        return
    if not found:
        note("No list yet. Import one with «portevoix contacts import».")
        return
    made = table(
        "id", "name", "file", "contacts", "refused", "state", "supplier", "imported", "for",
        right=("id", "contacts", "refused"),
    )  # fmt: skip
    for one in sorted(found, key=lambda one: -one["id"]):
        row(
            made, one["id"], one["name"], one["file_name"], figure(one["accepted"]),
            figure(one["rejected"]), "held" if said(one) else one["state"], one["supplier"],
            local(one["created_at"]), owners[one["controller_id"]],
        )  # fmt: skip
    show(made)


@app.command()
def undo(
    ctx: typer.Context,
    which: Annotated[int, typer.Argument(metavar="LIST", help="Its number.")],
    controller: Controller = None,
    by: By = "command line",
) -> None:
    """Remove a list that was imported by mistake, if no campaign has its people."""
    give_way()
    workspace = open_home(ctx)
    owner = lookup.owner_of_list(workspace, which, controller)
    done = undo_import(workspace.engine, owner, which, by)
    say(
        f"List {done.list_id} «{done.name}» is undone: {figure(done.contacts)} contacts and "
        f"{figure(done.rejected)} refused rows removed. Its file can be imported again."
    )


def import_lines(report: ImportReport) -> list[str]:
    """What became of a file, in a few lines."""
    head = f"List {report.list_id} «{report.name}»: "
    if report.unchanged:
        head += "imported before, unchanged; "
    reasons = ", ".join(f"{figure(many)} {code}" for code, many in report.reasons.items())
    refused = f"{figure(report.rejected)} refused" + (f" ({reasons})" if reasons else "")
    proved = ", ".join(f"{figure(many)} by {kind}" for kind, many in report.evidence.items())
    lines = [
        f"{head}{figure(report.rows)} rows, {figure(report.accepted)} contacts, {refused}.",
        f"  proof: {proved}" + _suppressed(report.suppressed),
    ]
    if report.read_as:
        lines.append(f"  read as {report.read_as}")
    if report.held:
        lines.append(
            f"  held: {report.held}, as if a program had made them up. Only a rehearsal may call "
            "it before «portevoix contacts release»."
        )
    return lines


def _suppressed(count: int) -> str:
    return f"; {figure(count)} suppressed, not to be called" if count else ""


def _day(at: datetime | None) -> date | None:
    return at.date() if at else None


def _wordings(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        key, sign, wording = text.partition("=")
        if not (key and sign and wording):
            raise InvalidInput(
                "--wording", f"«{text}» is no wording.", 'Write it as id="The text agreed to".'
            )
        found[key] = wording
    return found


def _write_rejects(workspace: Workspace, owner: int, list_id: int, file: Path) -> None:
    with file.open("w", encoding=ENCODING, newline="") as stream:
        count = write_rejects(stream, rejects(workspace.engine, owner, list_id))
    note(f"{figure(count)} refused rows written to {file}.")
