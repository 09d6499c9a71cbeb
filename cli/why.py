"""`portevoix why`: the reason a number is, or is not, being called."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli import lookup
from cli.console import as_json, local, note, row, say, show, table
from cli.session import AsJson, Controller, open_home
from operations import explain


def why(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Say, campaign by campaign, what keeps a number from being called now."""
    workspace = open_home(ctx)
    owners = lookup.controllers(workspace, controller)
    found = [(owner, one) for owner in owners for one in explain.why(workspace, owner, number)]
    if json:
        say(as_json([{"controller": owners[owner], **asdict(one)} for owner, one in found]))
        return
    if not found:
        note("This number is in no campaign.")
        return
    made = table(
        "campaign", "where it stands", "gate", "opens", "last outcome", "hears", "list:line", "for"
    )
    for owner, one in found:
        row(
            made, one.campaign or "none", one.state or "–", one.gate or "none: it may be called",
            local(one.opens_at), one.outcome or "–", one.variant or "its message",
            f"{one.list_id}:{one.line}" if one.list_id else "–", owners[owner],
        )  # fmt: skip
    show(made)
