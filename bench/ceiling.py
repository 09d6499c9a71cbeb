"""The engine against the raw loop: both climb on the same Asterisk, rung by rung in turns."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.climbers import Climber, Engine, Held, RawLoop
from bench.figures import median, percentile, rate
from bench.installation import PATIENCE_S, Installation
from bench.ladder import Ladder, Step, ceiling, finite
from bench.meter import Used
from bench.report import note, table, tell
from rehearsal.ledger import LedgerCall, read

FIRST_RATE, SEARCH_FACTOR = 100.0, 1.15
LEAST_RATE = 10.0
"""Where not even this holds, the machine can measure nothing."""

WRITTEN_S = 0.5
"""The network writes down what it saw ten times a second."""


@dataclass(slots=True)
class Round:
    """One climb of one of both.

    Attributes:
        who: `raw` or `engine`.
        used: by every process while each rate that holds was looked at.
        calls: that began meanwhile.
    """

    who: str
    ladder: Ladder
    used: list[Used] = field(default_factory=list)
    calls: float = 0

    @property
    def steps(self) -> list[Step]:
        """Every rate that was tried."""
        return self.ladder.steps

    @property
    def ceiling(self) -> float:
        """Calls per second."""
        return ceiling(self.steps)

    def took(self, step: Step, held: Held) -> None:
        """What came of a rate."""
        self.ladder.took(step)
        if step.holds:
            self.used.append(held.used)
            self.calls += step.achieved * (held.ended - held.begun)

    def cpu_s(self, name: str) -> float:
        """CPU of a process."""
        return sum(one.cpu_s.get(name, 0.0) for one in self.used)

    def ms_per_call(self, name: str) -> float:
        """CPU of a process for each call."""
        return self.cpu_s(name) * 1000 / self.calls if self.calls else 0.0

    @property
    def idle_share(self) -> float:
        """Of all cores."""
        return median(one.idle_share for one in self.used)


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
                one.cpu_s("dialer") / one.cpu_s("asterisk") for one in self.of("engine")
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
                "ms_per_call": {name: one.ms_per_call(name) for name in one.used[0].cpu_s},
                "idle_share": one.idle_share,
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
    return (number, one.who, one.ceiling, itself, *others, one.idle_share)


def ceilings(site: Installation, campaign: int, rounds: int) -> Ceilings:
    """Climb in turns. The site has no dialer; the campaign runs and has people left."""
    found = Ceilings()
    both: tuple[Climber, Climber] = (RawLoop(site, campaign), Engine(site, campaign))
    centre = _search(both[0], site)
    tell(f"the ladders begin at about {centre:.0f} calls/s")
    centres = {one.who: centre for one in both}
    for number in range(rounds):
        climbs = {one.who: Round(one.who, Ladder.below(centres[one.who])) for one in both}
        _climb(site, both if number % 2 == 0 else both[::-1], climbs)
        found.rounds += climbs.values()
        centres = {who: one.ceiling for who, one in climbs.items()}
        tell(f"round {number + 1}: raw {centres['raw']:.1f}, engine {centres['engine']:.1f}")
    return found


def _search(raw: Climber, site: Installation) -> float:
    """About where the raw loop's ceiling is."""
    ladder = Ladder(FIRST_RATE, SEARCH_FACTOR)
    while not ladder.over:
        _make_sure(ladder.rate)
        step, _ = _rung(site, raw, ladder.rate, None)
        ladder.took(step)
        raw.end()
        if not step.holds:
            wait_for_quiet(site)
    return ceiling(ladder.steps)


def _climb(site: Installation, both: Sequence[Climber], climbs: dict[str, Round]) -> None:
    """A rung of each in turn, until neither has one left."""
    before: Climber | None = None
    while left := [one for one in both if not climbs[one.who].ladder.over]:
        for one in left:
            climb = climbs[one.who]
            _make_sure(climb.ladder.rate)
            step, held = _rung(site, one, climb.ladder.rate, before)
            climb.took(step, held)
            before = _leave(site, one, step)
    if before is not None:
        before.end()


def _make_sure(at: float) -> None:
    if at < LEAST_RATE:
        raise RuntimeError("No rate holds: the machine can measure nothing now.")


def _rung(site: Installation, one: Climber, at: float, before: Climber | None) -> tuple[Step, Held]:
    """Hold a rate, from the moment at which the other one leaves."""
    start = site.ledger.stat().st_size
    one.begin(at)
    if before is not None:
        before.end()
    held = one.hold(at)
    one.leave()
    time.sleep(WRITTEN_S)
    return _step(held, one.sent(), read(site.ledger, start)), held


def _leave(site: Installation, one: Climber, step: Step) -> Climber | None:
    """Who is left to be ended; nobody, where what piled up had to be waited for."""
    if step.holds:
        return one
    one.end()
    wait_for_quiet(site)
    return None


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


def _step(held: Held, ordered: dict[str, float], calls: Sequence[LedgerCall]) -> Step:
    """What the far side saw meanwhile: calls that began and, of these and earlier ones, ended."""
    looked_at = (held.begun, held.ended)
    begun = {call.number: call.invite_at for call in calls}
    delays = [
        begun.get(number, math.inf) - at
        for number, at in ordered.items()
        if looked_at[0] <= at < looked_at[1]
    ]
    over = (call.ended_at for call in calls if call.ended_at is not None)
    achieved = min(rate(begun.values(), looked_at), rate(over, looked_at))
    return Step(held.rate, achieved, percentile(delays, 0.5), percentile(delays, 0.99))
