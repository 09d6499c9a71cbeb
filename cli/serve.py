"""`portevoix serve`: the API, the dialer and the simulated network, each kept running."""

import asyncio
import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from api.listen import listening
from campaigns.errors import NotAllowed
from cli import programs
from cli.children import Program
from cli.console import note, say
from cli.keeper import Keeper
from cli.session import open_home, page_address
from operations import set_up
from operations.settings import Settings
from operations.workspace import Workspace


def serve(ctx: typer.Context) -> None:
    """Run everything: API and page, dialer, simulated network. Ctrl-C ends it in order."""
    workspace = open_home(ctx)
    with _alone(workspace.settings.home / "serve.lock"):
        listening(workspace.settings.api.host, workspace.settings.api.port).close()
        _welcome(workspace)
        asyncio.run(_keep_all(workspace.settings))


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a home directory for one `serve`.

    Raises:
        NotAllowed: another holds it.
    """
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowed(f"«portevoix serve» runs already for {file.parent}.") from None
        yield


def _welcome(workspace: Workspace) -> None:
    say(f"Page and API: {page_address(workspace.settings)}/")
    token = set_up.offer(workspace)
    if token is not None:
        say(f"Set up the first user: {page_address(workspace.settings)}/setup/{token}")


async def _keep_all(settings: Settings) -> None:
    asked = _asked_to_end()
    dialer = Keeper(programs.dialer_program(settings, wait=True))
    others = [Keeper(program) for program in _around(settings)]
    dialing = asyncio.create_task(dialer.keep())
    tasks = [dialing, *(asyncio.create_task(one.keep()) for one in others)]
    asking = asyncio.create_task(asked.wait())
    await asyncio.wait([asking, *tasks], return_when=asyncio.FIRST_COMPLETED)
    note("Ending. The dialer waits for the calls that are up, at most 90 s.")
    dialer.end()
    await asyncio.wait([dialing])
    # The far side and the page stay until the last call has ended.
    for one in others:
        one.end()
    asking.cancel()
    await asyncio.gather(*tasks)


def _around(settings: Settings) -> list[Program]:
    found = [programs.api_program(settings)]
    if programs.network_wanted(settings):
        found.append(programs.network_child(settings))
    return found


def _asked_to_end() -> asyncio.Event:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked
