"""Who climbs a ladder of rates: the raw AMI loop, and the engine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from bench import people
from bench.installation import Installation
from bench.meter import Meter, Used
from campaigns.campaign import Limits
from campaigns.states import Action
from dialer.instance.configure import AMI_USER
from operations import priority
from store.sqlite import driver as sqlite3

RAW = Path(__file__).with_name("raw.py")
CHANNELS = 2000
FLOW_S, RAMP_S, STEP_S = 4.0, 10.0, 7.0
"""Until as many calls end as begin: of the raw loop, and of a dialer, which comes to its whole rate
8 s after its start (docs/pacing.md); and for how long each rate is held."""

Spans = list[tuple[float, float, float]]
"""(rate, begun, ended) of each step, in epoch seconds."""


class Climber(Protocol):
    """One of both."""

    who: str

    def climb(self, rates: list[float]) -> tuple[Spans, Used]:
        """Hold each rate for a while, from no call up to none up."""

    def sent(self) -> dict[str, float]:
        """When each order of the last climb left (epoch s), by number; older ones may be in it."""


class RawLoop:
    """The raw loop, a process for each climb."""

    who = "raw"

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign
        self._first = 0
        self._calls: dict[str, float] = {}
        self._journal = site.supervisor.instance.root / "raw"
        self._journal.mkdir(exist_ok=True)
        site.supervisor.identity.give(self._journal, 0o700)

    def start(self) -> "subprocess.Popen[str]":
        """Start the loop; it places nothing yet."""
        instance = self._site.supervisor.instance
        self._calls = {}
        process = subprocess.Popen(
            [sys.executable, str(RAW), *self._arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "AMI_SECRET": instance.ami_secret},
        )
        priority.in_real_time(priority.DIALER, process.pid)
        return process

    def _arguments(self) -> Iterable[str]:
        library = self._site.workspace.library
        given = {
            "port": self._site.supervisor.instance.ami_port,
            "user": AMI_USER,
            "endpoint": self._site.endpoint,
            "message": library.root / people.message_path(self._site, self._campaign),
            "confirmation": library.root / people.message_path(self._site, self._campaign),
            "journal": self._journal / "raw.journal",
            "first": self._first,
        }
        for name, value in given.items():
            yield from (f"--{name}", str(value))

    def step(self, process: "subprocess.Popen[str]", at: float, seconds: float) -> dict[str, Any]:
        """Have it hold a rate; what it says of it."""
        assert process.stdin is not None  # noqa: S101 - asked for in start
        assert process.stdout is not None  # noqa: S101
        print(at, seconds, file=process.stdin, flush=True)
        done: dict[str, Any] = json.loads(process.stdout.readline())
        self._calls.update(done["calls"])
        self._first += len(done["calls"])
        return done

    def finish(self, process: "subprocess.Popen[str]") -> None:
        """Let it end, once its calls have."""
        process.communicate()

    def climb(self, rates: list[float]) -> tuple[Spans, Used]:
        """See Climber."""
        process = self.start()
        meter = Meter({"raw": process.pid, **self._site.pids})
        self.step(process, rates[0], FLOW_S)
        done = [self.step(process, at, STEP_S) for at in rates]
        time.sleep(people.MESSAGE_S + 5.0)  # the last calls: what they take counts
        used = meter.read()
        self.finish(process)
        return [(one["rate"], one["begun"], one["ended"]) for one in done], used

    def sent(self) -> dict[str, float]:
        """As the loop says."""
        return self._calls


class Engine:
    """The dialer, started for each climb."""

    who = "engine"

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign

    def climb(self, rates: list[float]) -> tuple[Spans, Used]:
        """See Climber."""
        self._at(rates[0])
        self._site.start_dialer()
        meter = Meter(self._site.pids)
        time.sleep(RAMP_S)
        spans = []
        for at in rates:
            begun = time.time()
            self._at(at)
            time.sleep(STEP_S)
            spans.append((at, begun, time.time()))
        people.act(self._site, self._campaign, Action.PAUSE)
        people.wait_for_silence(self._site, self._campaign)
        used = meter.read()
        self._site.end_dialer()
        people.act(self._site, self._campaign, Action.RESUME)
        return spans, used

    def sent(self) -> dict[str, float]:
        """As the engine recorded it."""
        with closing(sqlite3.connect(self._site.database)) as connection:
            rows = connection.execute(
                "SELECT number, sent_at FROM attempt WHERE sent_at IS NOT NULL"
            )
            return {number: at / 1000 for number, at in rows}

    def _at(self, at: float) -> None:
        people.limit(self._site, self._campaign, Limits(CHANNELS, at))
