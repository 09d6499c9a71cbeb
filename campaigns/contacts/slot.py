"""The hours in which a person agreed to be called, as lists write them in French or English. Pure.

CNIL asks that consent to automated political calls name a precise time slot (21 April 2017). What
is written is read strictly: a text that has two readings is refused, and never guessed at.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from campaigns.errors import InvalidInput
from campaigns.rules.windows import Window

LONGEST = 200
"""Signs of a text that is still read as a slot; also of what is kept of it."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY = frozenset(range(1, 8))
_NOON, _MIDNIGHT = 12 * 60, 24 * 60

Minutes = tuple[int, int]


class SlotFault(StrEnum):
    """Why a text is no slot. The values are reason codes of reject files."""

    UNREADABLE = "slot_unreadable"
    ENDS_FIRST = "slot_ends_first"


_FAULTS = {
    SlotFault.UNREADABLE: (
        "It does not say clearly at what hours the person agreed to be called.",
        "Write it as 18:00-20:00 or lun-ven 18h-20h, on the 24-hour clock.",
    ),
    SlotFault.ENDS_FIRST: (
        "The hours end before they begin.",
        "Write two slots for hours that pass midnight: 22h-24h, 0h-2h.",
    ),
}


class InvalidSlot(InvalidInput):
    """A text that is no slot.

    Attributes:
        fault: the reason code.
    """

    def __init__(self, fault: SlotFault) -> None:
        self.fault = fault
        super().__init__("consent_slot", *_FAULTS[fault])


@dataclass(frozen=True, slots=True)
class Slot:
    """Hours in local time; equal hours are equal slots.

    Attributes:
        windows: disjoint, in one order; see `read_slot`.
    """

    windows: tuple[Window, ...]

    def __str__(self) -> str:
        """The one way in which it is kept: `mon-fri 18:00-20:00; sat 10:00-12:00`."""
        groups = groupby(self.windows, key=lambda window: window.days)
        return "; ".join(_group_text(days, tuple(windows)) for days, windows in groups)


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
    slot = Slot(tuple(_windows(_hours_of_days(_items(list(_tokens(_plain(text))))))))
    if not slot.windows or len(str(slot)) > LONGEST:
        raise InvalidSlot(SlotFault.UNREADABLE)
    return slot


_NAMES = {
    name: number
    for number, names in enumerate(
        (
            "lun lundi lundis mon monday mondays",
            "mar mardi mardis tue tues tuesday tuesdays",
            "mer mercredi mercredis wed wednesday wednesdays",
            "jeu jeudi jeudis thu thur thurs thursday thursdays",
            "ven vendredi vendredis fri friday fridays",
            "sam samedi samedis sat saturday saturdays",
            "dim dimanche dimanches sun sunday sundays",
        ),
        start=1,
    )
    for name in names.split()
}
_PHRASES = {
    "tous les jours": "lun-dim",
    "every day": "lun-dim",
    "daily": "lun-dim",
    "en semaine": "lun-ven",
    "weekdays": "lun-ven",
    "week-ends": "sam,dim",
    "week-end": "sam,dim",
    "weekends": "sam,dim",
    "weekend": "sam,dim",
}
_BETWEEN = re.compile(r"\b(?:entre|between)\b(.+?)\b(?:et|and)\b")
_TO = frozenset({"a", "au", "to", "until"})
_AND = frozenset({"et", "and"})
_SILENT = frozenset({"de", "du", "le", "les", "from", "on"})
_TIMES = {"midi": _NOON, "noon": _NOON, "minuit": _MIDNIGHT, "midnight": _MIDNIGHT}
_TOKEN = re.compile(
    r"\s*(?:(?P<hour>\d{1,2})(?:\s?h\s?(?P<past>[0-5]\d)?|:(?P<minute>[0-5]\d)(?::00)?)?(?![\d:h])"
    r"|(?P<word>[a-z]+)\.?|(?P<dash>-)|(?P<comma>[,;/&+]))\s*"
)


class _Mark(StrEnum):
    TO = "-"
    AND = ","


@dataclass(frozen=True, slots=True)
class _Days:
    numbers: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Hours:
    minutes: Minutes


_Token = _Days | int | _Mark
"""A day, the minute of a day, or what stands between two."""
_Item = _Days | _Hours


def _plain(text: str) -> str:
    """Without accents, capitals and typographers' dashes; phrases as the days that they are."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain)
    for phrase, days in _PHRASES.items():
        plain = re.sub(rf"\b{phrase}\b", days, plain)
    return _BETWEEN.sub(r"\1-", plain)


def _tokens(plain: str) -> Iterator[_Token]:
    place = 0
    while place < len(plain):
        found = _TOKEN.match(plain, place)
        if found is None:
            raise InvalidSlot(SlotFault.UNREADABLE)
        place = found.end()
        if found["hour"]:
            yield _minute(int(found["hour"]), int(found["past"] or found["minute"] or 0))
        elif found["word"]:
            yield from _of_word(found["word"])
        else:
            yield _Mark.TO if found["dash"] else _Mark.AND


def _minute(hour: int, minute: int) -> int:
    total = hour * 60 + minute
    if total > _MIDNIGHT:
        raise InvalidSlot(SlotFault.UNREADABLE)
    return total


def _of_word(word: str) -> Iterator[_Token]:
    if word in _NAMES:
        yield _Days(frozenset({_NAMES[word]}))
    elif word in _TIMES:
        yield _TIMES[word]
    elif word in _TO:
        yield _Mark.TO
    elif word in _AND:
        yield _Mark.AND
    elif word not in _SILENT:
        raise InvalidSlot(SlotFault.UNREADABLE)


def _items(tokens: Sequence[_Token]) -> list[_Item]:
    """Days and hours in the order written, ranges joined."""
    found: list[_Item] = []
    place = 0
    while place < len(tokens):
        match tokens[place : place + 3]:
            case [_Mark.AND, *_]:
                place += 1
            case [_Days() as first, _Mark.TO, _Days() as last]:
                found.append(_Days(frozenset(_from_to(first, last))))
                place += 3
            case [_Days() as day, *_]:
                found.append(day)
                place += 1
            case [int() as begin, _Mark.TO, int() as end]:
                found.append(_Hours(_range(begin, end)))
                place += 3
            case _:
                raise InvalidSlot(SlotFault.UNREADABLE)
    return found


def _from_to(first: _Days, last: _Days) -> Iterator[int]:
    """Also over a Sunday: from Friday to Monday."""
    (day,), (end,) = first.numbers, last.numbers
    yield day
    while day != end:
        day = day % 7 + 1
        yield day


def _range(begin: int, end: int) -> Minutes:
    begin, end = begin % _MIDNIGHT, end or _MIDNIGHT
    if begin >= end:
        raise InvalidSlot(SlotFault.ENDS_FIRST)
    return begin, end


def _hours_of_days(items: Sequence[_Item]) -> dict[int, list[Minutes]]:
    """The hours of each day, from groups that all name days, all name hours, or all name both."""
    found: dict[int, list[Minutes]] = defaultdict(list)
    groups = list(_groups(items))
    if len({(bool(days), bool(hours)) for days, hours in groups}) > 1:
        raise InvalidSlot(SlotFault.UNREADABLE)
    for days, hours in groups:
        for day in days or _EVERY_DAY:
            found[day] += hours or [(0, _MIDNIGHT)]
    return found


def _groups(items: Sequence[_Item]) -> Iterator[tuple[frozenset[int], list[Minutes]]]:
    """Runs of days and hours in pairs, whichever of the two is written first."""
    runs = [(kind, list(run)) for kind, run in groupby(items, key=type)]
    for place in range(0, len(runs), 2):
        pair = [item for _, run in runs[place : place + 2] for item in run]
        days = frozenset[int]().union(*(one.numbers for one in pair if isinstance(one, _Days)))
        yield days, [one.minutes for one in pair if isinstance(one, _Hours)]


def _windows(hours: dict[int, list[Minutes]]) -> Iterator[Window]:
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
    return time.max if minute == _MIDNIGHT else time(minute // 60, minute % 60)


def _group_text(days: frozenset[int], windows: Sequence[Window]) -> str:
    hours = ", ".join(
        f"{one.start:%H:%M}-{'24:00' if one.end == time.max else f'{one.end:%H:%M}'}"
        for one in windows
    )
    return hours if days == _EVERY_DAY else f"{_days_text(sorted(days))} {hours}"


def _days_text(days: Sequence[int]) -> str:
    """`mon-fri` for days in a row from three on, else `mon,wed`."""
    names = [_DAYS[day - 1] for day in days]
    in_a_row = days[-1] - days[0] == len(days) - 1
    return f"{names[0]}-{names[-1]}" if in_a_row and len(days) > 2 else ",".join(names)
