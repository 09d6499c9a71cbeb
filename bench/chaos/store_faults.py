"""What is done to the database: a file that is locked or cannot grow, a server that goes away."""

import random
import resource
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from bench.chaos.site import Site
from bench.postgres import Cluster
from store import turns
from store.sqlite import driver as sqlite3

PLACES_NO_MORE_S = 8.5
"""How long a dialer that is cut off from its database may go on: it stops placing calls when it has
not renewed its lease for 7 s (`dialer.book.LEASE_MARGIN_S`), and a call begins within a second."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a fault needs.

    Attributes:
        site: where.
        dice: decides everything that chance decides.
        wait: for so many seconds.
        note: told of each fault as it is injected.
        living: the dialer that runs.
        calls: how many the network has seen.
        wrong: told of defined behaviour that was not seen.
    """

    site: Site
    dice: random.Random
    wait: Callable[[float], None]
    note: Callable[[str], None]
    living: Callable[[], subprocess.Popen[bytes]]
    calls: Callable[[], int]
    wrong: Callable[[str], None]


class StoreFaults(Protocol):
    """Faults of one kind of database."""

    def strike(self) -> None:
        """Inject one, and end it."""


def store_faults(means: Means) -> StoreFaults:
    """Those of the site's database."""
    server = means.site.server
    return FileFaults(means) if server is None else ServerFaults(means, server)


class FileFaults:
    """Of SQLite."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def strike(self) -> None:
        """See StoreFaults."""
        self._means.dice.choice((self._lock, self._lock, self._slow, self._fill))()

    def _lock(self) -> None:
        self._means.note("database locked")
        self._hold_lock(self._means.dice.uniform(1.0, 7.0))

    def _slow(self) -> None:
        """Somebody else writes nearly all the time."""
        self._means.note("database slow")
        for _ in range(self._means.dice.randint(3, 12)):
            self._hold_lock(self._means.dice.uniform(0.1, 0.6))
            self._means.wait(0.02)

    def _hold_lock(self, seconds: float) -> None:
        with closing(sqlite3.connect(self._means.site.database, timeout=30.0)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            self._means.wait(seconds)
            connection.execute("ROLLBACK")

    def _fill(self) -> None:
        """Nothing the dialer writes fits on its disk any more (setrlimit(2), EFBIG)."""
        self._means.note("disk full")
        pid = self._means.living().pid
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
        self._means.wait(self._means.dice.uniform(1.0, 4.0))
        if self._means.living().pid == pid:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


class ServerFaults:
    """Of PostgreSQL, to which the dialer comes through a link of its own."""

    def __init__(self, means: Means, server: Cluster) -> None:
        self._means, self._server = means, server
        self._link = means.site.store_link

    def strike(self) -> None:
        """See StoreFaults."""
        acts = (self._lock, self._restart, self._restart, self._refuse, self._cut_off)
        self._means.dice.choice(acts)()

    def _lock(self) -> None:
        """Another writes, and takes its time."""
        self._means.note("database locked")
        with self._means.site.workspace.engine.begin() as connection:
            turns.take(connection)
            self._means.wait(self._means.dice.uniform(1.0, 4.5))

    def _restart(self) -> None:
        """It dies and comes back; what it had not on its disk is gone."""
        self._means.note("database server killed and started")
        self._server.restart()

    def _refuse(self) -> None:
        self._means.note("database out of reach for a while")
        self._link.refuse(True)
        self._link.cut(reset=True)
        self._means.wait(self._means.dice.uniform(0.5, 6.0))
        self._link.refuse(False)

    def _cut_off(self) -> None:
        """Nothing comes or goes, and nobody says so: it must find out by itself."""
        self._means.note("dialer cut off from the database")
        self._link.stall(to_pbx=True, to_dialer=True)
        begun = time.monotonic()
        self._means.wait(PLACES_NO_MORE_S)
        before = self._means.calls()
        self._means.wait(self._means.dice.uniform(1.0, 6.0))
        if (more := self._means.calls() - before) > 0:
            seconds = time.monotonic() - begun
            self._means.wrong(f"{more} calls by a dialer cut off for {seconds:.0f} s")
        self._link.heal()
