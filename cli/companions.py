"""The programs a campaign needs beside it, started for the time of a run where none are there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from cli.children import Child, Program
from cli.console import note
from cli.lookup import dialer_status
from cli.programs import dialer_program, network_child, network_wanted
from operations.settings import REHEARSAL
from operations.workspace import Workspace


@contextmanager
def companions(workspace: Workspace, trunk: str) -> Iterator[Callable[[], None]]:
    """Run the dialer, and the simulated network for its trunk, unless somebody does already.

    Yields:
        A check to be made now and then.

    Raises:
        ChildFailed: one of them did not start; by the check, that it ended.
    """
    settings = workspace.settings
    started: list[Child] = []

    def check() -> None:
        for child in started:
            child.check()

    with ExitStack() as stack:
        if trunk == REHEARSAL and network_wanted(settings):
            started.append(stack.enter_context(_running(workspace, network_child(settings))))
        if dialer_status(workspace) is None:
            note("No dialer runs: starting one for this campaign.")
            started.append(
                stack.enter_context(_running(workspace, dialer_program(settings, wait=False)))
            )
            stack.callback(_tell_of_calls, workspace)
        yield check


def _tell_of_calls(workspace: Workspace) -> None:
    """Say what the end of our dialer waits for."""
    channels = (dialer_status(workspace) or {}).get("channels")
    if channels:
        note(f"Waiting for {channels} calls to end (Ctrl-C: they end by themselves).")


@contextmanager
def _running(workspace: Workspace, program: Program) -> Iterator[Child]:
    child = Child(program, workspace.settings.home / "log" / f"{program.name}.log")
    try:
        child.first_line()
        yield child
    finally:
        child.stop()
