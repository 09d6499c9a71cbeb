"""`make bench-paris`: a message of 30 s, 18 calls started a second, for half an hour.

An evening of the `paris` population, of whom 60 % answer. What is counted is what the far side saw.
The last line is one JSON object; the exit code is 1 where a promise was broken.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import people
from bench.figures import Span, by_second, most_in_a_second, percentile, rate, within
from bench.installation import DRAIN_S, Installation, Plan, end_in_order, installed
from bench.meter import Meter, Used, rss_mb
from bench.report import finish, note, save, table, tell
from campaigns.campaign import Limits
from campaigns.states import Action
from cli.judge import Evidence, evidence
from rehearsal.checker import Verdict
from rehearsal.ledger import LedgerCall

MESSAGE_S = 30.0
RATE = 18
CHANNELS = 700
SETTLED_S = 5.0
LOOK_S = 30.0

FIRST_SAMPLE_MS = 300.0
LEAST_USED = 0.95
MOST_OVER = 0.01

_KEPT_AT_ZERO = ("lost", "called_twice", "wrong_outcomes", "lost_optouts", "uninvited")


@dataclass(frozen=True, slots=True)
class Evening:
    """One run.

    Attributes:
        seen: both records.
        span: when the rate counts.
        used: CPU over it.
        memory: (minute, dialer MB, Asterisk MB).
    """

    seen: Evidence
    span: Span
    used: Used
    memory: list[tuple[float, float, float]]

    def result(self, verdict: Verdict) -> dict[str, Any]:
        """The keys of the last line."""
        calls = self.seen.calls
        starts = within((call.invite_at for call in calls), self.span)
        most = most_in_a_second(starts)
        waits = [wait * 1000 for wait in first_samples(calls)]
        return {
            "minutes": (self.span[1] - self.span[0]) / 60,
            "calls": len(calls),
            "answered_share": sum(c.answer_at is not None for c in calls) / len(calls),
            "limit_cps": RATE,
            "peak_cps": most,
            "cps_overshoot_share": max(0, most - RATE) / RATE,
            "cps_use": rate(starts, self.span) / RATE,
            "limit_channels": CHANNELS,
            "peak_channels": verdict.peak_channels,
            "first_sample_p50_ms": percentile(waits, 0.5),
            "first_sample_p99_ms": percentile(waits, 0.99),
            "without_sample": sum(map(math.isinf, waits)),
            "lost": len(verdict.lost),
            "called_twice": len(verdict.called_twice),
            "wrong_outcomes": len(verdict.mismatches),
            "optouts_pressed": len(verdict.optouts_sent),
            "lost_optouts": len(verdict.lost_optouts),
            "uninvited": len(verdict.uninvited),
            "asterisk_cores": self.used.cores("asterisk"),
            "dialer_cores": self.used.cores("dialer"),
            "network_cores": self.used.cores("network"),
            "idle_share": self.used.idle_share,
        }

    def detail(self) -> dict[str, Any]:
        """What the plots are drawn from."""
        waits = sorted(wait * 1000 for wait in first_samples(self.seen.calls))
        finite = [wait for wait in waits if math.isfinite(wait)]
        return {
            "starts": by_second([call.invite_at for call in self.seen.calls], every=10),
            "first_sample_ms": [percentile(finite, share / 100) for share in range(1, 101)],
            "memory": self.memory,
        }


def first_samples(calls: Iterable[LedgerCall]) -> list[float]:
    """Seconds from each answer (the 200 OK leaving the phone) to the first packet of sound.

    A phone that hangs up sooner than anybody could have been heard is left out; one that stayed
    and heard nothing waited for ever.
    """
    waits = []
    for call in calls:
        if call.answer_at is None:
            continue
        stayed = (math.inf if call.ended_at is None else call.ended_at) - call.answer_at
        if call.rtp_first_at is not None:
            waits.append(call.rtp_first_at - call.answer_at)
        elif stayed * 1000 > FIRST_SAMPLE_MS:
            waits.append(math.inf)
    return waits


def broken(result: dict[str, Any]) -> list[str]:
    """Promises that were not kept."""
    found = [name for name in _KEPT_AT_ZERO if result[name]]
    if result["cps_overshoot_share"] > MOST_OVER:
        found.append("cps_overshoot_share")
    if result["peak_channels"] > result["limit_channels"] * (1 + MOST_OVER):
        found.append("peak_channels")
    if result["cps_use"] < LEAST_USED:
        found.append("cps_use")
    if not result["first_sample_p99_ms"] <= FIRST_SAMPLE_MS:
        found.append("first_sample_p99_ms")
    return found


def main(argv: list[str] | None = None) -> int:
    """Run; the exit code."""
    given = _arguments(argv)
    end_in_order()
    with installed(Plan(CHANNELS, RATE, "paris")) as site:
        evening = _evening(site, given.minutes * 60)
    verdict = evening.seen.verdict()
    result = evening.result(verdict)
    _show(result, evening, verdict)
    if given.save:
        save(given.save, "paris", {"result": result, **evening.detail()})
    finish(result)
    return 1 if broken(result) else 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.paris", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--save", type=Path, help="directory to keep the result in")
    return parser.parse_args(argv)


def _evening(site: Installation, seconds: float) -> Evening:
    enough = int(RATE * (seconds + 120))
    campaign = people.campaign(site, enough, Limits(CHANNELS, RATE), seconds=MESSAGE_S)
    people.start(site, campaign)
    site.start_dialer()
    time.sleep(SETTLED_S)
    meter, begun = Meter(site.pids), time.time()
    memory = list(_memory(site, seconds))
    span, used = (begun, time.time()), meter.read()
    tell("letting the calls end")
    people.act(site, campaign, Action.DRAIN)
    _wait_for_the_end(site, campaign)
    site.end_dialer()
    site.end_network()
    seen = evidence(site.workspace, site.controller, campaign, site.ledger)
    return Evening(seen, span, used, memory)


def _wait_for_the_end(site: Installation, campaign: int) -> None:
    """Wait until the last call has ended and those who were not called are cancelled."""
    give_up = time.monotonic() + DRAIN_S
    while people.progress(site, campaign).state not in {"finished", "stopped"}:
        site.check()
        if time.monotonic() > give_up:
            raise TimeoutError("The campaign does not come to its end.")
        time.sleep(0.5)


def _memory(site: Installation, seconds: float) -> Iterable[tuple[float, float, float]]:
    """Look at the memory now and then, for so long: (minute, dialer MB, Asterisk MB)."""
    begun = time.monotonic()
    while (left := begun + seconds - time.monotonic()) > 0:
        site.check()
        pids = site.pids
        minute = (time.monotonic() - begun) / 60
        found = (round(minute, 2), rss_mb(pids["dialer"]), rss_mb(pids["asterisk"]))
        tell(f"dialer {found[1]} MB, Asterisk {found[2]} MB")
        yield found
        time.sleep(min(LOOK_S, left))


def _show(result: dict[str, Any], evening: Evening, verdict: Verdict) -> None:
    missed = broken(result)
    rows = [(name, value, "no" if name in missed else "") for name, value in result.items()]
    table("An evening in Paris", ("what", "value", "kept"), rows)
    table("Memory in MB", ("minute", "dialer", "Asterisk"), evening.memory)
    for fault in verdict.faults:
        note(fault)


if __name__ == "__main__":
    sys.exit(main())
