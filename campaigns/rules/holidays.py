"""Public holidays of France, each by the local date of every zone a number may be in. Pure.

The dates are those of the `holidays` library, of which only what is law is taken: for Guadeloupe
and others it also has customary days (Mi-Carême, Good Friday, 21 July) that bind nobody. A
territory that shares its zone with others brings its day to all of them, as a number does not say
which it is of.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from holidays import country_holidays

from campaigns.rules.windows import zone


class HolidaySet(StrEnum):
    """Days that a pack or a campaign may keep.

    - `L3133-1`: the eleven of the Code du travail, article L.3133-1, in every zone.
    - `abolition`: the day slavery ended, where it is a holiday (loi 83-550 of 30 June 1983,
      décret 83-1003 as amended): in each overseas zone, those of its territories.
    - `alsace-moselle`: Good Friday and 26 December (Code du travail, L.3134-13). Metropolitan
      numbers don't tell a département, so they are kept in all of Europe/Paris.
    """

    L3133_1 = "L3133-1"
    ABOLITION = "abolition"
    ALSACE_MOSELLE = "alsace-moselle"


_ABOLITION = "Abolition of Slavery"
_ABOLITION_CODES = {
    "America/Guadeloupe": ("971", "BL", "MF"),
    "America/Martinique": ("972",),
    "America/Cayenne": ("973",),
    "Indian/Reunion": ("974",),
    "Indian/Mayotte": ("976",),
}
"""Subdivisions of the library by zone; it does not know Guyane as GF."""

_METROPOLE = "Europe/Paris"
_MOSELLE = "57"


def on_holiday(sets: Collection[HolidaySet], zones: Sequence[str], at: datetime) -> bool:
    """Whether it is a holiday at `at` (aware) in any of the zones, by the date there."""
    return bool(sets) and any(
        is_holiday(sets, name, at.astimezone(zone(name)).date()) for name in zones
    )


def is_holiday(sets: Collection[HolidaySet], name: str, day: date) -> bool:
    """Whether a date is a holiday in a zone."""
    return any(day in _days(kept, name, day.year) for kept in sets)


@lru_cache(maxsize=1024)
def _days(kept: HolidaySet, name: str, year: int) -> frozenset[date]:
    everywhere = frozenset(_calendar(None, year))
    if kept is HolidaySet.L3133_1:
        return everywhere
    if kept is HolidaySet.ALSACE_MOSELLE:
        own = _calendar(_MOSELLE, year) if name == _METROPOLE else ()
        return frozenset(own) - everywhere
    return frozenset(
        day
        for code in _ABOLITION_CODES.get(name, ())
        for day, said in _calendar(code, year).items()
        if _ABOLITION in said
    )


def _calendar(subdivision: str | None, year: int) -> dict[date, str]:
    return dict(country_holidays("FR", subdivision, year, language="en_US"))
