"""`portevoix database`: moving it to PostgreSQL."""

from typing import Annotated

import typer

from cli import progress_bar
from cli.console import complain, figure, note, say
from cli.session import REFUSED, By, session_of
from operations.move_database import Moved, move
from operations.settings import FILE_NAME, Settings, load

app = typer.Typer(no_args_is_help=True, help="The database, and moving it to PostgreSQL.")


@app.command("move")
def move_database(
    ctx: typer.Context,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="postgresql+psycopg://USER@HOST/DATABASE: an empty database."
        ),
    ],
    by: By = "command line",
) -> None:
    """Copy everything from SQLite into an empty PostgreSQL database, and verify it.

    Every program on this home must be stopped. The SQLite file is only read; a move that ends early
    leaves the PostgreSQL database empty. The password may stand in PGPASSWORD or ~/.pgpass.
    """
    settings = load(session_of(ctx).home)
    with progress_bar.moving() as tell:
        moved = move(settings, url, by, tell)
    _say(settings, moved)
    for fault in moved.faults:
        complain(str(fault))
    if moved.faults:
        complain("So it stands in the SQLite file too: the copy is the same.")
        raise typer.Exit(REFUSED)


def _say(settings: Settings, moved: Moved) -> None:
    stands = f"{figure(moved.proof.faults)} faults" if moved.faults else "nothing was changed"
    say(
        f"{figure(len(moved.sums))} tables, {figure(moved.rows)} rows: each table read back and, "
        "by its SHA-256, what it was."
    )
    say(f"Audit: {figure(moved.proof.events)} acts, {stands}.")
    say(f"Now write into {settings.home / FILE_NAME}, above every [section]:")
    say(f'database_url = "{moved.url.render_as_string(hide_password=True)}"')
    if moved.url.password is not None:
        note("It has the password in place of ***, or leaves it to PGPASSWORD or ~/.pgpass.")
    note(
        "PORTEVOIX_DATABASE_URL in the environment counts before it. Start nothing until that is "
        "done: whatever is written to the SQLite file from now on is not in the new database."
    )
