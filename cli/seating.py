"""`portevoix dialer --seat`: of several dialers, all started alike, each takes a free seat."""

import random
import time
from collections.abc import Callable, Sequence

from campaigns.errors import LeaseLost
from cli.console import note, say
from dialer.instance.seats import seats
from operations import nodes
from operations.workspace import Workspace
from store.leases import LEASE_LASTS, Node

LOOK_S = 1.0
"""Between two looks at the seats."""

PATIENCE_S = LEASE_LASTS.total_seconds() + LOOK_S
"""How long a seat that was never used is left for another: whoever held one and died may have left
calls to settle, and is only known to be dead when its lease has lapsed."""


def take(workspace: Workspace, dial: Callable[[str, Callable[[], None]], None]) -> None:
    """Dial on the first seat that is free; wait for one where all are taken.

    Args:
        workspace: of the installation.
        dial: drives the calls of a node, until told to stop, and tells when it can place some.

    Raises:
        LeaseLost: the seat was ours, and another dialer has taken it.
    """
    begun = False

    def ready() -> None:
        nonlocal begun
        begun = True
        say("Ready to place calls.")

    while True:
        name = _free(workspace)
        say(f"Takes the seat «{name}».")
        try:
            dial(name, ready)
        except LeaseLost:
            if begun:
                raise
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - two that were as quick part
        else:
            return


def choose(names: Sequence[str], known: Sequence[Node], patient: bool) -> str | None:
    """The seat to take.

    Args:
        names: of all seats, the first to be taken first.
        known: the nodes that run or ran.
        patient: whether a seat that nobody ever had may still be left alone.

    Returns:
        One that was used and is free, before one that never was; None where none is to be had.
    """
    alive = {one.name: one.alive for one in known}
    used = [name for name in names if alive.get(name) is False]
    new = [name for name in names if name not in alive]
    if used:
        return used[0]
    if new and (not patient or len(new) == len(names)):
        return new[0]
    return None


def _free(workspace: Workspace) -> str:
    names, begun, told = seats(workspace.settings.pbx), time.monotonic(), False
    while True:
        waited = time.monotonic() - begun
        name = choose(names, nodes.every(workspace), waited < PATIENCE_S)
        if name is not None:
            return name
        if waited > PATIENCE_S and not told:
            note(f"All {len(names)} seats are taken: standing by.")
            told = True
        time.sleep(LOOK_S)
