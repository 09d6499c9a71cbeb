"""Calling windows in the callee's own time, whatever zone and whatever season. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from campaigns.errors import InvalidInput

_HORIZON = timedelta(days=15)
_STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which calls may start, in the callee's local time.

    Attributes:
        days: ISO weekdays, 1 (Monday) to 7.
        start: first minute.
        end: the minute at which it is over; `time.max` for midnight.
    """

    days: frozenset[int]
    start: time
    end: time

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise InvalidInput(
                "window",
                f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M}).",
                "Write two windows for hours that pass midnight.",
            )

    def holds(self, local: datetime) -> bool:
        """Whether a local wall-clock instant lies in the window."""
        return local.isoweekday() in self.days and self.start <= local.time() < self.end


ALWAYS = (Window(frozenset(range(1, 8)), time.min, time.max),)
"""For rehearsals, which reach nobody."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The named zone, cached."""
    return ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether there is a zone of that name."""
    return name in available_timezones()


def is_open(windows: Iterable[Window], zones: Sequence[str], at: datetime) -> bool:
    """Whether a call may start at `at` (aware): every candidate zone must be inside a window."""
    windows = tuple(windows)
    return bool(zones) and all(
        any(window.holds(at.astimezone(zone(name))) for window in windows) for name in zones
    )


def next_opening(windows: Sequence[Window], zones: Sequence[str], at: datetime) -> datetime | None:
    """The first instant from `at` on at which a call may start; None in the next 15 days."""
    moment = at.astimezone(UTC)
    if is_open(windows, zones, moment):
        return moment
    begins = sorted(_beginnings(windows, zones, moment))
    return next((begin for begin in begins if is_open(windows, zones, begin)), None)


def _beginnings(
    windows: Sequence[Window], zones: Sequence[str], after: datetime
) -> Iterator[datetime]:
    """Every instant at which a window may begin.

    Its first minute in each zone, on each day (twice where an hour comes twice), and each quarter
    hour, as a change of hour may fall inside it.
    """
    quarter = after.replace(minute=after.minute // 15 * 15, second=0, microsecond=0)
    yield from (quarter + step * _STEP for step in range(1, _HORIZON // _STEP))
    for name in zones:
        today = after.astimezone(zone(name)).date()
        for day in range(_HORIZON.days):
            date = today + timedelta(days=day)
            for begin in {window.start for window in windows}:
                local = datetime.combine(date, begin, zone(name))
                both = (local.astimezone(UTC), local.replace(fold=1).astimezone(UTC))
                yield from (moment for moment in both if moment > after)


def intersect(first: Sequence[Window], second: Sequence[Window]) -> tuple[Window, ...]:
    """Windows that lie in both: a campaign's own hours can only tighten its pack's."""
    found = []
    for one in first:
        for other in second:
            days = one.days & other.days
            start, end = max(one.start, other.start), min(one.end, other.end)
            if days and start < end:
                found.append(Window(days, start, end))
    return tuple(found)
