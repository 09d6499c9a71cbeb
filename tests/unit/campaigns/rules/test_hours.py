"""When somebody may be called: windows, zones and blackouts as spans of time."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hours_subjects import EVERY_DAY, OFFICE, PARIS, POLYNESIA, ZONES, at
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.rules import gates, hours
from campaigns.rules.blackout import Blackout
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.hours import Rules, Span, open_spans
from campaigns.rules.windows import ALWAYS, Window, is_open

CALL = timedelta(minutes=2)


def next_opening(windows: Iterable[Window], zones: list[str], now: datetime) -> datetime | None:
    return hours.next_opening(Rules(tuple(windows), (), CALL), zones, now.astimezone(UTC))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-02T09:00", "2026-03-02T10:00"),
        ("2026-03-02T11:00", "2026-03-02T11:00"),
        ("2026-03-02T13:00", "2026-03-02T14:00"),
        ("2026-03-06T20:00", "2026-03-09T10:00"),  # Friday evening
        ("2026-03-27T21:00", "2026-03-30T10:00"),  # over the change to summer time
    ],
)
def test_when_it_opens_again(now: str, opens: str) -> None:
    found = next_opening(OFFICE, PARIS, at("Europe/Paris", now))
    assert found == at("Europe/Paris", opens)


def test_short_windows_are_found_too() -> None:
    """Two that overlap in few minutes, as a campaign's hours within a pack's may."""
    short = (Window(EVERY_DAY, time(10, 5), time(10, 10)),)
    found = next_opening(short, PARIS, at("Europe/Paris", "2026-03-02T09:00"))
    assert found == at("Europe/Paris", "2026-03-02T10:05")


def test_zones_that_are_never_open_together() -> None:
    short = (Window(EVERY_DAY, time(10), time(10, 30)),)
    assert next_opening(short, POLYNESIA, datetime(2026, 3, 2, tzinfo=UTC)) is None


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 5, 10, 15, 30, 45, 59]))
windows = st.builds(
    lambda days, two: Window(days, min(two), max(two)),
    st.sets(st.integers(1, 7), min_size=1).map(frozenset),
    st.tuples(times, times).filter(lambda two: two[0] != two[1]),
)
instants = st.integers(0, 730 * 24 * 60 * 60).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@settings(max_examples=60)
@given(st.lists(windows, min_size=1, max_size=2), st.sampled_from([*[[z] for z in ZONES],
       POLYNESIA]), instants)  # fmt: skip
def test_the_next_opening_is_the_first_open_minute(
    found: list[Window], zones: list[str], now: datetime
) -> None:
    opens = next_opening(found, zones, now)
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    first = now if is_open(found, zones, now) else None
    for _ in range(0 if first else 24 * 60):
        if is_open(found, zones, minute):
            first = minute
            break
        minute += timedelta(minutes=1)
    if first is None:
        assert opens is None or opens >= minute
    else:
        assert opens == first


def test_the_hour_that_comes_twice_is_two_spans() -> None:
    half = (Window(EVERY_DAY, time(2), time(2, 30)),)
    night = Span(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC))
    found = open_spans(Rules(half, (), CALL), PARIS, night)
    assert [(one.begin.hour, one.seconds) for one in found] == [(0, 1800), (1, 1800)]
    spring = Span(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert open_spans(Rules(half, (), CALL), PARIS, spring) == []


def test_hours_that_are_always_open_are_one_span_whatever_the_clocks_do() -> None:
    year = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert open_spans(Rules(ALWAYS, (), CALL), [*PARIS, *POLYNESIA], year) == [year]


def test_a_holiday_is_no_day_of_calls_and_hours_go_on_after_it() -> None:
    """Easter Monday of 2027, in the one zone and in the other an hour or half a day later."""
    rules = Rules(OFFICE, (), CALL, frozenset({HolidaySet.L3133_1}))
    friday = at("Europe/Paris", "2027-03-26T20:00").astimezone(UTC)
    for zone in ("Europe/Paris", "Pacific/Noumea"):
        tuesday = at(zone, "2027-03-30T10:00")
        assert hours.next_opening(rules, [zone], friday) == tuesday
        monday = Span(tuesday.astimezone(UTC) - timedelta(hours=34), tuesday.astimezone(UTC))
        assert open_spans(rules, [zone], monday) == []


def test_a_holiday_in_one_of_several_zones_closes_them_all() -> None:
    rules = Rules(ALWAYS, (), CALL, frozenset({HolidaySet.L3133_1}))
    between = Span(
        at("Pacific/Gambier", "2027-04-30T12:00").astimezone(UTC),
        at("Pacific/Tahiti", "2027-05-02T12:00").astimezone(UTC),
    )
    before, after = open_spans(rules, POLYNESIA, between)
    assert before.end == at("Pacific/Gambier", "2027-05-01T00:00")
    assert after.begin == at("Pacific/Tahiti", "2027-05-02T00:00")


def test_nobody_without_a_zone_is_ever_called() -> None:
    week = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC))
    assert open_spans(Rules(ALWAYS, (), CALL), [], week) == []


def test_when_hours_end() -> None:
    now = at("Europe/Paris", "2026-03-02T11:00")
    rules = Rules(OFFICE, (), CALL)
    assert hours.closing(rules, PARIS, now) == at("Europe/Paris", "2026-03-02T13:00")
    always = Rules(ALWAYS, (), CALL)
    assert hours.closing(always, PARIS, now) == now + timedelta(days=1)
    silent = Blackout(
        at("Europe/Paris", "2026-03-02T12:00"), at("Europe/Paris", "2026-03-03T00:00")
    )
    closing = hours.closing(Rules(OFFICE, (silent,), CALL), PARIS, now)
    assert closing == at("Europe/Paris", "2026-03-02T11:58"), "the last call must be over by then"


blackouts = st.builds(
    lambda start, length, zones: Blackout(start, start + timedelta(minutes=length), zones),
    instants,
    st.integers(1, 5 * 24 * 60),
    st.sets(st.sampled_from(ZONES), max_size=2).map(frozenset),
)


begins = instants | st.sampled_from(
    # Days before holidays, of the metropole and of the Antilles, La Réunion, Polynesia.
    [datetime(2027, *day, tzinfo=UTC) for day in ((4, 30), (5, 5), (5, 26), (12, 19), (12, 31))]
)


@given(
    st.lists(windows, min_size=1, max_size=3),
    st.lists(blackouts, max_size=2),
    st.sets(st.sampled_from(HolidaySet)).map(frozenset),
    st.sampled_from([*[[z] for z in ZONES], POLYNESIA]),
    begins,
    st.integers(0, 3 * 24 * 60 * 60),
)
def test_spans_are_exactly_the_instants_at_which_calls_may_start(
    found: list[Window],
    silent: list[Blackout],
    kept: frozenset[HolidaySet],
    zones: list[str],
    begin: datetime,
    ahead: int,
) -> None:
    rules = Rules(tuple(found), tuple(silent), CALL, kept)
    between = Span(begin, begin + timedelta(days=3))
    spans = open_spans(rules, zones, between)
    moment = begin + timedelta(seconds=ahead)
    inside = any(one.begin <= moment < one.end for one in spans)
    # On the second at which a last call would end with the blackout's begin, either may be said.
    may = gates.closed(rules, zones, moment) is None
    edge = any(one.begin - CALL == moment for one in silent)
    assert inside is may or edge or moment == between.end
    assert all(one.begin < one.end for one in spans)
    assert all(one.end < two.begin for one, two in pairwise(spans))
