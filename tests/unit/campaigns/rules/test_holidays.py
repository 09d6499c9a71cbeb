"""Public holidays: the law's days and no others, by the date of every zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hours_subjects import PARIS, POLYNESIA, at

from campaigns.rules.holidays import HolidaySet, is_holiday, on_holiday

LAW = frozenset({HolidaySet.L3133_1})
ALL_BUT_LOCAL = frozenset({HolidaySet.L3133_1, HolidaySet.ABOLITION})
LOCAL = frozenset({HolidaySet.ALSACE_MOSELLE})


def days(sets: frozenset[HolidaySet], zone: str, year: int) -> list[str]:
    every = (date(year, 1, 1) + timedelta(days=ahead) for ahead in range(366))
    return [f"{day:%m-%d}" for day in every if day.year == year and is_holiday(sets, zone, day)]


ELEVEN = ["01-01", "03-29", "05-01", "05-06", "05-08", "05-17", "07-14", "08-15", "11-01", "11-11",
          "12-25"]  # fmt: skip


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Noumea", "America/Miquelon"])
def test_the_eleven_days_of_the_code_du_travail_in_every_zone(zone: str) -> None:
    assert days(ALL_BUT_LOCAL, zone, 2027) == ELEVEN


@pytest.mark.parametrize(
    ("zone", "own"),
    [
        ("America/Guadeloupe", ["05-27", "05-28", "10-09"]),  # with Saint-Martin, Saint-Barthélemy
        ("America/Martinique", ["05-22"]),
        ("America/Cayenne", ["06-10"]),
        ("Indian/Reunion", ["12-20"]),
        ("Indian/Mayotte", ["04-27"]),
    ],
)
def test_the_day_slavery_ended_and_no_custom(zone: str, own: list[str]) -> None:
    assert days(ALL_BUT_LOCAL, zone, 2027) == sorted([*ELEVEN, *own])
    assert days(LAW, zone, 2027) == ELEVEN


def test_it_is_kept_also_where_it_falls_on_another_holiday() -> None:
    whit_monday = date(2012, 5, 28)
    assert is_holiday(frozenset({HolidaySet.ABOLITION}), "America/Guadeloupe", whit_monday)


def test_the_days_of_alsace_and_moselle_are_kept_in_the_whole_metropole_if_at_all() -> None:
    assert days(LOCAL, "Europe/Paris", 2027) == ["03-26", "12-26"]
    assert days(LOCAL, "Indian/Reunion", 2027) == []


def test_the_date_of_every_zone_counts() -> None:
    may_day = at("Pacific/Gambier", "2027-05-01T00:10")
    assert may_day.astimezone(UTC) < at("Pacific/Tahiti", "2027-05-01T00:00")
    assert on_holiday(LAW, POLYNESIA, may_day), "there already is a holiday in one of the three"
    assert not on_holiday(LAW, ["Pacific/Tahiti"], may_day)
    assert on_holiday(LAW, ["Pacific/Tahiti"], at("Pacific/Tahiti", "2027-05-01T23:59"))


def test_nothing_is_a_holiday_where_none_are_kept() -> None:
    assert not on_holiday(frozenset(), PARIS, datetime(2027, 1, 1, 12, tzinfo=UTC))
