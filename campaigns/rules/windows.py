"""Calling windows in the callee's own time, whatever zone and whatever season. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from campaigns.errors import InvalidInput


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
