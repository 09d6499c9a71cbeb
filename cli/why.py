"""`portevoix why`: the reason a number is, or is not, being called."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.console import as_json, local, note, row, say, show, table
from cli.session import AsJson, Controller, controller_of, session_of
from operations import explain


def why(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="Written in any French way.")],
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Say, campaign by campaign, what keeps a number from being called now."""
    workspace = session_of(ctx).open()
    found = explain.why(workspace, controller_of(workspace, controller), number)
    if json:
        say(as_json([asdict(one) for one in found]))
        return
    if not found:
        note("This number is in no campaign of this controller.")
        return
    made = table("campaign", "where it stands", "gate", "opens", "last outcome", "list:line")
    for one in found:
        row(
            made, one.campaign, one.state or "–", one.gate or "none: it may be called",
            local(one.opens_at), one.outcome or "–", f"{one.list_id}:{one.line}",
        )  # fmt: skip
    show(made)
