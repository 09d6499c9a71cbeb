"""The `portevoix` command."""

from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from cli import (
    audio_files,
    audit,
    budget,
    call_me,
    callback_line,
    campaign,
    consent_form,
    constituencies,
    contacts,
    controllers,
    database,
    halt,
    keys,
    logging,
    nodes,
    pbx,
    programs,
    public_page,
    requests,
    rules,
    segments,
    suppressions,
    trunks,
    users,
    webhooks,
)
from cli.backup import backup, restore_backup
from cli.children import end_with_parent
from cli.demo import demo
from cli.doctor.command import doctor
from cli.receipt import receipt
from cli.retain import retain
from cli.serve import serve
from cli.session import PlainErrors, Session
from cli.size import size_of
from cli.why import why

app = typer.Typer(
    cls=PlainErrors,
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


app.command()(serve)
app.command()(demo)
app.command()(programs.dialer)
app.command()(programs.api)
app.command()(programs.network)
app.command()(doctor)
app.command()(why)
app.command()(retain)
app.command()(receipt)
app.command()(requests.erase)
app.command()(backup)
app.command("restore")(restore_backup)
app.command("size")(size_of)
app.command()(halt.stop)
app.command()(halt.resume)
app.add_typer(campaign.app, name="campaign")
app.add_typer(call_me.app, name="call-me")
app.add_typer(budget.app, name="budget")
app.add_typer(contacts.app, name="contacts")
app.add_typer(consent_form.app, name="consent-form")
app.add_typer(rules.app, name="rules")
app.add_typer(segments.app, name="segments")
app.add_typer(constituencies.app, name="constituencies")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(requests.app, name="request")
app.add_typer(public_page.app, name="public-page")
app.add_typer(audio_files.app, name="audio")
app.add_typer(audit.app, name="audit")
app.add_typer(trunks.app, name="trunk")
app.add_typer(callback_line.app, name="line")
app.add_typer(keys.app, name="key")
app.add_typer(webhooks.app, name="webhook")
app.add_typer(users.app, name="user")
app.add_typer(controllers.app, name="controller")
app.add_typer(pbx.app, name="pbx")
app.add_typer(nodes.app, name="node")
app.add_typer(database.app, name="database")

if __name__ == "__main__":
    app()
