"""`portevoix suppressions key`: the key without which who was erased cannot be told."""

from pathlib import Path
from typing import Annotated

import typer

from cli.console import note, say
from cli.session import By, open_home
from operations import suppression_key

app = typer.Typer(
    no_args_is_help=True,
    help="The key under which refusals of erased people are kept. Back it up: without it nobody "
    "can be called any more.",
)


@app.command()
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A new file.")],
    by: By = "command line",
) -> None:
    """Write the key to a file, to be kept apart from the backups of the database.

    Who has both can find out which numbers were erased; who has lost the key can never again tell
    whose refusals they are, and calls nobody any more.
    """
    suppression_key.back_up(open_home(ctx).engine, file, by)
    say(f"The suppression key is in {file}.")
    note(
        "Keep it as you keep a password, and not beside a backup of the database. Without it no "
        "restored database can place calls."
    )


@app.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    by: By = "command line",
) -> None:
    """Put the key back from its backup; another database's is refused."""
    workspace = open_home(ctx)
    suppression_key.restore(workspace.settings, workspace.engine, file, by)
    say("The suppression key is back: calls can be placed.")


@app.command()
def renew(ctx: typer.Context, by: By = "command line") -> None:
    """Make another key where the old one is lost and nobody was ever erased.

    Programs that run with the old key place no calls any more until they are started again.
    """
    workspace = open_home(ctx)
    lost = suppression_key.renew(workspace.settings, workspace.engine, by)
    say("There is another suppression key. Back it up: portevoix suppressions key backup FILE")
    if lost:
        note(
            f"{lost} second factors were sealed under the lost key: their codes are refused, "
            "recovery codes go on working. portevoix user second-factor EMAIL takes one away."
        )
