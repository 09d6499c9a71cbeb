"""The hours in which a person agreed to be called, as lists write them in French or English. Pure.

CNIL asks that consent to automated political calls name a precise time slot (21 April 2017). What
is written is read strictly: a text that has two readings is refused, and never guessed at.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from itertools import groupby

from campaigns.contacts.slot_text import (
    EVERY_DAY,
    MIDNIGHT,
    InvalidSlot,
    Minutes,
    SlotFault,
    hours_of_days,
)
from campaigns.rules.windows import Window, intersect

LONGEST = 200
"""Signs of a text that is still read as a slot; also of what is kept of it."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Slot:
    """Hours in local time; equal hours are equal slots.

    Attributes:
        windows: disjoint, in one order; see `read_slot`.
    """

    windows: tuple[Window, ...]

    def __str__(self) -> str:
        """The one way in which it is kept: `mon-fri 18:00-20:00; sat 10:00-12:00`."""
        return self.written(_DAYS, "-")

    def written(self, days: Sequence[str], to: str) -> str:
        """The same with other names of days.

        Args:
            days: of the week, Monday first.
            to: what stands between the first and the last.
        """
        groups = groupby(self.windows, key=lambda window: sorted(window.days))
        return "; ".join(
            f"{_days_text([days[day - 1] for day in numbers], numbers, to)}"
            f"{', '.join(_hours_text(one, to) for one in windows)}"
            for numbers, windows in groups
        )


@lru_cache(maxsize=4096)
def read_slot(text: str) -> Slot:
    """The hours that a text names: days, then hours or the other way round, or either alone.

    `18:00-20:00`, `lun-ven 18h-20h`, `de 18h à 20h du lundi au vendredi`, `Mon, Wed 10-12 and
    14:30-16; Sat 9-12`, `week-end`. Days without hours are whole days; hours without days are of
    every day. `docs/consent.md` has the grammar.

    Raises:
        InvalidSlot: it says something else, or has two readings.
    """
    if len(text) > LONGEST:
        raise InvalidSlot(SlotFault.UNREADABLE)
    slot = Slot(tuple(_windows(hours_of_days(text))))
    if len(str(slot)) > LONGEST:
        raise InvalidSlot(SlotFault.UNREADABLE)
    return slot


def common(first: Slot, second: Slot) -> Slot:
    """The hours that lie in both; a slot without any, which never opens, where none do."""
    return Slot(intersect(first.windows, second.windows))


def _windows(hours: Mapping[int, Sequence[Minutes]]) -> Iterator[Window]:
    """Days that have the same hours together, the first day first."""
    together: dict[tuple[Minutes, ...], list[int]] = defaultdict(list)
    for day in sorted(hours):
        together[tuple(_merged(hours[day]))].append(day)
    for ranges, days in together.items():
        for begin, end in ranges:
            yield Window(frozenset(days), _clock(begin), _clock(end))


def _merged(ranges: Sequence[Minutes]) -> list[Minutes]:
    found: list[Minutes] = []
    for begin, end in sorted(ranges):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _clock(minute: int) -> time:
    return time.max if minute == MIDNIGHT else time(minute // 60, minute % 60)


def _days_text(names: Sequence[str], numbers: Sequence[int], to: str) -> str:
    """`mon-fri ` for three and more in a row, else `mon, wed `; nothing for every day."""
    if len(numbers) == len(EVERY_DAY):
        return ""
    in_a_row = len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1
    return (f"{names[0]}{to}{names[-1]}" if in_a_row else ", ".join(names)) + " "


def _hours_text(window: Window, to: str) -> str:
    end = "24:00" if window.end == time.max else f"{window.end:%H:%M}"
    return f"{window.start:%H:%M}{to}{end}"
