"""Who climbs a ladder of rates: the raw AMI loop, and the engine.

Both come and go for each rung, so that neither reads what the other places, and so that they take
turns within half a minute: the speed of a host changes more from minute to minute than they differ.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench import people
from bench.installation import DRAIN_S, PATIENCE_S, Installation
from bench.meter import Meter, Used
from campaigns.campaign import Limits
from dialer.instance.configure import AMI_USER
from operations import priority
from store.sqlite import driver as sqlite3

RAW = Path(__file__).with_name("raw.py")
CHANNELS = 2000
HELD_S = 5.0
"""For how long a rate is looked at."""

RAMP_S = 10.0
"""From the start of a dialer, which takes 8 s to come to its whole rate (docs/pacing.md)."""

FLOW_S = 4.0
"""Until as many calls end as begin, and those of the other have ended."""


@dataclass(frozen=True, slots=True)
class Held:
    """A rate that was held for a while.

    Attributes:
        rate: calls per second asked for.
        begun, ended: of the while that counts, in epoch seconds.
        used: by every process in it.
    """

    rate: float
    begun: float
    ended: float
    used: Used


class Climber(Protocol):
    """One of both."""

    who: str

    def begin(self, rate: float) -> None:
        """Start, and come to a rate; what the other left behind ends meanwhile."""

    def hold(self, rate: float) -> Held:
        """Go on at it."""

    def leave(self) -> None:
        """Place nothing more; calls that are up go on."""

    def end(self) -> None:
        """Be gone, once they have ended."""

    def sent(self) -> dict[str, float]:
        """When each order left (epoch s), by number."""


class RawLoop:
    """The raw loop."""

    who = "raw"

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign
        self._calls: dict[str, float] = {}
        self._process: subprocess.Popen[str] | None = None
        self._journal = site.supervisor.instance.root / "raw"
        self._journal.mkdir(exist_ok=True)
        site.supervisor.identity.give(self._journal, 0o700)

    def begin(self, rate: float) -> None:
        """See Climber."""
        self._process = subprocess.Popen(
            [sys.executable, str(RAW), *self._arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "AMI_SECRET": self._site.supervisor.instance.ami_secret},
        )
        priority.in_real_time(priority.DIALER, self._process.pid)
        self._step(self._process, rate, FLOW_S)

    def _arguments(self) -> Iterable[str]:
        library = self._site.workspace.library
        given = {
            "port": self._site.supervisor.instance.ami_port,
            "user": AMI_USER,
            "endpoint": self._site.endpoint,
            "message": library.root / people.message_path(self._site, self._campaign),
            "confirmation": library.root / people.message_path(self._site, self._campaign),
            "journal": self._journal / "raw.journal",
            "first": len(self._calls),
        }
        for name, value in given.items():
            yield from (f"--{name}", str(value))

    def _step(self, process: "subprocess.Popen[str]", rate: float, seconds: float) -> Any:
        assert process.stdin is not None  # noqa: S101 - asked for in begin
        assert process.stdout is not None  # noqa: S101
        print(rate, seconds, file=process.stdin, flush=True)
        done = json.loads(process.stdout.readline())
        self._calls.update(done["calls"])
        return done

    def hold(self, rate: float) -> Held:
        """See Climber."""
        assert self._process is not None  # noqa: S101 - it has begun
        meter = Meter({self.who: self._process.pid, **self._site.pids})
        done = self._step(self._process, rate, HELD_S)
        return Held(rate, done["begun"], done["ended"], meter.read())

    def leave(self) -> None:
        """See Climber."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def end(self) -> None:
        """See Climber."""
        if self._process is not None:
            self._process.wait(PATIENCE_S)
            assert self._process.stdout is not None  # noqa: S101 - asked for in begin
            self._process.stdout.close()
            self._process = None

    def sent(self) -> dict[str, float]:
        """As the loop says."""
        return self._calls


class Engine:
    """The dialer."""

    who = "engine"

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign

    def begin(self, rate: float) -> None:
        """See Climber."""
        people.limit(self._site, self._campaign, Limits(CHANNELS, rate))
        self._site.start_dialer()
        time.sleep(RAMP_S)

    def hold(self, rate: float) -> Held:
        """See Climber."""
        meter, begun = Meter(self._site.pids), time.time()
        time.sleep(HELD_S)
        return Held(rate, begun, time.time(), meter.read())

    def leave(self) -> None:
        """See Climber."""
        if self._site.dialer is not None:
            self._site.dialer.terminate()

    def end(self) -> None:
        """See Climber."""
        if self._site.dialer is not None:
            self._site.dialer.wait(DRAIN_S)
            self._site.end_dialer()

    def sent(self) -> dict[str, float]:
        """As the engine recorded it."""
        with closing(sqlite3.connect(self._site.database)) as connection:
            rows = connection.execute(
                "SELECT number, sent_at FROM attempt WHERE sent_at IS NOT NULL"
            )
            return {number: at / 1000 for number, at in rows}
