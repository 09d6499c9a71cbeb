"""`make bench-api`: the API asked by many while the dialer calls, and what either costs the other.

Calls begin at a fixed rate from a campaign of a million people. In turns nobody asks, and then
many: requests for its progress at fixed instants, and event streams that are really read. What the
dialer reaches is what the far side saw. The last line is one JSON object; the exit code is 1 where
a figure misses its goal.
"""

import argparse
import math
import os
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench import people
from bench.climbers import CHANNELS
from bench.figures import Span, percentile, within
from bench.installation import Installation, Plan, end_in_order, installed
from bench.meter import Meter, Used, rss_mb
from bench.report import finish, note, save, table, tell
from bench.service import Client, Service, serving
from campaigns.campaign import Limits
from rehearsal.ledger import read

TARGETS, RATE = 1_000_000, 100.0
REQUESTS, STREAMS = 200.0, 500
SECONDS, ROUNDS = 30.0, 2

WARM_S = 10.0
"""By then calls begin at the full rate (docs/pacing.md)."""

SETTLED_S = 4.0
"""From when clients begin or end until it counts."""

WITHOUT, WITH = "without", "with"

PROGRESS_P99_MS = 25.0
LEAST_RATE = 0.99
LEAST_ANSWERED = 0.99
"""Of the requests that were wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much is asked.

    Attributes:
        rate: calls started per second.
        requests: for progress, per second.
        seconds: that count, of each turn.
        rounds: pairs of turns, without and with clients.
    """

    targets: int
    rate: float
    requests: float
    streams: int
    seconds: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Some seconds of calls.

    Attributes:
        who: `without` clients or `with` them.
        span: that counts.
        used: CPU in it, the clients' and the API's too.
        memory: MB at its end, by process.
        asking, watching: what the clients found; empty without them.
    """

    who: str
    span: Span
    used: Used
    memory: dict[str, float]
    asking: dict[str, Any] = field(default_factory=dict)
    watching: dict[str, Any] = field(default_factory=dict)


def result(turns: list[Turn], starts: list[float]) -> dict[str, Any]:
    """The keys of the last line.

    Args:
        turns: of both kinds.
        starts: when each call began, in epoch seconds.
    """
    loaded = [one for one in turns if one.who == WITH]
    waits = [wait for one in loaded for wait in one.asking["latencies_ms"]]
    rates = {who: _rate(turns, starts, who) for who in (WITHOUT, WITH)}
    return {
        "progress_p50_ms": percentile(waits, 0.5),
        "progress_p99_ms": percentile(waits, 0.99),
        "progress_worst_ms": max(waits, default=math.nan),
        "requests_per_second": len(waits) / sum(map(_length, loaded)),
        "requests_failed": sum(one.asking["failed"] for one in loaded),
        "streams": min(one.watching["streams"] for one in loaded),
        "stream_events_least": min(one.watching["events_least"] for one in loaded),
        "stream_gap_s": max(one.watching["gap_s"] for one in loaded),
        "rate_without": rates[WITHOUT],
        "rate_with": rates[WITH],
        "rate_with_over_without": rates[WITH] / rates[WITHOUT],
        "client_late_p99_ms": max(one.asking["late_p99_ms"] for one in loaded),
    }


def _length(turn: Turn) -> float:
    return turn.span[1] - turn.span[0]


def _rate(turns: list[Turn], starts: list[float], who: str) -> float:
    """Calls started per second, over all turns of a kind."""
    of_kind = [one for one in turns if one.who == who]
    begun = sum(len(within(starts, one.span)) for one in of_kind)
    return begun / sum(map(_length, of_kind))


def broken(found: dict[str, Any], wanted: Wanted) -> list[str]:
    """Figures that miss their goal."""
    least = {
        "rate_with_over_without": LEAST_RATE,
        "streams": wanted.streams,
        "requests_per_second": wanted.requests * LEAST_ANSWERED,
    }
    missed = [name for name, goal in least.items() if not found[name] >= goal]
    if not found["progress_p99_ms"] < PROGRESS_P99_MS:
        missed.append("progress_p99_ms")
    if found["requests_failed"]:
        missed.append("requests_failed")
    return missed


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    wanted, kept_in = _arguments(argv)
    end_in_order()
    note(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} before")
    with installed(Plan(CHANNELS, 1000, people.DAY)) as site:
        turns, starts = _turns(site, wanted)
    found = result(turns, starts)
    missed = broken(found, wanted)
    _show(found, turns, starts, missed)
    if kept_in:
        save(kept_in, "api", {"result": found, "wanted": asdict(wanted), **_detail(turns)})
    finish(found)
    return 1 if missed else 0


def _arguments(argv: list[str] | None) -> tuple[Wanted, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--targets", type=int, default=TARGETS)
    parser.add_argument("--rate", type=float, default=RATE, help="calls per second (100)")
    parser.add_argument("--requests", type=float, default=REQUESTS, help="per second (200)")
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each turn (30)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of turns (2)")
    parser.add_argument("--quick", action="store_true", help="short, few targets: a look")
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    given = vars(parser.parse_args(argv))
    kept_in, quick = given.pop("save"), given.pop("quick")
    wanted = Wanted(**given)
    return replace(wanted, targets=20_000, seconds=10.0, rounds=1) if quick else wanted, kept_in


def _turns(site: Installation, wanted: Wanted) -> tuple[list[Turn], list[float]]:
    """Each turn, and when every call began."""
    tell(f"filling in {wanted.targets:,} targets")
    campaign = people.campaign(site, wanted.targets, Limits(CHANNELS, wanted.rate))
    people.start(site, campaign)
    with serving(site, per_minute=int(wanted.requests * 120)) as service:
        site.start_dialer()
        time.sleep(WARM_S)
        asked = Asked(site, service, f"{service.url}/api/v1/campaigns/{campaign}/progress", wanted)
        turns = [turn() for _ in range(wanted.rounds) for turn in (asked.by_nobody, asked.by_many)]
    site.end_dialer()
    site.end_network()
    return turns, [call.invite_at for call in read(site.ledger)]


class Asked:
    """The API of an installation that calls, in turns asked by nobody and by many."""

    def __init__(self, site: Installation, service: Service, url: str, wanted: Wanted) -> None:
        self._site = site
        self._service = service
        self._url = url
        self._wanted = wanted

    def by_nobody(self) -> Turn:
        """Calls alone."""
        tell(f"{self._wanted.rate:.0f} calls/s, nobody asks")
        return self._turn([])

    def by_many(self) -> Turn:
        """The same with requests and streams."""
        tell(f"{self._wanted.requests:.0f} requests/s and {self._wanted.streams} streams beside")
        key = self._service.key
        streams, requests = str(self._wanted.streams), str(self._wanted.requests)
        with (
            closing(Client("bench.watching", f"{self._url}/stream", streams, key=key)) as watching,
            closing(Client("bench.asking", self._url, requests, key=key)) as asking,
        ):
            return self._turn([asking, watching])

    def _turn(self, clients: list[Client]) -> Turn:
        for client in clients:
            client.wait()
        begun = time.time() + SETTLED_S
        span = begun, begun + self._wanted.seconds
        for client in clients:
            client.tell(span)
        _sleep_until(span[0])
        pids = {
            **self._site.pids,
            "api": self._service.pid,
            **{one.module.rpartition(".")[2]: one.pid for one in clients},
        }
        meter = Meter(pids)
        _sleep_until(span[1])
        used, memory = meter.read(), {name: rss_mb(pid) for name, pid in pids.items()}
        self._site.check()
        self._service.check()
        return Turn(
            WITH if clients else WITHOUT, span, used, memory, *(one.result() for one in clients)
        )


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def _detail(turns: list[Turn]) -> dict[str, Any]:
    """Everything that is kept."""
    return {"turns": [asdict(one) for one in turns]}


def _show(found: dict[str, Any], turns: list[Turn], starts: list[float], missed: list[str]) -> None:
    rows = [(name, value, "missed" if name in missed else "") for name, value in found.items()]
    table("The API beside the calls", ("figure", "value", ""), rows)
    table(
        "Cores kept busy, and memory of the API in MB",
        ("turn", "calls/s", *_PROCESSES, "idle share", "API MB"),
        [
            (
                one.who,
                _rate([one], starts, one.who),
                *(one.used.cores(name) for name in _PROCESSES),
                one.used.idle_share,
                one.memory["api"],
            )
            for one in turns
        ],
    )


_PROCESSES = ("dialer", "asterisk", "network", "api", "asking", "watching")


if __name__ == "__main__":
    sys.exit(main())
