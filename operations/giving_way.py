"""Work that has time lets calls go first: on the processor and at the database."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from threading import Thread
from time import monotonic, sleep, thread_time
from typing import TypeVar

from sqlalchemy import Connection, Engine

from store import leases
from store.engine import reading, writing
from store.in_line import scheduled

T = TypeVar("T")

NICE = 10
"""How far a process that only has work to do stands behind those that call (nice(2)): it gets a
tenth of a busy core, and all of an idle one."""

LOOK_EVERY_S = 1.0
"""How often it is found out whether calls are up."""


def give_way() -> None:
    """Put this process, and whatever it starts, behind all others; to be called at its beginning.

    Where it may come back for a moment (`store.in_line`), as root may, it takes only what nobody
    else wants: the kernel then counts its processor as free for others (`SCHED_IDLE`, sched(7)),
    which it does not while somebody is there who is merely less important.
    """
    os.nice(NICE)
    if _may_come_back():
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _may_come_back() -> bool:
    """Tried by a thread of its own, which stays there where it may not."""
    back: list[bool] = []

    def go_and_come() -> None:
        with suppress(PermissionError):
            with scheduled(os.SCHED_IDLE):
                pass
            back.append(True)

    thread = Thread(target=go_and_come)
    thread.start()
    thread.join()
    return bool(back)


def resting(
    engine: Engine, work: Iterable[T], elsewhere: Callable[[], float] = float
) -> Iterator[T]:
    """Do work piece by piece; while calls are up, rest after each for the processor time it took.

    Args:
        engine: of the database.
        work: its pieces.
        elsewhere: processor seconds that other threads and processes have taken for it so far.

    A process that gives way gets little of a machine that is full: to rest for as long as a piece
    took from its beginning to its end would leave unused what nobody else wants.
    """
    looked, up = -LOOK_EVERY_S, False
    begun = thread_time() + elsewhere()
    for piece in work:
        yield piece
        now = monotonic()
        if now - looked >= LOOK_EVERY_S:
            looked, up = now, calls_are_up(engine)
        if up:
            sleep(thread_time() + elsewhere() - begun)
        begun = thread_time() + elsewhere()


def until_none(engine: Engine, remove: Callable[[Connection], int]) -> Iterator[int]:
    """Remove some rows in each transaction until none are left; yields how many they were.

    Between two it leaves the database alone for as long as the one before took.
    """
    while True:
        begun = monotonic()
        with writing(engine) as connection:
            done = remove(connection)
        if not done:
            return
        yield done
        sleep(monotonic() - begun)


def calls_are_up(engine: Engine) -> bool:
    """Whether a dialer has calls up at this moment."""
    with reading(engine) as connection:
        dialer = leases.holder(connection, datetime.now(UTC)) or {}
    return bool(dialer.get("channels"))
