"""`python -m bench.plots DIRECTORY`: draw what is kept there (`--save`) as SVG, beside the JSON.

docs/benchmarks.md shows the plots. Each title says what was found, series are named at their end,
and a goal is a dashed line.
"""

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.chart import Chart, Series


def ceilings(kept: dict[str, Any]) -> Chart:
    """Each round's ceiling, of the engine and of the raw loop."""
    rounds = kept["ceiling"]
    series = [
        Series(label, [(n + 1, one["ceiling"]) for n, one in enumerate(_of(rounds, who))], tone)
        for who, label, tone in (("raw", "raw loop", 1), ("engine", "engine", 0))
    ]
    share = kept["result"]["engine_over_raw"]
    return Chart(
        f"The engine reaches {share:.0%} of what Asterisk takes from a raw loop",
        "round",
        "calls per second",
        series,
        dots=True,
    )


def delays(kept: dict[str, Any]) -> Chart:
    """How late calls begin, by the rate that is offered."""
    rounds = kept["ceiling"]
    series = [
        Series(label, _median_delays(_of(rounds, who)), tone)
        for who, label, tone in (("raw", "raw loop", 1), ("engine", "engine", 0))
    ]
    return Chart(
        "Beyond the ceiling, what is ordered waits",
        "calls per second offered",
        "ms from the order to the INVITE, 99 of 100",
        series,
        goal=250.0,
    )


def _of(rounds: Sequence[dict[str, Any]], who: str) -> list[dict[str, Any]]:
    return [one for one in rounds if one["who"] == who]


def _median_delays(rounds: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    """By offered rate, in steps of five calls per second: ladders stand a little apart."""
    by_rate: dict[int, list[float]] = {}
    for one in rounds:
        for offered, _, _, p99, _ in one["steps"]:
            by_rate.setdefault(round(offered / 5) * 5, []).append(min(p99, 1.0) * 1000)
    return [(rate, statistics.median(found)) for rate, found in sorted(by_rate.items())]


def claims(kept: dict[str, Any]) -> Chart:
    """What a claim of 50 takes, by the number of targets."""
    by_size = kept["result"]["claim_p99_ms"]
    points = [(float(size), ms) for size, ms in by_size.items()]
    medians = [(float(one["targets"]), _median(one["claim_ms"])) for one in kept["claims"]]
    worst = max(by_size.values())
    return Chart(
        f"99 of 100 claims take {worst:.1f} ms or less at any size",
        "targets in the database",
        "ms for a batch of 50, committed",
        [Series("99 of 100", points, 0), Series("median", medians, 1)],
        goal=10.0,
        log=True,
    )


def memory(kept: dict[str, Any]) -> Chart:
    """What the dialer holds, by the number of targets."""
    points = [(float(size), mb) for size, mb in kept["result"]["dialer_rss_mb"].items()]
    anon = [(float(one["targets"]), one["anon_mb"]) for one in kept["claims"]]
    return Chart(
        f"The dialer holds {max(mb for _, mb in points):.0f} MB at most",
        "targets in the database",
        "MB resident",
        [Series("all", points, 0), Series("without mapped files", anon, 1)],
        goal=300.0,
        log=True,
    )


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def day_rate(kept: dict[str, Any]) -> Chart:
    """Calls started over the day."""
    result = kept["result"]
    minutes = result["seconds"] / 60
    points = [(at / 60, rate) for at, rate in _thinned(kept["starts"])]
    return Chart(
        f"{result['calls']:,} calls in {minutes:.0f} minutes, killed and stopped on the way",
        "minutes",
        "calls started per second",
        [Series("calls/s", points, 0)],
    )


def day_memory(kept: dict[str, Any]) -> Chart:
    """Memory over the day."""
    first = kept["memory"][0][0]
    series = [
        Series(name, [((row[0] - first) / 60, row[column]) for row in kept["memory"]], tone)
        for name, column, tone in (("dialer", 2, 0), ("Asterisk", 4, 1))
    ]
    return Chart("Memory over the day", "minutes", "MB resident", series)


def _thinned(points: Sequence[tuple[float, float]], most: int = 400) -> list[tuple[float, float]]:
    every = max(1, len(points) // most)
    return [(x, y) for x, y in points[::every]]


def first_samples(kept: dict[str, Any]) -> Chart:
    """How soon the message is heard after the answer."""
    points = [(float(n + 1), ms) for n, ms in enumerate(kept["first_sample_ms"])]
    p99 = kept["result"]["first_sample_p99_ms"]
    return Chart(
        f"99 of 100 people hear the message {p99:.0f} ms after they answer, or sooner",
        "% of answered calls",
        "ms from the answer to the first sample",
        [Series("", points, 0)],
        goal=300.0,
    )


DRAWN: dict[str, dict[str, Callable[[dict[str, Any]], Chart]]] = {
    "bench": {
        "ceilings": ceilings,
        "delays": delays,
        "claims": claims,
        "memory": memory,
    },
    "day": {"day-rate": day_rate, "day-memory": day_memory},
    "paris": {"first-samples": first_samples},
}


def draw(directory: Path) -> list[Path]:
    """Draw everything that is kept in a directory; the files made."""
    made = []
    for source, plots in DRAWN.items():
        file = directory / f"{source}.json"
        if not file.exists():
            continue
        kept = json.loads(file.read_text())
        for name, plot in plots.items():
            target = directory / f"{name}.svg"
            target.write_text(plot(kept).svg())
            made.append(target)
    return made


if __name__ == "__main__":
    for path in draw(Path(sys.argv[1])):
        print(path)
