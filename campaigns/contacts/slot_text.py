"""The grammar of a consented slot: French and English days and hours, read strictly. Pure."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from campaigns.errors import InvalidInput

EVERY_DAY = frozenset(range(1, 8))
MIDNIGHT = 24 * 60
"""The minute at which a day is over."""

Minutes = tuple[int, int]
"""From a minute of the day up to, and without, another."""


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


def hours_of_days(text: str) -> dict[int, list[Minutes]]:
    """What a text names: for each ISO weekday in it the hours, in the order written.

    Raises:
        InvalidSlot: it says something else, or has two readings.
    """
    found: dict[int, list[Minutes]] = defaultdict(list)
    groups = list(_groups(_items(list(_tokens(_plain(text))))))
    if len({(bool(days), bool(hours)) for days, hours in groups}) != 1:
        raise InvalidSlot(SlotFault.UNREADABLE)
    for days, hours in groups:
        for day in days or EVERY_DAY:
            found[day] += hours or [(0, MIDNIGHT)]
    return found


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
_TIMES = {"midi": 12 * 60, "noon": 12 * 60, "minuit": MIDNIGHT, "midnight": MIDNIGHT}
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
    if total > MIDNIGHT:
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
    begin, end = begin % MIDNIGHT, end or MIDNIGHT
    if begin >= end:
        raise InvalidSlot(SlotFault.ENDS_FIRST)
    return begin, end


def _groups(items: Sequence[_Item]) -> Iterator[tuple[frozenset[int], list[Minutes]]]:
    """Runs of days and hours in pairs, whichever of the two is written first."""
    runs = [(kind, list(run)) for kind, run in groupby(items, key=type)]
    for place in range(0, len(runs), 2):
        pair = [item for _, run in runs[place : place + 2] for item in run]
        days = frozenset[int]().union(*(one.numbers for one in pair if isinstance(one, _Days)))
        yield days, [one.minutes for one in pair if isinstance(one, _Hours)]
