"""Calling windows in the callee's time: changes of hour, overseas zones, edges."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hours_subjects import EVERY_DAY, OFFICE, PARIS, POLYNESIA, WEEKDAYS, ZONES, at
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.rules.windows import ALWAYS, Window, intersect, is_open


@pytest.mark.parametrize(
    ("local", "opened"),
    [
        ("2026-03-02T09:59:59.999999", False),
        ("2026-03-02T10:00", True),
        ("2026-03-02T12:59:59.999999", True),
        ("2026-03-02T13:00", False),
        ("2026-03-02T14:00", True),
        ("2026-03-02T20:00", False),
        ("2026-03-07T11:00", False),  # Saturday
        ("2026-03-08T11:00", False),  # Sunday
    ],
)
def test_the_first_instant_is_in_and_the_last_is_out(local: str, opened: bool) -> None:
    assert is_open(OFFICE, PARIS, at("Europe/Paris", local)) is opened


@pytest.mark.parametrize(
    ("utc", "opened"),
    [
        ("2026-03-27T08:59", False),  # Friday before the change, UTC+1
        ("2026-03-27T09:00", True),
        ("2026-03-30T07:59", False),  # Monday after it, UTC+2
        ("2026-03-30T08:00", True),
        ("2026-10-23T08:00", True),  # Friday before the change back
        ("2026-10-26T08:00", False),  # Monday after it
        ("2026-10-26T09:00", True),
    ],
)
def test_summer_time_moves_the_window(utc: str, opened: bool) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert is_open(OFFICE, PARIS, moment) is opened


def test_the_hour_that_comes_twice_is_open_twice_and_the_missing_one_never() -> None:
    night = (Window(EVERY_DAY, time(2), time(3)),)
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time, then again
    assert is_open(night, PARIS, twice)
    assert is_open(night, PARIS, twice + timedelta(hours=1))
    assert not is_open(night, PARIS, twice + timedelta(hours=2))
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)  # 02:00 to 03:00 does not exist
    day = [spring + timedelta(minutes=10 * step) for step in range(18)]
    assert not any(is_open(night, PARIS, moment) for moment in day)


def test_the_callee_s_own_day_counts() -> None:
    sunday_evening = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert not is_open(OFFICE, PARIS, sunday_evening)
    assert is_open(OFFICE, ["Pacific/Noumea"], sunday_evening), "10:30 on Monday there"


def test_every_zone_a_number_may_be_in_must_be_open() -> None:
    # Tahiti UTC-10, Marquesas UTC-9:30, Gambier UTC-9: open from 10:00 in Tahiti on...
    assert not is_open(OFFICE, POLYNESIA, at("Pacific/Tahiti", "2026-03-02T09:59"))
    assert is_open(OFFICE, POLYNESIA, at("Pacific/Tahiti", "2026-03-02T10:00"))
    # ... until it is 13:00 in Gambier, an hour earlier than in Tahiti.
    assert is_open(OFFICE, POLYNESIA, at("Pacific/Gambier", "2026-03-02T12:59"))
    assert not is_open(OFFICE, POLYNESIA, at("Pacific/Gambier", "2026-03-02T13:00"))


def test_a_number_of_no_known_zone_is_never_called() -> None:
    assert not is_open(ALWAYS, [], datetime.now(UTC))


def test_a_window_that_passes_midnight_is_refused_with_a_remedy() -> None:
    with pytest.raises(InvalidInput, match="two windows"):
        Window(WEEKDAYS, time(22), time(6))
    with pytest.raises(InvalidInput):
        Window(WEEKDAYS, time(10), time(10))


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 5, 10, 15, 30, 45, 59]))
windows = st.builds(
    lambda days, two: Window(days, min(two), max(two)),
    st.sets(st.integers(1, 7), min_size=1).map(frozenset),
    st.tuples(times, times).filter(lambda two: two[0] != two[1]),
)
instants = st.integers(0, 730 * 24 * 60 * 60).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(st.lists(windows, max_size=3), st.lists(windows, max_size=3), instants,
       st.sampled_from(ZONES))  # fmt: skip
def test_own_hours_only_tighten_those_of_the_pack(
    pack: list[Window], own: list[Window], now: datetime, zone: str
) -> None:
    both = is_open(pack, [zone], now) and is_open(own, [zone], now)
    assert is_open(intersect(pack, own), [zone], now) == both
