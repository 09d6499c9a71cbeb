"""`make bench`: the engine against the raw loop, limits, refusals, claims and memory.

Real Asterisk, the simulated network with sound both ways, the real dialer process; what is counted
is what the far side saw. docs/benchmarks.md says how each figure is made. The last line is one JSON
object; the exit code is 1 where a figure misses its goal.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import claims, limits, people
from bench.ceiling import ceilings
from bench.climbers import CHANNELS
from bench.installation import Plan, end_in_order, installed
from bench.optouts import optouts
from bench.report import finish, note, save, table
from campaigns.campaign import Limits

ROUNDS = 5
GOALS: dict[str, tuple[str, float]] = {
    "engine_over_raw": ("at least", 0.9),
    "dialer_cpu_over_asterisk": ("at most", 0.2),
    "channel_overshoot": ("at most", 0),
    "channel_use": ("at least", 0.98),
    "cps_overshoot": ("at most", 0),
    "cps_use": ("at least", 0.98),
    "optout_p99_ms": ("at most", 250),
    "rate_while_importing": ("at least", 0.99),
    "claim_p99_ms": ("at most", 10),
    "dialer_rss_mb": ("at most", 300),
}

Found = tuple[dict[str, Any], dict[str, Any]]
"""Keys of the last line, and everything that is kept."""


def _ceiling(given: argparse.Namespace) -> Found:
    with installed(Plan(CHANNELS, 1000, people.LISTENS)) as site:
        campaign = people.campaign(site, 20_000 + 20_000 * given.rounds, Limits(CHANNELS, 1))
        people.start(site, campaign)
        found = ceilings(site, campaign, given.rounds)
    found.show()
    return found.result(), {"ceiling": found.detail()}


def _limits(given: argparse.Namespace) -> Found:
    seconds = 10.0 if given.quick else 30.0
    with installed(Plan(CHANNELS, 1000, people.LISTENS)) as site:
        campaign = people.campaign(site, 20_000, Limits(CHANNELS, 1))
        people.start(site, campaign)
        runs = limits.rates(site, campaign, seconds)
    runs.append(limits.channels(seconds))
    limits.show(runs)
    return limits.result(runs), {"limits": limits.detail(runs)}


def _optouts(given: argparse.Namespace) -> Found:
    found = optouts(given.optout_rate, 50_000 if given.quick else 1_000_000)
    found.show()
    return found.result(), {"optouts": found.detail()}


def _claim(given: argparse.Namespace) -> Found:
    sizes = claims.claims(given.sizes)
    claims.show(sizes)
    return claims.result(sizes), {"claims": claims.detail(sizes)}


PARTS: dict[str, Callable[[argparse.Namespace], Found]] = {
    "ceiling": _ceiling,
    "limits": _limits,
    "optouts": _optouts,
    "claim": _claim,
}


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    end_in_order()
    note(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} before")
    result: dict[str, Any] = {}
    detail: dict[str, Any] = {}
    for name in given.only or PARTS:
        keys, everything = PARTS[name](given)
        result |= keys
        detail |= everything
    missed = misses(result)
    _show(result, missed)
    if given.save:
        save(given.save, "bench", {"result": result, **detail})
    finish(result)
    return 1 if missed else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", choices=list(PARTS), action="append", help="one part; may come again"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: a look")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="climbs of each of both (5)")
    parser.add_argument("--optout-rate", type=float, default=100.0, help="calls per second (100)")
    parser.add_argument("--sizes", type=int, nargs="+", default=claims.SIZES, help="targets")
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    given = parser.parse_args(argv)
    if given.quick:
        given.rounds, given.sizes, given.optout_rate = 1, claims.SIZES[:1], 40.0
    return given


def misses(result: dict[str, Any]) -> list[str]:
    """Keys that miss their goal; of figures by size, the worst counts."""
    return [
        name
        for name, (way, goal) in GOALS.items()
        if name in result and not _meets(result[name], way, goal)
    ]


def _meets(value: Any, way: str, goal: float) -> bool:
    figures = list(value.values()) if isinstance(value, dict) else [value]
    return all(one <= goal if way == "at most" else one >= goal for one in figures)


def _show(result: dict[str, Any], missed: list[str]) -> None:
    rows = []
    for name, value in result.items():
        goal = " ".join(map(str, GOALS[name])) if name in GOALS else ""
        figures = value.items() if isinstance(value, dict) else [("", value)]
        rows += [
            (f"{name} {size}".strip(), one, goal, "missed" if name in missed else "")
            for size, one in figures
        ]
    table("What the benchmark found", ("figure", "value", "goal", ""), rows)


if __name__ == "__main__":
    sys.exit(main())
