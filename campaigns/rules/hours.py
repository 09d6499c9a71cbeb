"""When calls may start: windows in every zone, less holidays and blackouts. Pure."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from campaigns.campaign import Campaign
from campaigns.rules.blackout import Blackout
from campaigns.rules.holidays import HolidaySet, is_holiday
from campaigns.rules.windows import Window, zone

HORIZON = timedelta(days=15)
"""How far ahead is looked."""

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to, and without, another; both in UTC."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides when calls may start.

    Attributes:
        windows: hours in the callee's own time.
        blackouts: spans without calls.
        longest_call: a call must be over when a blackout begins.
        holidays: the days without calls, each by the date of every zone.
    """

    windows: tuple[Window, ...]
    blackouts: tuple[Blackout, ...]
    longest_call: timedelta
    holidays: frozenset[HolidaySet] = frozenset()


def rules_of(campaign: Campaign) -> Rules:
    """Those of a campaign."""
    longest = timedelta(seconds=campaign.max_call_s)
    return Rules(campaign.windows, campaign.blackouts, longest, campaign.holidays)


def open_spans(rules: Rules, zones: Sequence[str], between: Span) -> list[Span]:
    """When somebody who may be in any of these zones may be called, in order and disjoint.

    Exactly the instants at which `gates.closed` names no gate.
    """
    found = [between]
    for name in zones:
        found = _both(found, _merged(_spans_of(rules, name, between)))
    for one in rules.blackouts:
        if one.binds(zones):
            found = list(_without(found, Span(one.begin - rules.longest_call, one.end)))
    return found if zones else []


def closing(rules: Rules, zones: Sequence[str], at: datetime) -> datetime:
    """When calls that may start at `at` may no longer; a day later where not before."""
    spans = open_spans(rules, zones, Span(at, at + _DAY))
    return spans[0].end if spans else at


def next_opening(rules: Rules, zones: Sequence[str], at: datetime) -> datetime | None:
    """The first instant from `at` on at which a call may start; None in the next 15 days."""
    spans = open_spans(rules, zones, Span(at, at + HORIZON))
    return spans[0].begin if spans else None


def union(spans: Iterable[Span]) -> list[Span]:
    """Whatever lies in any of them, in order and disjoint."""
    return _merged(sorted(spans, key=lambda span: span.begin))


def _spans_of(rules: Rules, name: str, between: Span) -> list[Span]:
    """Every window of every day that is no holiday, in a zone's time, in order."""
    date = between.begin.astimezone(zone(name)).date()
    last = between.end.astimezone(zone(name)).date()
    found = []
    while date <= last:
        of_day = _windows_of(rules, name, date)
        for stretch, offset in _stretches(name, date) if of_day else ():
            midnight = datetime.combine(date, time.min, UTC) - offset
            for window in of_day:
                found += _both([_span(window, midnight)], [stretch])
        date += _DAY
    return sorted(found, key=lambda span: span.begin)


def _windows_of(rules: Rules, name: str, date: date) -> list[Window]:
    if is_holiday(rules.holidays, name, date):
        return []
    return [window for window in rules.windows if date.isoweekday() in window.days]


def _span(window: Window, midnight: datetime) -> Span:
    """A window of the day that begins at that midnight, were no clock changed in it."""
    begin, end = (
        timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
        for at in (window.start, window.end)
    )
    return Span(midnight + begin, midnight + (_DAY if window.end == time.max else end))


def _stretches(name: str, date: date) -> Iterator[tuple[Span, timedelta]]:
    """A day in a zone's time, in parts in each of which its clock runs without a change."""
    begin, end = (
        datetime.combine(one, time.min, zone(name)).astimezone(UTC) for one in (date, date + _DAY)
    )
    before, after = _offset(name, begin), _offset(name, end)
    if before == after:
        yield Span(begin, end), before
        return
    change = _change(name, begin, end)
    yield Span(begin, change), before
    yield Span(change, end), after


def _change(name: str, begin: datetime, end: datetime) -> datetime:
    """The instant between two at which the clock is changed; it is a whole minute."""
    before = _offset(name, begin)
    minutes = range(int((end - begin) / _MINUTE) + 1)
    at = bisect(minutes, 0, key=lambda ahead: _offset(name, begin + ahead * _MINUTE) != before)
    return begin + at * _MINUTE


def _offset(name: str, at: datetime) -> timedelta:
    return at.astimezone(zone(name)).utcoffset() or timedelta()


def _merged(ordered: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for one in ordered:
        if found and one.begin <= found[-1].end:
            found[-1] = Span(found[-1].begin, max(found[-1].end, one.end))
        elif one.begin < one.end:
            found.append(one)
    return found


def _both(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """What lies in both of two ordered lists."""
    found = []
    left = right = 0
    while left < len(first) and right < len(second):
        begin = max(first[left].begin, second[right].begin)
        end = min(first[left].end, second[right].end)
        if begin < end:
            found.append(Span(begin, end))
        if first[left].end <= second[right].end:
            left += 1
        else:
            right += 1
    return found


def _without(spans: Iterable[Span], gap: Span) -> Iterator[Span]:
    for one in spans:
        if one.begin < min(one.end, gap.begin):
            yield Span(one.begin, min(one.end, gap.begin))
        if max(one.begin, gap.end) < one.end:
            yield Span(max(one.begin, gap.end), one.end)
