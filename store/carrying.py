"""Carrying SQLite's log over beside a writer that writes without a pause."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine

from campaigns.errors import StoreUnavailable
from store.engine import carry_over

EVERY_S = 0.2
"""A few times for each part of the log that makes a writer carry it over itself. Each time the disk
is waited for twice, and writers that need it then wait too."""


@contextmanager
def carrying_over(engine: Engine) -> Iterator[Callable[[], float]]:
    """Have another thread carry the log over meanwhile; a function that tells what it has taken.

    SQLite does it without holding Python, nor writers, up: on a second processor it costs them
    nothing, where a writer that does it itself waits for the disk.

    Args:
        engine: of the database.
    """
    if engine.dialect.name != "sqlite":
        yield float
        return
    carrier = _Carrier(engine)
    carrier.start()
    try:
        yield lambda: carrier.spent_s
    finally:
        carrier.end()


class _Carrier(threading.Thread):
    """The thread.

    Attributes:
        spent_s: processor seconds that it has taken.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="carrier", daemon=True)
        self._engine = engine
        self._over = threading.Event()
        self.spent_s = 0.0

    def run(self) -> None:
        while not self._over.wait(EVERY_S):
            with suppress(StoreUnavailable):  # the writer will say so
                carry_over(self._engine)
            self.spent_s = time.thread_time()

    def end(self) -> None:
        """Wait for its end."""
        self._over.set()
        self.join()
