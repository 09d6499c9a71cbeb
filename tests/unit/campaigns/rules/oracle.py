"""The law read again, slowly and apart from the program: it imports nothing of it.

Whether one person may be called at one minute, told by looking at every minute of the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

WEEK = [(day, hour) for day in range(5) for hour in (10, 11, 12, 14, 15, 16, 17, 18, 19)]
SATURDAY = [(5, hour) for hour in (10, 11, 12, 14, 15, 16, 17)]
HOURS = {
    "fr-commercial": set(WEEK),  # Code de la consommation, D.223-9
    "fr-political": {*WEEK, *SATURDAY},
    "fr-public-info": {*WEEK, *SATURDAY},
}
"""Weekdays from Monday, 0, and hours of the day in which each pack lets people be called."""

MOST = {"fr-commercial": 4, "fr-political": 3, "fr-public-info": 3}
IN_DAYS = 30

ABOLITION = {
    "Indian/Mayotte": [(4, 27)],
    "America/Martinique": [(5, 22)],
    "America/Guadeloupe": [(5, 27), (5, 28), (10, 9)],
    "America/Cayenne": [(6, 10)],
    "Indian/Reunion": [(12, 20)],
}
"""Décret 83-1003; the zone of Guadeloupe is that of Saint-Martin and Saint-Barthélemy too."""

PLACES = {
    "metropole": ["Europe/Paris"],
    "guadeloupe": ["America/Guadeloupe"],
    "saint-barthelemy": ["America/Guadeloupe"],
    "saint-martin": ["America/Guadeloupe"],
    "martinique": ["America/Martinique"],
    "guyane": ["America/Cayenne"],
    "saint-pierre-et-miquelon": ["America/Miquelon"],
    "reunion": ["Indian/Reunion"],
    "mayotte": ["Indian/Mayotte"],
    "nouvelle-caledonie": ["Pacific/Noumea"],
    "wallis-et-futuna": ["Pacific/Wallis"],
    "polynesie-francaise": ["Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"],
}

NUMBERS = {
    "019900xxxx": ["metropole"],
    "026191xxxx": ["metropole"],
    "035301xxxx": ["metropole"],
    "046571xxxx": ["metropole"],
    "053649xxxx": ["metropole"],
    "063998xxxx": ["metropole"],  # for fiction, within Mayotte's mobiles
    "026212xxxx": ["reunion"],
    "026312xxxx": ["reunion"],
    "026960xxxx": ["mayotte"],
    "069212xxxx": ["reunion", "mayotte"],
    "063901xxxx": ["reunion", "mayotte"],
    "059020xxxx": ["guadeloupe", "saint-barthelemy", "saint-martin"],
    "069012xxxx": ["guadeloupe", "saint-barthelemy", "saint-martin"],
    "059420xxxx": ["guyane"],
    "069420xxxx": ["guyane"],
    "059650xxxx": ["martinique"],
    "069612xxxx": ["martinique"],
    "+50841xxxx": ["saint-pierre-et-miquelon"],
    "+68172xxxx": ["wallis-et-futuna"],
    "+68775xxxx": ["nouvelle-caledonie"],
    "+689405xxxxx": ["polynesie-francaise"],
    "+68987xxxxxx": ["polynesie-francaise"],
}
"""Where the owner of a number may be: plan national de numérotation (ARCEP, décision 2018-0881)
and the plans of the three codes of the Pacific (ITU-T E.164)."""

ALSACE_MOSELLE = [-2]
"""Days after Easter: Good Friday; besides, 26 December (Code du travail, L.3134-13)."""

Rounds = Sequence[Mapping[str, date]]


def easter(year: int) -> date:
    """Gauss and Butcher's reckoning for the Gregorian calendar."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(zone: str, year: int) -> set[date]:
    """Code du travail, L.3133-1, and the overseas day."""
    fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)]
    moving = {easter(year) + after * DAY for after in (1, 39, 50)}
    return moving | {date(year, *day) for day in (*fixed, *ABOLITION.get(zone, ()))}


def zones_of(places: Iterable[str]) -> list[str]:
    """Every zone of some places, in no order that says anything."""
    return sorted({zone for place in places for zone in PLACES[place]})


def holidays_of_alsace_and_moselle(year: int) -> set[date]:
    """The two of theirs alone."""
    return {easter(year) + after * DAY for after in ALSACE_MOSELLE} | {date(year, 12, 26)}


def outside_hours(pack: str, zones: Sequence[str], at: datetime) -> bool:
    for zone in zones:
        local = at.astimezone(ZoneInfo(zone))
        if (local.weekday(), local.hour) not in HOURS[pack]:
            return True
    return False


def on_holiday(zones: Sequence[str], at: datetime) -> bool:
    locals_ = [(zone, at.astimezone(ZoneInfo(zone)).date()) for zone in zones]
    return any(day in holidays(zone, day.year) for zone, day in locals_)


def up_in_silence(rounds: Rounds, zones: Sequence[str], at: datetime, minutes: int) -> bool:
    """Code électoral, L.49 3°: whether a call begun at `at` could be up in a forbidden minute."""
    return any(_silent(rounds, zones, at + ahead * MINUTE) for ahead in range(minutes))


def _silent(rounds: Rounds, zones: Sequence[str], minute: datetime) -> bool:
    for zone in zones:
        today = minute.astimezone(ZoneInfo(zone)).date()
        for polls in rounds:
            for place, of_place in PLACES.items():
                poll = polls.get(place, min(polls.values()))
                if zone in of_place and today in (poll - DAY, poll):
                    return True
    return False


def called_enough(pack: str, begun: Iterable[datetime], at: datetime) -> bool:
    seconds = IN_DAYS * 24 * 3600
    recent = [one for one in begun if (at - one.astimezone(UTC)).total_seconds() < seconds]
    return len(recent) >= MOST[pack]
