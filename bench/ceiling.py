"""The engine against the raw loop: the same ladder of rates, on the same Asterisk, in turns."""

import json
import math
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import people
from bench.figures import median, percentile, rate
from bench.installation import PATIENCE_S, Installation
from bench.ladder import Step, around, ceiling, finite, shifted
from bench.meter import Meter, Used
from bench.report import note, table, tell
from campaigns.campaign import Limits
from campaigns.states import Action
from dialer.instance.configure import AMI_USER
from operations import launch
from rehearsal.ledger import read

RAW = Path(__file__).with_name("raw.py")
CHANNELS = 2000
WARM_S, STEP_S, MEASURED_S = 7.0, 8.0, 5.0
FIRST_RATE, SEARCH_FACTOR = 50.0, 1.15
GIVES_UP_S = 0.2
"""The search for the ladder's place ends where the raw loop's own delays pass this."""

Spans = list[tuple[float, float, float]]
"""(rate, begun, ended) of each step, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Round:
    """One climb of one of both.

    Attributes:
        who: `raw` or `engine`.
        used: CPU of every process over the whole climb.
        calls: placed in it.
    """

    who: str
    steps: list[Step]
    used: Used
    calls: int

    @property
    def ceiling(self) -> float:
        """Calls per second."""
        return ceiling(self.steps)

    def ms_per_call(self, name: str) -> float:
        """CPU of a process for each call."""
        return self.used.cpu_s.get(name, 0.0) * 1000 / self.calls if self.calls else 0.0


@dataclass(slots=True)
class Ceilings:
    """Every round, and what comes of them."""

    rounds: list[Round] = field(default_factory=list)

    def of(self, who: str) -> list[Round]:
        """The rounds of one."""
        return [one for one in self.rounds if one.who == who]

    def result(self) -> dict[str, Any]:
        """The keys of `make bench`."""
        pairs = zip(self.of("engine"), self.of("raw"), strict=True)
        shares = [
            one.used.cpu_s["dialer"] / one.used.cpu_s["asterisk"] for one in self.of("engine")
        ]
        return {
            "engine_over_raw": median(
                engine.ceiling / raw.ceiling if raw.ceiling else math.nan for engine, raw in pairs
            ),
            "dialer_cpu_over_asterisk": median(shares),
            "engine_ceiling": median(one.ceiling for one in self.of("engine")),
            "raw_ceiling": median(one.ceiling for one in self.of("raw")),
        }

    def detail(self) -> list[dict[str, Any]]:
        """Everything, to be drawn."""
        return [
            {
                "who": one.who,
                "ceiling": one.ceiling,
                "steps": [
                    [s.offered, s.achieved, finite(s.delay_p50_s), finite(s.delay_p99_s), s.holds]
                    for s in one.steps
                ],
                "ms_per_call": {name: one.ms_per_call(name) for name in one.used.cpu_s},
                "idle_share": one.used.idle_share,
            }
            for one in self.rounds
        ]

    def show(self) -> None:
        """Print them."""
        table(
            "Ceilings (calls per second), and CPU in ms for each call",
            ("round", "who", "ceiling", "itself", "Asterisk", "network", "idle share"),
            [_row(index // 2 + 1, one) for index, one in enumerate(self.rounds)],
        )
        result = self.result()
        note(
            f"engine over raw {result['engine_over_raw']:.3f}, dialer's CPU over Asterisk's "
            f"{result['dialer_cpu_over_asterisk']:.3f} (medians)"
        )


def _row(number: int, one: Round) -> tuple[object, ...]:
    itself = one.ms_per_call("dialer" if one.who == "engine" else "raw")
    others = (one.ms_per_call(name) for name in ("asterisk", "network"))
    return (number, one.who, one.ceiling, itself, *others, one.used.idle_share)


def ceilings(site: Installation, campaign: int, rounds: int) -> Ceilings:
    """Climb in turns. The site has no dialer; the campaign runs and has people left."""
    found = Ceilings()
    raw = _Raw(site, campaign)
    centre = _search(raw)
    tell(f"the ladder stands at about {centre:.0f} calls/s")
    for number in range(rounds):
        climb = around(centre)
        found.rounds.append(_round("raw", site, raw.climb, raw.sent, climb))
        found.rounds.append(
            _round("engine", site, _Engine(site, campaign).climb, lambda: _sent(site), climb)
        )
        of_raw, of_engine = found.rounds[-2:]
        tell(f"round {number + 1}: raw {of_raw.ceiling:.1f}, engine {of_engine.ceiling:.1f}")
        centre = shifted(centre, of_raw.steps)
    return found


def _search(raw: "_Raw") -> float:
    """About where the raw loop's ceiling is."""
    process = raw.start()
    at = FIRST_RATE
    while raw.step(process, at, STEP_S)["delay_p99_ms"] < GIVES_UP_S * 1000 and at < 1000:
        at *= SEARCH_FACTOR
    raw.finish(process)
    return at / SEARCH_FACTOR


def _round(
    who: str,
    site: Installation,
    climb: Callable[[list[float]], tuple[Spans, Used]],
    sent: Callable[[], dict[str, float]],
    rates: list[float],
) -> Round:
    start = wait_for_quiet(site)
    spans, used = climb(rates)
    begun = {call.number: call.invite_at for call in read(site.ledger, start)}
    ordered = sent()
    steps = [_step(span, ordered, begun) for span in spans]
    return Round(who, steps, used, len(begun))


def wait_for_quiet(site: Installation) -> int:
    """Wait until no call is up; where the ledger ends then, in bytes.

    Raises:
        TimeoutError: calls stay up.
    """
    give_up = time.monotonic() + PATIENCE_S * 2
    while "0 active channels" not in site.supervisor.command("core show channels count"):
        if time.monotonic() > give_up:
            raise TimeoutError("Calls stay up although nobody places any.")
        time.sleep(0.5)
    time.sleep(1.0)  # the network writes down what it saw ten times a second
    return site.ledger.stat().st_size


def _step(
    span: tuple[float, float, float], ordered: dict[str, float], begun: dict[str, float]
) -> Step:
    offered, _, ended = span
    looked_at = (ended - MEASURED_S, ended)
    delays = [
        begun.get(number, math.inf) - at
        for number, at in ordered.items()
        if looked_at[0] <= at < looked_at[1]
    ]
    achieved = rate(begun.values(), looked_at)
    return Step(offered, achieved, percentile(delays, 0.5), percentile(delays, 0.99))


class _Raw:
    """The raw loop, a process for each climb."""

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign
        self._first = 0
        self._calls: dict[str, float] = {}
        self._journal = site.supervisor.instance.root / "raw"
        self._journal.mkdir(exist_ok=True)
        site.supervisor.identity.give(self._journal, 0o700)

    def start(self) -> "subprocess.Popen[str]":
        instance = self._site.supervisor.instance
        self._calls = {}
        return subprocess.Popen(
            [sys.executable, str(RAW), *self._arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "AMI_SECRET": instance.ami_secret},
        )

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
        assert process.stdin is not None  # noqa: S101 - asked for in start
        assert process.stdout is not None  # noqa: S101
        print(at, seconds, file=process.stdin, flush=True)
        done: dict[str, Any] = json.loads(process.stdout.readline())
        self._calls.update(done["calls"])
        self._first += len(done["calls"])
        return done

    def finish(self, process: "subprocess.Popen[str]") -> None:
        process.communicate()

    def climb(self, rates: list[float]) -> tuple[Spans, Used]:
        process = self.start()
        meter = Meter({"raw": process.pid, **self._site.pids})
        self.step(process, rates[0], WARM_S)
        done = [self.step(process, at, STEP_S) for at in rates]
        time.sleep(people.MESSAGE_S + 5.0)  # the last calls: what they take counts
        used = meter.read()
        self.finish(process)
        return [(one["rate"], one["begun"], one["ended"]) for one in done], used

    def sent(self) -> dict[str, float]:
        return self._calls


class _Engine:
    """The dialer, started for each climb."""

    def __init__(self, site: Installation, campaign: int) -> None:
        self._site = site
        self._campaign = campaign

    def climb(self, rates: list[float]) -> tuple[Spans, Used]:
        self._at(rates[0])
        self._site.start_dialer()
        meter = Meter(self._site.pids)
        time.sleep(WARM_S)
        spans = []
        for at in rates:
            begun = time.time()
            self._at(at)
            time.sleep(STEP_S)
            spans.append((at, begun, time.time()))
        act(self._site, self._campaign, Action.PAUSE)
        wait_for_silence(self._site, self._campaign)
        used = meter.read()
        self._site.end_dialer()
        act(self._site, self._campaign, Action.RESUME)
        return spans, used

    def _at(self, at: float) -> None:
        people.limit(self._site, self._campaign, Limits(CHANNELS, at))


def act(site: Installation, campaign: int, action: Action) -> None:
    """Pause, resume, drain."""
    launch.act(site.workspace, site.controller, campaign, action, people.BY)


def wait_for_silence(site: Installation, campaign: int) -> None:
    """Wait until the dialer has closed every call.

    Raises:
        TimeoutError: it does not.
    """
    give_up = time.monotonic() + PATIENCE_S * 2
    time.sleep(1.5)
    while people.progress(site, campaign).states.get("calling", 0):
        site.check()
        if time.monotonic() > give_up:
            raise TimeoutError("Calls stay open although the campaign is paused.")
        time.sleep(0.3)


def _sent(site: Installation) -> dict[str, float]:
    """When each order left, as the engine recorded it."""
    with closing(sqlite3.connect(site.database)) as connection:
        rows = connection.execute("SELECT number, sent_at FROM attempt WHERE sent_at IS NOT NULL")
        return {number: at / 1000 for number, at in rows}
