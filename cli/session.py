"""What every command begins with: the home directory, and errors said in one line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from campaigns.errors import PortevoixError, StoreUnavailable
from cli.console import complain
from operations import controllers
from operations.settings import Settings
from operations.workspace import Workspace, open_workspace
from store.engine import writing

REFUSED = 1
"""Exit code of anything that could not be done."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as of a shell (128 + SIGINT)."""


@dataclass(frozen=True, slots=True)
class Session:
    """What the global options say.

    Attributes:
        home: the home directory; None for the user's own.
    """

    home: Path | None


def session_of(ctx: typer.Context) -> Session:
    """The session of a command."""
    found: Session = ctx.find_object(Session) or Session(None)
    return found


def open_home(ctx: typer.Context) -> Workspace:
    """The home directory of a command, made where absent; closed when the command ends.

    Raises:
        InvalidInput: the settings are wrong.
        StoreUnavailable: the database cannot be opened.
    """
    try:
        workspace = open_workspace(session_of(ctx).home)
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0]
        raise StoreUnavailable(f"The database cannot be opened: {said}") from error
    ctx.call_on_close(workspace.engine.dispose)
    return workspace


def page_address(settings: Settings) -> str:
    """Where the page is reached from this machine, without a slash at its end."""
    listen = settings.api
    host = "127.0.0.1" if listen.host in {"0.0.0.0", "::"} else listen.host  # noqa: S104
    return f"http://[{host}]:{listen.port}" if ":" in host else f"http://{host}:{listen.port}"


def controller_of(workspace: Workspace, name: str | None, by: str) -> int:
    """The id of the controller of that name, else of the settings' own; made where absent."""
    with writing(workspace.engine) as connection:
        chosen = name or workspace.settings.controller
        return controllers.ensure(connection, chosen, by)


class PlainErrors(TyperGroup):
    """Commands whose expected failures are one line on the error stream, with exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except PortevoixError as error:
            complain(str(error))
        except BrokenPipeError:
            raise  # the reader of our output has gone: typer ends quietly
        except OSError as error:
            if error.filename is None:
                raise
            complain(f"{error.filename}: {error.strerror}.")
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        raise typer.Exit(REFUSED)


By = Annotated[
    str, typer.Option("--by", envvar=["PORTEVOIX_BY", "USER"], help="Who asks, for the record.")
]
"""Option: the person in whose name something is done."""

Controller = Annotated[
    str | None,
    typer.Option("--controller", help="On whose behalf."),
]
"""Option: a controller's name."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
"""Option: for programs."""
