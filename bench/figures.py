"""What is made of counts and moments: percentiles, windows, use of a limit, slopes. Pure."""

import bisect
import math
import statistics
from collections.abc import Iterable, Sequence

Span = tuple[float, float]
"""Two moments in epoch seconds, the second not included."""


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that this share (0 to 1) of all does not exceed; NaN of none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median(values: Iterable[float]) -> float:
    """The middle value; NaN of none."""
    found = list(values)
    return statistics.median(found) if found else math.nan


def within(moments: Iterable[float], span: Span) -> list[float]:
    """Those that lie in a span, in order."""
    return sorted(at for at in moments if span[0] <= at < span[1])


def rate(moments: Iterable[float], span: Span) -> float:
    """How many there are in one second of a span, on average."""
    return len(within(moments, span)) / (span[1] - span[0])


def most_in_a_second(moments: Iterable[float]) -> int:
    """The most in any one second [t, t + 1)."""
    ordered = sorted(moments)
    return max(
        (bisect.bisect_left(ordered, at + 1.0) - index for index, at in enumerate(ordered)),
        default=0,
    )


def mean_up(calls: Iterable[tuple[float, float]], span: Span) -> float:
    """How many calls are up on average over a span; each is (begun, ended)."""
    first, last = span
    overlaps = (min(end, last) - max(begin, first) for begin, end in calls)
    return sum(max(0.0, overlap) for overlap in overlaps) / (last - first)


def most_up(calls: Iterable[tuple[float, float]], span: Span) -> int:
    """The most calls up at one moment of a span. One that ends frees its place."""
    changes = sorted(
        change
        for begin, end in calls
        if end > span[0] and begin < span[1]
        for change in ((max(begin, span[0]), 1), (end, -1))
    )
    up = peak = 0
    for _, change in changes:
        up += change
        peak = max(peak, up)
    return peak


def by_second(moments: Sequence[float], every: int = 1) -> list[tuple[float, float]]:
    """(seconds since the first, starts per second) in steps of `every` whole seconds."""
    if not moments:
        return []
    begin = min(moments)
    counts = [0] * (int((max(moments) - begin) // every) + 1)
    for at in moments:
        counts[int((at - begin) // every)] += 1
    return [(index * every, count / every) for index, count in enumerate(counts)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y grows for each x, by least squares; 0 where nothing can be told."""
    if len({x for x, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression(*zip(*points, strict=True)).slope
