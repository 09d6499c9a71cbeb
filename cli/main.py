"""The `portevoix` command."""

from functools import cache
from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import logging
from cli.children import end_with_parent
from cli.session import PlainErrors, Session

COMMANDS = {
    "serve": "cli.serve:serve",
    "demo": "cli.demo:demo",
    "dialer": "cli.programs:dialer",
    "api": "cli.programs:api",
    "network": "cli.programs:network",
    "doctor": "cli.doctor.command:doctor",
    "why": "cli.why:why",
    "retain": "cli.retain:retain",
    "receipt": "cli.receipt:receipt",
    "erase": "cli.requests:erase",
    "backup": "cli.backup:backup",
    "restore": "cli.backup:restore_backup",
    "size": "cli.size:size_of",
    "stop": "cli.halt:stop",
    "resume": "cli.halt:resume",
    "campaign": "cli.campaign:app",
    "call-me": "cli.call_me:app",
    "budget": "cli.budget:app",
    "contacts": "cli.contacts:app",
    "consent-form": "cli.consent_form:app",
    "rules": "cli.rules:app",
    "segments": "cli.segments:app",
    "constituencies": "cli.constituencies:app",
    "suppressions": "cli.suppressions:app",
    "request": "cli.requests:app",
    "public-page": "cli.public_page:app",
    "audio": "cli.audio_files:app",
    "audit": "cli.audit:app",
    "trunk": "cli.trunks:app",
    "line": "cli.callback_line:app",
    "key": "cli.keys:app",
    "webhook": "cli.webhooks:app",
    "user": "cli.users:app",
    "controller": "cli.controllers:app",
    "pbx": "cli.pbx:app",
    "node": "cli.nodes:app",
    "database": "cli.database:app",
}
"""Where each command is: its module is read when somebody asks for it. All of them together take
longer to be read than most commands take to be carried out."""


class Commands(PlainErrors):
    """The commands, each read when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order in which they are shown."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name, or None."""
        del ctx
        return _command(cmd_name) if cmd_name in COMMANDS else None


@cache
def _command(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        made = typer.main.get_command(alone)
    made.name = name
    return made


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Voice broadcast for people who agreed to be called.",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"portevoix {version_of('portevoix')}")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(envvar="PORTEVOIX_HOME", file_okay=False, help="Where everything is kept."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log details too.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it and end.")
    ] = False,
) -> None:
    """Set up what every command needs."""
    del version
    end_with_parent()
    logging.configure(verbose=verbose)
    ctx.obj = Session(home)


if __name__ == "__main__":
    app()
