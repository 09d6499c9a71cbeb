"""`portevoix audit`: what people and clocks did, and whether the record of it was changed."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.console import as_json, complain, figure, local, note, row, say, show, table
from cli.lookup import one_controller
from cli.session import REFUSED, AsJson, Controller, open_home
from operations.audit_proof import Proof, prove
from store import audit
from store.engine import reading

app = typer.Typer(no_args_is_help=True, help="What was done, by whom, and whether it stands.")

_PLACE = ("segment_id", "sequence", "at", "actor", "act", "subject", "detail")


@app.command()
def verify(ctx: typer.Context, json: AsJson = False) -> None:
    """Hold every act against its hash, and every call against what allowed it.

    Each fault is a line on the error stream; exit code 1 where there is one.
    """
    proof = prove(open_home(ctx).engine, lambda fault: complain(str(fault)))
    say(as_json(asdict(proof)) if json else _said(proof))
    if proof.faults:
        raise typer.Exit(REFUSED)


@app.command("show")
def show_latest(
    ctx: typer.Context,
    count: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    calls: Annotated[bool, typer.Option("--calls", help="Allowed calls too.")] = False,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="What concerns every controller: trunks, stops.")
    ] = False,
    controller: Controller = None,
    json: AsJson = False,
) -> None:
    """Show the latest acts of a controller, the newest first; with --json one object a line."""
    workspace = open_home(ctx)
    owner = None if everybody else one_controller(workspace, controller)
    with reading(workspace.engine) as connection:
        found = audit.latest(connection, owner, count, calls=calls)
    if json:
        for one in found:
            say(as_json({name: one[name] for name in _PLACE}))
    elif found:
        _show(found)
    else:
        note("Nothing was done yet.")


def _show(found: list[dict[str, Any]]) -> None:
    made = table("event", "when", "who", "act", "of what", "detail")
    for one in found:
        row(
            made, f"{one['segment_id']}:{one['sequence']}", local(one["at"]), one["actor"],
            one["act"], one["subject"], ", ".join(_details(one["detail"])),
        )  # fmt: skip
    show(made)


def _details(detail: dict[str, Any]) -> Iterator[str]:
    for name, value in detail.items():
        plain = value if isinstance(value, str) else as_json(value)
        yield f"{name} {plain[:12]}…" if len(plain) == 64 else f"{name} {plain}"


def _said(proof: Proof) -> str:
    looked = (
        f"{figure(proof.segments)} segments, {figure(proof.events)} acts; calls allowed: "
        f"{figure(proof.calls)} held against their contacts, {figure(proof.calls_removed)} in "
        "claims of which retention has removed some"
    )
    if proof.faults:
        return f"{looked}. Faults: {figure(proof.faults)}."
    return f"{looked}. Nothing was changed."
