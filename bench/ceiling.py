"""The engine against the raw loop: the same ladder of rates, on the same Asterisk, in turns."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.climbers import STEP_S, Climber, Engine, RawLoop
from bench.figures import median, percentile, rate
from bench.installation import PATIENCE_S, Installation
from bench.ladder import Step, around, ceiling, finite, shifted
from bench.meter import Used
from bench.report import note, table, tell
from rehearsal.ledger import LedgerCall, read

MEASURED_S = 5.0
FIRST_RATE, SEARCH_FACTOR = 80.0, 1.15
MOST_RATE = 1000.0
LADDERS = 4
"""How often a round is climbed at most: where no rate of the last one holds, its ceiling is 0."""

WRITTEN_S = 0.5
"""The network writes down what it saw ten times a second."""


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
        pairs = list(zip(self.of("engine"), self.of("raw"), strict=True))
        return {
            "engine_over_raw": median(engine.ceiling / raw.ceiling for engine, raw in pairs),
            "dialer_cpu_over_asterisk": median(
                one.used.cpu_s["dialer"] / one.used.cpu_s["asterisk"] for one in self.of("engine")
            ),
            "rounds": len(pairs),
            "engine_ceiling": median(engine.ceiling for engine, _ in pairs),
            "raw_ceiling": median(raw.ceiling for _, raw in pairs),
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
    raw = RawLoop(site, campaign)
    centre = _search(raw, site)
    tell(f"the ladder stands at about {centre:.0f} calls/s")
    engine = Engine(site, campaign)
    for number in range(rounds):
        pair: list[Climber] = [raw, engine] if number % 2 == 0 else [engine, raw]
        for one in pair:
            found.rounds.append(_until_held(one, site, centre))
        of_raw, of_engine = found.of("raw")[-1], found.of("engine")[-1]
        if not of_raw.ceiling:
            raise RuntimeError("The raw loop held no rate: the machine can measure nothing now.")
        tell(f"round {number + 1}: raw {of_raw.ceiling:.1f}, engine {of_engine.ceiling:.1f}")
        centre = shifted(centre, of_raw.steps)
    return found


def _search(raw: RawLoop, site: Installation) -> float:
    """About where the raw loop's ceiling is: the last rate that holds before one fails twice.

    Once may be another program; a ladder that stands too low finds no ceiling for rounds.
    """
    start = site.ledger.stat().st_size
    process = raw.start()
    at, failed = FIRST_RATE, False
    while at < MOST_RATE:
        done = raw.step(process, at, STEP_S)
        time.sleep(WRITTEN_S)
        span = (at, done["begun"], done["ended"])
        if _step(span, raw.sent(), read(site.ledger, start)).holds:
            at, failed = at * SEARCH_FACTOR, False
        elif failed:
            break
        else:
            failed = True
            wait_for_quiet(site)
    raw.finish(process)
    return at / SEARCH_FACTOR


def _until_held(one: Climber, site: Installation, centre: float) -> Round:
    """A round on a ladder about a rate, or on one further down where this one lies too high."""
    found = _round(one, site, around(centre))
    for _ in range(LADDERS - 1):
        if found.ceiling:
            break
        centre = shifted(centre, found.steps)
        found = _round(one, site, around(centre))
    return found


def _round(one: Climber, site: Installation, rates: list[float]) -> Round:
    start = wait_for_quiet(site)
    spans, used = one.climb(rates)
    calls = read(site.ledger, start)
    ordered = one.sent()
    steps = [_step(span, ordered, calls) for span in spans]
    return Round(one.who, steps, used, len(calls))


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
    time.sleep(WRITTEN_S)
    return site.ledger.stat().st_size


def _step(
    span: tuple[float, float, float], ordered: dict[str, float], calls: Sequence[LedgerCall]
) -> Step:
    """What the far side saw of a step: calls that began and, of these and earlier ones, ended."""
    offered, _, ended = span
    looked_at = (ended - MEASURED_S, ended)
    begun = {call.number: call.invite_at for call in calls}
    delays = [
        begun.get(number, math.inf) - at
        for number, at in ordered.items()
        if looked_at[0] <= at < looked_at[1]
    ]
    over = (call.ended_at for call in calls if call.ended_at is not None)
    return Step(
        offered,
        rate(begun.values(), looked_at),
        rate(over, looked_at),
        percentile(delays, 0.5),
        percentile(delays, 0.99),
    )
