"""Calling windows in the callee's own time, whatever zone and whatever season. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

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
                "window", f"it ends ({self.end:%H:%M}) before it starts ({self.start:%H:%M}).",
                "Write two windows for hours that pass midnight.",
            )  # fmt: skip

    def holds(self, local: datetime) -> bool:
        """Whether a local wall-clock instant lies in the window."""
        return local.isoweekday() in self.days and self.start <= local.time() < self.end


ALWAYS = (Window(frozenset(range(1, 8)), time.min, time.max),)
"""For rehearsals, which reach nobody."""


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """The named zone, cached."""
    return ZoneInfo(name)


def is_open(windows: Iterable[Window], zones: Sequence[str], at: datetime) -> bool:
    """Whether a call may start at `at` (aware): every candidate zone must be inside a window."""
    windows = tuple(windows)
    return bool(zones) and all(
        any(window.holds(at.astimezone(zone(name))) for window in windows) for name in zones
    )


def next_opening(windows: Sequence[Window], zones: Sequence[str], at: datetime) -> datetime | None:
    """The first instant from `at` on at which a call may start; None in the next 15 days.

    Windows start on quarter hours in practice; the search steps by quarters of UTC and then
    refines to the minute, so that any start is found exactly.
    """
    moment = at.astimezone(UTC)
    if is_open(windows, zones, moment):
        return moment
    limit = moment + _HORIZON
    while moment < limit:
        following = _quarter_after(moment)
        if is_open(windows, zones, following):
            return _first_minute(windows, zones, moment, following)
        moment = following
    return None


def _quarter_after(moment: datetime) -> datetime:
    seconds = int(moment.timestamp()) // 900 * 900
    return datetime.fromtimestamp(seconds, UTC) + _STEP


def _first_minute(
    windows: Sequence[Window], zones: Sequence[str], after: datetime, by: datetime
) -> datetime:
    minute = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while minute < by:
        if is_open(windows, zones, minute):
            return minute
        minute += timedelta(minutes=1)
    return by


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
