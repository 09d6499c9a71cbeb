"""`portevoix rules`: what the law asks of campaigns, as data, and newer versions of it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from campaigns.rules.pack_changes import described
from cli.console import as_json, note, row, say, show, table
from cli.session import AsJson, open_home
from operations import packs
from operations.rules import Update, in_force, install, read_update

app = typer.Typer(no_args_is_help=True, help="Rule packs: what the law asks, as data.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="FILE")]


@app.command("list")
def show_all(ctx: typer.Context, json: AsJson = False) -> None:
    """Show every pack, in the version that a campaign prepared now would have."""
    workspace = open_home(ctx)
    today = datetime.now(UTC).date()
    found = [in_force(workspace, name) for name in packs.names()]
    plain = [
        {
            "id": one.id, "version": one.version, "as_of": one.as_of, "verify_by": one.verify_by,
            "past": one.is_expired(today),
            "from": "shipped" if one == packs.load_shipped(one.id) else "this site",
        }
        for one in found
    ]  # fmt: skip
    if json:
        say(as_json(plain))
        return
    made = table("id", "version", "law read on", "to be read again by", "from")
    for each in plain:
        until = f"{each['verify_by']}" + (": past" if each["past"] else "")
        row(made, each["id"], each["version"], each["as_of"], until, each["from"])
    show(made)


@app.command("show")
def show_one(
    ctx: typer.Context,
    pack_id: Annotated[str, typer.Argument(metavar="ID", help="Such as fr-political.")],
    json: AsJson = False,
) -> None:
    """Show each rule of a pack, with its force and source."""
    pack = in_force(open_home(ctx), pack_id)
    said = described(pack)
    if json:
        head = {"id": pack.id, "version": pack.version, "as_of": pack.as_of}
        say(as_json({**head, "verify_by": pack.verify_by, "rules": said}))
        return
    say(f"{pack.label}, law read on {pack.as_of}, to be read again by {pack.verify_by}")
    for name, text in said.items():
        say(f"  {name}: {text}")


@app.command()
def diff(ctx: typer.Context, file: File, json: AsJson = False) -> None:
    """Show what a newer version of a pack would change; nothing is installed."""
    found = read_update(open_home(ctx), file)
    if json:
        changed = [asdict(one) for one in found.changes]
        say(as_json({"before": found.before.label, "after": found.after.label, "of": changed}))
    else:
        _show(found)


@app.command()
def update(
    ctx: typer.Context,
    file: File,
    by: Annotated[str, typer.Option("--by", help="The person who answers for it.")],
) -> None:
    """Put a newer version of a pack in force for campaigns prepared from now on."""
    workspace = open_home(ctx)
    found = read_update(workspace, file)
    _show(found)
    install(workspace, found, by)
    say(f"{found.after.label} is in force, in the name of {by}.")
    note("Campaigns prepared before keep the rules they were prepared with.")


def _show(found: Update) -> None:
    say(f"{found.before.label} → {found.after.label}")
    for one in found.changes:
        say(f"  {one.of}{' (looser)' if one.looser else ''}")
        say(f"    - {one.before}")
        say(f"    + {one.after}")
    if not found.changes:
        say("  no rule differs")
