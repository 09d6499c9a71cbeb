"""What is done beside the calls, now and then: the database's log, people whose time is over."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from campaigns.errors import PortevoixError
from operations import callback_line, priority
from operations.retain import retain
from operations.workspace import Workspace
from store import leases
from store.engine import bound_log, carry_over, reading

CARRY_EVERY_S = 0.5
LOG_EVERY_S = 10.0
LINES_EVERY_S = 5.0
RETAIN_EVERY_S = 86_400.0

SETTLED_S = 600.0
"""How long after a start the first removal waits: what was in flight comes first, and a dialer that
is started again and again does nothing else."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done again and again, on a thread of its own.

    Attributes:
        act: what; it may wait, but not for long.
        every_s: seconds between two.
        first_s: seconds until the first.
    """

    act: Callable[[], object]
    every_s: float
    first_s: float


def chores(workspace: Workspace, node: str) -> list[Chore]:
    """The upkeep of a home directory, by the dialer of that name."""
    return [
        Chore(lambda: _carry_over(workspace), CARRY_EVERY_S, CARRY_EVERY_S),
        Chore(lambda: _bound_log(workspace), LOG_EVERY_S, LOG_EVERY_S),
        Chore(lambda: _tend_lines(workspace), LINES_EVERY_S, LINES_EVERY_S),
        Chore(lambda: _start_to_retain(workspace, node), RETAIN_EVERY_S, SETTLED_S),
    ]


def _carry_over(workspace: Workspace) -> None:
    try:
        carry_over(workspace.engine)
    except PortevoixError as error:
        log.warning("the log of the database grows", why=str(error))


def _bound_log(workspace: Workspace) -> None:
    try:
        bound_log(workspace.engine)
    except PortevoixError as error:
        log.warning("the log of the database stays as it is", why=str(error))


def _tend_lines(workspace: Workspace) -> None:
    try:
        callback_line.tend(workspace)
    except (PortevoixError, OSError) as error:
        log.warning("callback lines of closed forms still take agreements", why=str(error))


def _start_to_retain(workspace: Workspace, node: str) -> None:
    """Nobody waits for its thread: it may take hours, and can be cut short at any moment."""
    threading.Thread(target=_retain, args=(workspace, node), name="retain", daemon=True).start()


def _retain(workspace: Workspace, node: str) -> None:
    priority.step_back()
    try:
        removed = retain(workspace) if _leads(workspace, node) else 0
    except PortevoixError as error:
        log.warning("people whose time is over could not all be removed", why=str(error))
    else:
        log.info("people whose time is over were removed", people=removed)


def _leads(workspace: Workspace, node: str) -> bool:
    """Whether this is the dialer of several that does what one alone is to do."""
    with reading(workspace.engine) as connection:
        known = leases.nodes(connection, datetime.now(UTC))
    return next((one.name for one in known if one.alive), node) == node
