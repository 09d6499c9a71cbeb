"""`portevoix constituencies`: which place is of which constituency, and who is left over."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli import lookup
from cli.campaign import Which
from cli.console import as_json, figure, local, note, row, say, show, table
from cli.session import AsJson, By, Controller, open_home
from operations import constituencies
from operations.exports import ENCODING
from operations.giving_way import give_way
from operations.rejects import write_rejects
from store import places
from store.engine import reading

app = typer.Typer(no_args_is_help=True, help="Which place is of which constituency.")


@app.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    rejects_to: Annotated[
        Path | None, typer.Option("--rejects", help="Write refused rows and reasons to this CSV.")
    ] = None,
    by: By = "command line",
    json: AsJson = False,
) -> None:
    """Import a CSV or XLSX file of places; campaigns prepared from now on ask it."""
    give_way()
    workspace = open_home(ctx)
    with file.open("rb") as stream:
        report = constituencies.import_table(workspace.engine, stream, file_name=file.name, by=by)
    if json:
        say(as_json(asdict(report)))
    else:
        known = " (as before)" if report.unchanged else ""
        say(
            f"Table {report.table_id}{known}: {figure(report.rows)} places of "
            f"{figure(report.constituencies)} constituencies; "
            f"{figure(len(report.rejects))} rows refused."
        )
    if rejects_to is not None:
        with rejects_to.open("w", encoding=ENCODING, newline="") as written:
            write_rejects(written, report.rejects)
        note(f"Refused rows written to {rejects_to}.")


@app.command("show")
def show_table(ctx: typer.Context, json: AsJson = False) -> None:
    """Show the constituencies of the table that is asked."""
    workspace = open_home(ctx)
    with reading(workspace.engine) as connection:
        newest = places.newest(connection)
        found = places.constituencies(connection, newest["id"]) if newest else {}
    if json:
        say(as_json({"table": newest, "constituencies": found}))
    elif newest is None:
        note("No table yet. Import one with «portevoix constituencies import».")
    else:
        say(
            f"Table {newest['id']}, {newest['file_name']}, imported "
            f"{local(newest['created_at'])} by {newest['created_by']}"
        )
        made = table("constituency", "places", right=("places",))
        for name, many in found.items():
            row(made, name, figure(many))
        show(made)


@app.command()
def doubtful(
    ctx: typer.Context,
    which: Which,
    to: Annotated[Path, typer.Option("--to", help="The CSV to write.")],
    controller: Controller = None,
) -> None:
    """Write who of a campaign is held back for their address, with line, place and reason."""
    workspace = open_home(ctx)
    found = lookup.find_campaign(workspace, which, controller)
    people = constituencies.doubtful(workspace, found["controller_id"], found["id"])
    with to.open("w", encoding=ENCODING, newline="") as stream:
        count = constituencies.write_doubtful(stream, people)
    say(f"{figure(count)} people held back for a doubtful address, written to {to}.")


@app.command()
def resolve(
    ctx: typer.Context, which: Which, controller: Controller = None, by: By = "command line"
) -> None:
    """Look again, by the newest table, for those held back; who is found will be called."""
    give_way()
    workspace = open_home(ctx)
    found = lookup.find_campaign(workspace, which, controller)
    many = constituencies.resolve(workspace, found["controller_id"], found["id"], by)
    say(f"{figure(many)} people of «{found['name']}» were found and will be called.")
