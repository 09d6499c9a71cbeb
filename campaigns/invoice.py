"""A carrier's invoice beside our own calls: what is missing on either side, and what differs. Pure.

A call on the invoice is ours where the number is the same and it began within `APART` of our
answer; of several, the nearest. Carriers' clocks and ours differ by seconds, and one person is not
called twice within so short a time.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

APART = timedelta(minutes=2)
"""How far the beginning of a call on an invoice may be from our answer."""

SLACK_S = 1
"""Seconds by which a duration may differ: each side rounds on its own."""


@dataclass(frozen=True, slots=True)
class Billed:
    """A call as one side has it.

    Attributes:
        number: E.164.
        start: when it was answered.
        seconds: how long it lasted.
        cost: micro-euros.
        line: where it stands in the invoice; 0 for a call of ours.
    """

    number: str
    start: datetime
    seconds: int
    cost: int
    line: int = 0


class Difference(StrEnum):
    """How the two sides differ on a call."""

    NOT_OURS = "not_ours"
    NOT_BILLED = "not_billed"
    DURATION = "duration"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference; of a call that is missing, only one side."""

    difference: Difference
    ours: Billed | None
    theirs: Billed | None

    @property
    def number(self) -> str:
        """E.164."""
        return self._known.number

    @property
    def start(self) -> datetime:
        """As the invoice has it, else as we do."""
        return self._known.start

    @property
    def _known(self) -> Billed:
        known = self.theirs or self.ours
        if known is None:
            raise ValueError("A finding has one side at least.")
        return known


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole of it; sums in micro-euros.

    Attributes:
        matched: calls that both sides have.
        findings: what differs, in the order of the invoice, then calls it lacks.
        ours, theirs: what each side reckons in all.
        our_calls, their_calls: how many calls each side has.
    """

    matched: int
    findings: tuple[Finding, ...]
    ours: int
    theirs: int
    our_calls: int
    their_calls: int

    def count(self, difference: Difference) -> int:
        """How many calls differ so."""
        return sum(one.difference is difference for one in self.findings)

    def excess(self, difference: Difference) -> int:
        """Micro-euros by which the invoice is higher for calls that differ so."""
        return sum(
            (one.theirs.cost if one.theirs else 0) - (one.ours.cost if one.ours else 0)
            for one in self.findings
            if one.difference is difference
        )


def compare(ours: Iterable[Billed], theirs: Iterable[Billed]) -> Comparison:
    """Match the calls of both sides, each with one of the other at most."""
    own, billed = list(ours), list(theirs)
    left = _Unmatched(own)
    findings: list[Finding] = []
    matched = 0
    for one in sorted(billed, key=lambda call: (call.start, call.line)):
        found = left.take(one)
        if found is None:
            findings.append(Finding(Difference.NOT_OURS, None, one))
        else:
            matched += 1
            findings += _differences(found, one)
    findings.sort(key=lambda finding: finding.theirs.line if finding.theirs else 0)
    findings += [Finding(Difference.NOT_BILLED, one, None) for one in left.rest() if one.cost]
    return Comparison(matched, tuple(findings), _sum(own), _sum(billed), len(own), len(billed))


def _differences(ours: Billed, theirs: Billed) -> list[Finding]:
    """The duration where it differs, which explains the price; else the price."""
    if abs(ours.seconds - theirs.seconds) > SLACK_S:
        return [Finding(Difference.DURATION, ours, theirs)]
    return [Finding(Difference.PRICE, ours, theirs)] if ours.cost != theirs.cost else []


def _sum(calls: Iterable[Billed]) -> int:
    return sum(one.cost for one in calls)


class _Unmatched:
    """Our calls that no call of the invoice was found for yet."""

    def __init__(self, calls: Iterable[Billed]) -> None:
        self._by_number: dict[str, list[tuple[datetime, int]]] = {}
        self._calls = list(calls)
        for place, call in enumerate(self._calls):
            insort(self._by_number.setdefault(call.number, []), (call.start, place))

    def take(self, billed: Billed) -> Billed | None:
        """Our call nearest to it; None where there is none near."""
        known = self._by_number.get(billed.number, [])
        at = bisect_left(known, (billed.start, -1))
        near = [one for one in known[max(0, at - 1) : at + 1] if _gap(one, billed) <= APART]
        if not near:
            return None
        best = min(near, key=lambda one: _gap(one, billed))
        known.remove(best)
        return self._calls[best[1]]

    def rest(self) -> list[Billed]:
        """Those left, in order of time."""
        places = (place for some in self._by_number.values() for _, place in some)
        return sorted((self._calls[place] for place in places), key=lambda call: call.start)


def _gap(one: tuple[datetime, int], billed: Billed) -> timedelta:
    return abs(one[0] - billed.start)
