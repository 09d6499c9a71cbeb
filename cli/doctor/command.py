"""`portevoix doctor`: the whole chain looked at, link by link, and how to mend what is broken."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from campaigns.errors import InvalidInput, PortevoixError
from cli.console import as_json, aside, row, say, show, table
from cli.doctor import faces, host, keeping, pbx, sound
from cli.doctor.check import Check, Level, fault, ok, skipped
from cli.session import REFUSED, AsJson, Session, session_of
from operations.nodes import node_name
from operations.pbx_directories import root_of
from operations.settings import Settings, default_home, load
from operations.workspace import make_home
from store.leases import MAIN

_SIGNS = {
    Level.OK: Text("✓ ok", style="green"),
    Level.SKIPPED: Text("– skipped", style="dim"),
    Level.WARNING: Text("! warning", style="yellow"),
    Level.FAULT: Text("✗ fault", style="bold red"),
}


def doctor(
    ctx: typer.Context,
    json: AsJson = False,
    node: Annotated[
        str, typer.Option(help="The dialer whose PBX is looked at, beside others.")
    ] = MAIN,
) -> None:
    """Check everything calls need, and say how to mend each fault. Exit code 1 where there is one.

    Where no local PBX runs, one is started for the time of the look.
    """
    named = node_name(node)
    with aside().status("Looking…"):
        checks = list(_looks(session_of(ctx), named))
    if json:
        say(as_json([asdict(one) for one in checks]))
    else:
        _show(checks)
    if any(one.level is Level.FAULT for one in checks):
        raise typer.Exit(REFUSED)


def _looks(session: Session, node: str) -> Iterator[Check]:
    yield from host.look((session.home or default_home()).resolve())
    try:
        settings = load(session.home)
        settings.all_trunks()
    except InvalidInput as error:
        yield fault("settings", str(error), "Correct it; the rest is looked at then.")
        return
    yield ok("settings", f"for {settings.controller}")
    yield from keeping.look(settings, node)
    yield from _pbx(settings, node)
    yield from faces.look(settings)


def _pbx(settings: Settings, node: str) -> Iterator[Check]:
    installed = list(pbx.look(settings))
    yield from installed
    if any(one.level is Level.FAULT for one in installed):
        yield skipped("PBX running", "There is none to start.")
        return
    try:
        yield from _calling(settings, node)
    except PortevoixError as error:
        yield fault("PBX running", str(error), f"Its log is in {root_of(settings.home, node)}/log.")


def _calling(settings: Settings, node: str) -> Iterator[Check]:
    if settings.pbx.mode == "remote":
        yield from pbx.look_at_account(pbx.remote_account(settings.pbx))
        yield skipped("prompts", "Only the remote PBX can tell whether it can read them.")
        return
    make_home(settings.home)
    with pbx.running(settings, node) as supervisor:
        yield from pbx.look_at_local(supervisor)
        yield from sound.look(settings, supervisor)


def _show(checks: list[Check]) -> None:
    made = table("", "what", "found")
    for one in checks:
        text = f"{one.detail}\n→ {one.remedy}" if one.remedy else one.detail
        row(made, _SIGNS[one.level], one.name, text)
    show(made)
    counts = {level: sum(one.level is level for one in checks) for level in Level}
    said = ", ".join(f"{level} {many}" for level, many in counts.items() if many)
    say(f"\n{said}")
