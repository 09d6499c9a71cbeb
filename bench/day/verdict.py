"""What came of the day: our record held against the network's, and memory over time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.day.run import Day, Sample
from bench.figures import by_second, median, slope
from bench.report import tell
from cli.judge import Evidence, evidence
from rehearsal.checker import Verdict
from store import targets
from store.engine import reading

WARM_S = 60.0
"""Memory is looked at from so long after a dialer's start."""

A_FEW = 5
"""Samples of which the median is taken at either end."""

_KEPT_AT_ZERO = ("lost", "called_twice", "wrong_outcomes", "calls_after_optout", "uninvited")
ANSWERED_LEAST = 0.6
MOST_SECONDS = 75 * 60
MOST_GROWTH = 1.15
"""Of the dialer's memory from the beginning of its longest life to the end of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The figures, what they were made of, and the cases behind those that are wrong.

    Attributes:
        course: (minute, calls per second, dialer MB, Asterisk MB, calls up), each few minutes.
    """

    result: dict[str, Any]
    cases: dict[str, list[str]]
    outcomes: dict[str, int]
    course: list[tuple[float, ...]]
    starts: list[tuple[float, float]]
    samples: list[Sample]
    spent_on: dict[str, float]

    @property
    def broken(self) -> list[str]:
        """Promises that were not kept."""
        result = self.result
        found = [name for name in _KEPT_AT_ZERO if result[name]]
        found += [name for name in ("states_add_up", "stopped_and_resumed") if not result[name]]
        if result["optouts_in_force"] < result["optouts_pressed"]:
            found.append("optouts_in_force")
        if result["answered_share"] < ANSWERED_LEAST:
            found.append("answered_share")
        if result["seconds"] > MOST_SECONDS:
            found.append("seconds")
        if result["rss_last_mb"] > result["rss_first_mb"] * MOST_GROWTH:
            found.append("rss_last_mb")
        return found

    def detail(self) -> dict[str, Any]:
        """All of it, to be kept."""
        return {
            "result": self.result,
            "outcomes": self.outcomes,
            "spent_on": self.spent_on,
            "starts": self.starts,
            "memory": [
                (one.at, one.segment, one.dialer_mb, one.dialer_anon_mb, one.pbx_mb)
                for one in self.samples
            ],
        }


def judge(day: Day) -> Finding:
    """Compare both records."""
    tell("comparing our record with the network's")
    with day.timed("verdict"):
        seen = evidence(day.site.workspace, day.site.controller, day.campaign, day.site.ledger)
        verdict = seen.verdict()
        adds_up = _adds_up(day)
    cases = {
        "lost": verdict.lost,
        "called_twice": verdict.called_twice,
        "wrong_outcomes": [str(one) for one in verdict.mismatches],
        "calls_after_optout": verdict.calls_after_optout,
        "uninvited": verdict.uninvited,
        "in_doubt": verdict.in_doubt,
    }
    samples = day.samples()
    starts = by_second([call.invite_at for call in seen.calls], every=10)
    return Finding(
        result=_result(day, seen, verdict, samples, adds_up=adds_up),
        cases=cases,
        outcomes=dict(Counter(str(one.outcome) for one in seen.attempts).most_common()),
        course=_course(samples, starts, seen),
        starts=starts,
        samples=samples,
        spent_on=day.state.spent_on,
    )


def _result(
    day: Day, seen: Evidence, verdict: Verdict, samples: Sequence[Sample], *, adds_up: bool
) -> dict[str, Any]:
    calls = len(seen.calls)
    answered = sum(call.answer_at is not None for call in seen.calls)
    first, last = _memory(samples)
    return {
        "targets": len(seen.targets),
        "calls": calls,
        "seconds": round(day.state.seconds, 1),
        "lost": len(verdict.lost),
        "called_twice": len(verdict.called_twice),
        "states_add_up": adds_up,
        "answered_share": answered / calls if calls else 0.0,
        "optouts_pressed": len(verdict.optouts_sent),
        "optouts_in_force": len(verdict.optouts_recorded),
        "calls_after_optout": len(verdict.calls_after_optout),
        "wrong_outcomes": len(verdict.mismatches),
        "uninvited": len(verdict.uninvited),
        "in_doubt": len(verdict.in_doubt),
        "peak_channels": verdict.peak_channels,
        "peak_cps": verdict.peak_cps,
        "limit_cps": verdict.limit_cps,
        "rss_first_mb": first,
        "rss_last_mb": last,
        "rss_growth_mb_per_hour": _growth(samples, lambda one: one.dialer_mb),
        "pbx_growth_mb_per_hour": _growth(samples, lambda one: one.pbx_mb),
        "dialer_killed": day.state.killed,
        "stopped_and_resumed": day.state.stopped,
        "interruptions": day.state.interruptions,
    }


def _adds_up(day: Day) -> bool:
    """The counts that are shown, the rows themselves and the list say the same."""
    shown = {name: many for name, many in day.progress.states.items() if many}
    with reading(day.site.workspace.engine) as connection:
        rows = targets.counted(connection, day.campaign)
    return shown == rows and sum(rows.values()) == day.state.order.targets


def _longest_life(samples: Sequence[Sample]) -> list[Sample]:
    """Of the dialer that lived longest, once it is warm."""
    lives: dict[int, list[Sample]] = {}
    for one in samples:
        lives.setdefault(one.segment, []).append(one)
    longest = max(lives.values(), key=len, default=[])
    warm = [one for one in longest if one.at >= longest[0].at + WARM_S]
    return warm or longest


def _memory(samples: Sequence[Sample]) -> tuple[float, float]:
    of_life = [one.dialer_mb for one in _longest_life(samples)]
    return median(of_life[:A_FEW]), median(of_life[-A_FEW:])


def _growth(samples: Sequence[Sample], what: Any) -> float:
    return slope([(one.at / 3600, what(one)) for one in _longest_life(samples)])


def _course(
    samples: Sequence[Sample], starts: Sequence[tuple[float, float]], seen: Evidence
) -> list[tuple[float, ...]]:
    """About twenty lines over the whole of it."""
    begun = min((call.invite_at for call in seen.calls), default=0.0)
    rates = dict(starts)
    every = max(1, len(samples) // 20)
    return [
        (
            round((one.at - begun) / 60, 1),
            rates.get(int((one.at - begun) // 10) * 10, 0.0),
            one.dialer_mb,
            one.pbx_mb,
            one.channels,
        )
        for one in samples[::every]
    ]
