"""`portevoix line`: numbers that the PBX answers when the people called ring back."""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import as_json, local, note, row, say, show, table
from cli.lookup import one_controller
from cli.session import AsJson, By, Controller, controller_of, open_home
from operations import callback_line
from operations.callback_line import NewLine

app = typer.Typer(no_args_is_help=True, help="Numbers that are answered when people call back.")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number shown.")]


@app.command()
def install(
    ctx: typer.Context,
    number: Number,
    recording: Annotated[
        list[Path],
        typer.Option(
            exists=True,
            dir_okay=False,
            help="What is spoken: who calls and why, 9 to stop, 1 to ask what is held. Repeatable.",
        ),
    ],
    language: Annotated[str, typer.Option(help="Of what is said besides: fr or en.")] = "fr",
    form: Annotated[
        str, typer.Option(help="Consent form whose text is spoken; 5 agrees to it.")
    ] = "",
    controller: Controller = None,
    by: By = "command line",
    json: AsJson = False,
) -> None:
    """Have the PBX answer a number, with the dialer up or not; again changes what it says."""
    workspace = open_home(ctx)
    owner = controller_of(workspace, controller, by)
    asked = NewLine(number, recording, language, form)
    made = callback_line.install(workspace, owner, asked, by)
    if json:
        say(as_json(made))
        return
    say(f"{made['number']} is answered. Call it, and listen, before a campaign shows it.")


@app.command("list")
def show_all(ctx: typer.Context, controller: Controller = None, json: AsJson = False) -> None:
    """Show the lines, and when somebody last heard each."""
    workspace = open_home(ctx)
    found = callback_line.listed(workspace, one_controller(workspace, controller))
    if json:
        say(as_json(found))
        return
    if not found:
        note("No line yet. Install one with «portevoix line install».")
        return
    made = table("number", "for", "language", "installed", "by", "last heard")
    for one in found:
        row(
            made, one["number"], one["controller"], one["language"], local(one["installed_at"]),
            one["installed_by"], local(one["heard_at"]),
        )  # fmt: skip
    show(made)


@app.command()
def remove(
    ctx: typer.Context, number: Number, controller: Controller = None, by: By = "command line"
) -> None:
    """Have a number answered no more."""
    workspace = open_home(ctx)
    callback_line.remove(workspace, one_controller(workspace, controller), number, by)
    say("It is answered no more.")


@app.command()
def calls(
    ctx: typer.Context,
    controller: Controller = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    json: AsJson = False,
) -> None:
    """Show what people did who called, newest first, with their numbers masked."""
    workspace = open_home(ctx)
    rows = callback_line.acts(workspace, one_controller(workspace, controller), count)
    if json:
        say(as_json(rows))
        return
    made = table("when", "line", "did", "about", "keyed in")
    for one in rows:
        row(
            made, local(one["at"]), one["line"], one["act"], one["number"] or "–",
            "yes" if one["keyed"] else "no",
        )  # fmt: skip
    show(made)
