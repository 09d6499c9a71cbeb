"""The long-running programs: dialer, API, simulated network, each alone in its process."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from campaigns.errors import PbxError, StoreUnavailable
from cli import seating
from cli.children import Program, portevoix
from cli.console import complain, note, say
from cli.keeper import UNAVAILABLE
from cli.session import open_home, session_of
from dialer import process
from dialer.ami import LoginRejected
from dialer.instance.ports import is_free
from operations import nodes
from operations.settings import REHEARSAL, Settings, load
from operations.workspace import Workspace
from rehearsal import __main__ as network_program
from store.audit_segments import ProcessKind, written_by
from store.leases import MAIN

LOOK_S = 1.0
"""Between two looks at another dialer."""


def dialer(
    ctx: typer.Context,
    wait: Annotated[
        bool, typer.Option("--wait", help="Where another dialer drives this home, wait for it.")
    ] = False,
    node: Annotated[
        str, typer.Option(help="Its name, beside other dialers on one PostgreSQL database.")
    ] = MAIN,
    seat: Annotated[
        bool, typer.Option("--seat", help="Take the first free seat of [pbx] seats, and its name.")
    ] = False,
) -> None:
    """Place the calls of running campaigns until told to stop (SIGTERM or Ctrl-C)."""
    named = nodes.node_name(node)
    with _what_may_come_back(ctx):
        workspace = open_home(ctx)
        if wait:
            _wait_for_others(workspace, named)
        written_by(workspace.engine, ProcessKind.DIALER)

        def dial(name: str, ready: Callable[[], None]) -> None:
            asyncio.run(process.run(workspace, ready, name))

        if seat:
            seating.take(workspace, dial)
        else:
            dial(named, lambda: say("Ready to place calls."))


@contextmanager
def _what_may_come_back(ctx: typer.Context) -> Iterator[None]:
    """End with an exit code of its own where a database or a remote PBX is out of reach.

    «serve» then waits for it, while it gives up what only a person can mend.
    """
    try:
        yield
    except LoginRejected:
        raise
    except StoreUnavailable as error:
        complain(str(error))
    except PbxError as error:
        if load(session_of(ctx).home).pbx.mode != "remote":
            raise
        complain(str(error))
    else:
        return
    raise typer.Exit(UNAVAILABLE)


def _wait_for_others(workspace: Workspace, node: str) -> None:
    """A campaign that is run by itself has a dialer of its own, until it ends."""
    told = False
    while (other := nodes.in_the_way(workspace, node)) is not None:
        if not told:
            note(f"Another dialer ({other.process}) drives this database: waiting for its end.")
            told = True
        time.sleep(LOOK_S)


def api(ctx: typer.Context) -> None:
    """Serve the API and the page, without placing calls."""
    from api.server import serve  # noqa: PLC0415 - the web framework is loaded where it is used

    with _what_may_come_back(ctx):
        workspace = open_home(ctx)
    written_by(workspace.engine, ProcessKind.API)
    listen = workspace.settings.api
    raise typer.Exit(serve(workspace, listen.host, listen.port))


def network(
    ctx: typer.Context,
    ledger: Annotated[
        Path | None, typer.Option(help="What it sees is appended here. Default: in the home.")
    ] = None,
) -> None:
    """Run the simulated telephone network, the far side of the trunk «rehearsal»."""
    settings = load(session_of(ctx).home)
    file = ledger or ledger_of(settings)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = settings.rehearsal
    arguments = ["--sip-port", str(ours.sip_port), "--profile", ours.profile]
    code = network_program.main([*arguments, "--seed", str(ours.seed), "--ledger", str(file)])
    raise typer.Exit(code)


def ledger_of(settings: Settings) -> Path:
    """Where the simulated network writes what it sees."""
    return settings.home / "rehearsal" / "ledger.jsonl"


def network_wanted(settings: Settings) -> bool:
    """Whether we run the simulated network ourselves: nobody put another far side there.

    Beside a remote PBX it runs on that PBX's loopback, not on ours.
    """
    if settings.pbx.mode == "remote":
        return False
    listens = not is_free(settings.rehearsal.sip_port, socket.SOCK_DGRAM)
    return REHEARSAL not in settings.trunks and not listens


def dialer_program(settings: Settings, *, wait: bool) -> Program:
    """The dialer, as a child; one that waits comes after whoever dials now."""
    return portevoix(settings.home, "dialer", *(["--wait"] if wait else []))


def api_program(settings: Settings) -> Program:
    """The API, as a child."""
    return portevoix(settings.home, "api")


def network_child(settings: Settings) -> Program:
    """The simulated network, as a child."""
    return portevoix(settings.home, "network")
