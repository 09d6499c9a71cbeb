"""The rules against the law read apart from them: 24,000 cases, the same at every run."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import oracle
import pytest
from hours_subjects import POLYNESIA, ZONES

from campaigns.contacts.phone import parse
from campaigns.rules import elections, gates
from campaigns.rules.blackout import in_force
from campaigns.rules.elections import Election, Round, Territory
from campaigns.rules.frequency import capped_until
from campaigns.rules.gates import Gate
from campaigns.rules.holidays import HolidaySet, is_holiday, on_holiday
from campaigns.rules.hours import Rules
from campaigns.rules.windows import is_open
from operations import packs

CASES = 24_000
FIRST, LAST = date(2026, 1, 1), date(2030, 12, 31)
GROUPS = [*[[zone] for zone in ZONES], POLYNESIA, ["Indian/Reunion", "Indian/Mayotte"],
          ["America/Guadeloupe"]]  # fmt: skip
ON_THE_EDGE = [time(hour, minute) for hour in (0, 10, 13, 14, 18, 20) for minute in (0, 1)]
OVERSEAS = ["guadeloupe", "martinique", "guyane", "saint-barthelemy", "saint-martin",
            "saint-pierre-et-miquelon", "polynesie-francaise"]  # fmt: skip
SUNDAY = 6
PACKS = {name: packs.load(name) for name in oracle.HOURS}


@dataclass(frozen=True)
class Case:
    """Somebody who may be in these zones, at one minute."""

    pack: str
    zones: list[str]
    rounds: oracle.Rounds
    rules: Rules
    minutes: int
    begun: list[datetime]
    at: datetime


def polls(chance: random.Random, sunday: date) -> dict[str, date]:
    """One round: overseas on Saturday or not, and some territories left unknown."""
    early = chance.random() < 0.7
    days = {
        name: sunday - timedelta(days=early and name in OVERSEAS)
        for name in oracle.PLACES
        if chance.random() < 0.8
    }
    return days or {"metropole": sunday}


def rounds(chance: random.Random) -> list[dict[str, date]]:
    some = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days - 60))
    sunday = some + timedelta(days=SUNDAY - some.weekday())
    return [polls(chance, sunday + timedelta(days=14 * n)) for n in range(chance.randint(1, 2))]


def rules(pack: str, found: oracle.Rounds, minutes: int) -> Rules:
    election = Election(
        "fictif", "aucune", tuple(Round({Territory(k): v for k, v in one.items()}) for one in found)
    )
    silent = elections.blackouts([election])
    return Rules(PACKS[pack].windows, silent, timedelta(minutes=minutes), PACKS[pack].holidays)


def day(chance: random.Random, zones: list[str], found: oracle.Rounds) -> date:
    """Any, or near something that happens: a poll, a holiday, a change of clocks."""
    year = chance.randint(FIRST.year, LAST.year)
    near = [
        *(poll for one in found for poll in one.values()),
        *chance.sample(sorted(oracle.holidays(zones[0], year)), 2),
        max(date(year, 3, n) for n in range(25, 32) if date(year, 3, n).weekday() == SUNDAY),
        max(date(year, 10, n) for n in range(25, 32) if date(year, 10, n).weekday() == SUNDAY),
        date(year, 1, 1) + timedelta(days=chance.randrange(365)),
    ]
    return chance.choice(near) + timedelta(days=chance.choice([-2, -1, -1, 0, 0, 0, 1, 1]))


def instant(chance: random.Random, zones: list[str], found: oracle.Rounds) -> datetime:
    clock = chance.choice(
        [*ON_THE_EDGE, *[time(chance.randrange(9, 21), chance.randrange(60))] * 9]
    )
    zone = ZoneInfo(chance.choice(zones))
    local = datetime.combine(day(chance, zones, found), clock, zone)
    return local.astimezone(UTC) + timedelta(minutes=chance.randint(-4, 4))


def cases() -> Iterator[Case]:
    chance = random.Random(49)
    known = [
        (pack, found, rules(pack, found, minutes), minutes)
        for pack in PACKS
        for found in (rounds(chance) for _ in range(40))
        for minutes in [chance.randint(1, 3)]
    ]
    for _ in range(CASES):
        pack, found, made, minutes = chance.choice(known)
        zones = chance.choice(GROUPS)
        at = instant(chance, zones, found)
        hours = [chance.randrange(40 * 24) for _ in range(chance.randrange(7))]
        begun = [at - timedelta(hours=ago) for ago in [*hours, *chance.choice([[], [30 * 24]])]]
        yield Case(pack, zones, found, made, minutes, begun, at)


def lawful(case: Case) -> set[Gate]:
    """Every gate that the law closes."""
    said = {
        Gate.OUTSIDE_WINDOW: oracle.outside_hours(case.pack, case.zones, case.at),
        Gate.PUBLIC_HOLIDAY: oracle.on_holiday(case.zones, case.at),
        Gate.BLACKOUT: oracle.up_in_silence(case.rounds, case.zones, case.at, case.minutes),
        Gate.FREQUENCY_CAP: oracle.called_enough(case.pack, case.begun, case.at),
    }
    return {gate for gate, closed in said.items() if closed}


def ours(case: Case) -> set[Gate]:
    """Every gate that the program closes, whether or not it would be the one that is told."""
    rules, cap = case.rules, PACKS[case.pack].frequency
    silent = in_force(rules.blackouts, case.zones, case.at, rules.longest_call)
    said = {
        Gate.OUTSIDE_WINDOW: not is_open(rules.windows, case.zones, case.at),
        Gate.PUBLIC_HOLIDAY: on_holiday(rules.holidays, case.zones, case.at),
        Gate.BLACKOUT: silent is not None,
        Gate.FREQUENCY_CAP: capped_until(cap, case.begun, case.at) is not None,
    }
    return {gate for gate, closed in said.items() if closed}


def test_no_call_that_the_law_forbids_and_none_kept_back_that_it_allows() -> None:
    met: Counter[frozenset[Gate]] = Counter()
    for case in cases():
        expected = lawful(case)
        assert ours(case) == expected, case
        told = gates.closed(case.rules, case.zones, case.at)
        timely = expected - {Gate.FREQUENCY_CAP}
        assert (told in timely) if timely else told is None, case
        met[frozenset(expected)] += 1
    for gate in ("outside_window", "public_holiday", "blackout", "frequency_cap"):
        assert met[frozenset({Gate(gate)})] > 200, f"{gate} alone is met often enough to be tried"
    assert met[frozenset()] > 2000


def a_number(chance: random.Random, pattern: str) -> str:
    return "".join(str(chance.randrange(10)) if sign == "x" else sign for sign in pattern)


@pytest.mark.parametrize(("pattern", "places"), oracle.NUMBERS.items())
def test_a_number_may_be_wherever_its_plan_says(pattern: str, places: list[str]) -> None:
    chance = random.Random(pattern)
    for _ in range(100):
        assert sorted(parse(a_number(chance, pattern)).zones) == oracle.zones_of(places)


def test_the_law_of_every_place_that_a_number_may_be_of() -> None:
    chance = random.Random(689)
    met: Counter[str] = Counter()
    for _ in range(4000):
        pattern, places = chance.choice(list(oracle.NUMBERS.items()))
        zones, found = oracle.zones_of(places), rounds(chance)
        made = rules("fr-political", found, 2)
        case = Case("fr-political", zones, found, made, 2, [], instant(chance, zones, found))
        expected = lawful(case)
        told = gates.closed(made, parse(a_number(chance, pattern)).zones, case.at)
        assert (told in expected) if expected else told is None, (pattern, case)
        met[told or "open"] += 1
    assert set(met) == {"open", "outside_window", "public_holiday", "blackout"}


@pytest.mark.parametrize("year", range(FIRST.year, LAST.year + 1))
def test_the_two_days_of_alsace_and_moselle_where_a_campaign_keeps_them(year: int) -> None:
    kept = PACKS["fr-political"].holidays | {HolidaySet.ALSACE_MOSELLE}
    every = [date(year, 1, 1) + timedelta(days=ahead) for ahead in range(365)]
    for zone in ("Europe/Paris", "Indian/Reunion", "Pacific/Tahiti"):
        lawful_days = set(oracle.holidays(zone, year))
        if zone == "Europe/Paris":
            lawful_days |= oracle.holidays_of_alsace_and_moselle(year)
        assert {day for day in every if is_holiday(kept, zone, day)} == lawful_days
