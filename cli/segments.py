"""`portevoix segments`: whom a campaign file means, counted before anybody is called."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli import lookup
from cli.console import as_json, figure, note, row, say, show, table
from cli.session import AsJson, open_home
from operations.campaign_file import CampaignFile, read_campaign_file
from operations.giving_way import give_way
from operations.import_list import fingerprint
from operations.segments import Look, lists_of_files, look
from operations.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Whom of its lists a campaign file means.")


@app.callback()
def _group() -> None:
    """Keep `preview` a command of its own."""


@app.command()
def preview(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.toml")],
    which: Annotated[
        list[int] | None,
        typer.Option("--list", help="A list's number. Repeatable. Default: those of the file."),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, max=1000, help="People to show of a list.")] = 10,
    json: AsJson = False,
) -> None:
    """Count its segments and variants, and show what the first people would hear.

    Its lists must have been imported; nothing is prepared, and nobody is called.
    """
    give_way()
    workspace = open_home(ctx)
    values = read_campaign_file(file)
    owner = lookup.one_controller(workspace, values.controller)
    list_ids = which or _lists(workspace, owner, values)
    found = look(workspace, owner, values, values.variants, list_ids, rows)
    if json:
        say(as_json(asdict(found)))
    else:
        _show(found)


def _lists(workspace: Workspace, owner: int, values: CampaignFile) -> list[int]:
    fingerprints = {}
    for one in values.lists:
        with one.file.open("rb") as stream:
            fingerprints[str(one.file)], _ = fingerprint(stream)
    return lists_of_files(workspace, owner, fingerprints)


def _show(found: Look) -> None:
    say(f"{figure(found.people)} people in its lists.")
    _show_counts("segment", found.segments, found.people)
    _show_counts("hears", found.fates, found.people)
    made = table("list:line", "number", "postcode", "commune", "hears")
    for one in found.some:
        where = f"{one.list_id}:{one.line}"
        row(made, where, one.number, one.postcode, one.commune, one.fate)
    if found.some:
        say("")
        show(made)
    if not found.segments:
        note("The file has no segments: everybody is called.")


def _show_counts(title: str, counts: dict[str, int], people: int) -> None:
    if not counts:
        return
    made = table(title, "people", "share", right=("people", "share"))
    for name, many in counts.items():
        row(made, name, figure(many), f"{many / people:.1%}" if people else "")
    say("")
    show(made)
