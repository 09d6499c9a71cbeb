"""When a campaign will be done, and for how much: no call is lost or placed outside its hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.forecast import Cost, answers_expected, calls_expected, cost_of, spread
from campaigns.rules.hours import Span
from campaigns.tariff import Tariff

PARIS = ZoneInfo("Europe/Paris")
BEGIN = datetime(2026, 12, 1, 9, tzinfo=UTC)


def spans(*hours: tuple[float, float]) -> list[Span]:
    return [Span(BEGIN + timedelta(hours=a), BEGIN + timedelta(hours=b)) for a, b in hours]


@given(
    st.integers(0, 200_000),
    st.floats(0.01, 100),
    st.lists(st.integers(1, 20), max_size=6),
)
def test_calls_add_up_and_lie_within_the_hours(calls: int, rate: float, lengths: list[int]) -> None:
    open_, at = [], BEGIN
    for length in lengths:
        open_.append(Span(at, at + timedelta(hours=length)))
        at += timedelta(hours=length + 5)
    found = spread(calls, rate, open_, PARIS)
    placed = sum(day.calls for day in found.days)
    assert placed <= calls
    assert (placed == calls) == (found.finish_at is not None or calls == 0)
    for day in found.days:
        assert open_[0].begin <= day.begin <= day.end <= open_[-1].end
    assert [day.day for day in found.days] == sorted({day.day for day in found.days})


def test_a_calendar() -> None:
    found = spread(5 * 3600, 1.0, spans((0, 3), (4, 5), (24, 27)), PARIS)
    assert [(day.day.day, day.calls) for day in found.days] == [(1, 4 * 3600), (2, 3600)]
    assert found.days[0].end == BEGIN + timedelta(hours=5)
    assert found.finish_at == BEGIN + timedelta(hours=25)


def test_a_night_is_two_days() -> None:
    found = spread(4 * 3600, 1.0, spans((12, 16)), PARIS)  # 22:00 to 02:00 in Paris
    assert [(day.day.day, day.calls) for day in found.days] == [(1, 7200), (2, 7200)]


def test_what_does_not_fit_is_said() -> None:
    found = spread(10_000, 1.0, spans((0, 1)), PARIS)
    assert (found.finish_at, found.days[0].calls) == (None, 3600)


@pytest.mark.parametrize(("most", "calls", "answers"), [(1, 1000, 500), (3, 1750, 875)])
def test_half_of_all_calls_are_taken_to_be_answered(most: int, calls: int, answers: int) -> None:
    assert (calls_expected(1000, most), answers_expected(1000, most)) == (calls, answers)


def test_what_it_costs() -> None:
    cheap, dear = Tariff("+33", per_minute=6_000), Tariff("+336", per_minute=60_000)
    found = cost_of([(cheap, 100), (dear, 10), (None, 7)], 1, 30, 120)
    assert found == Cost(50 * 3_000 + 5 * 30_000, 100 * 12_000 + 10 * 120_000, 12_000, 7)


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 60), st.integers(60, 200))
def test_it_is_never_expected_to_cost_more_than_at_most(
    people: int, most: int, talk_s: int, longest_s: int
) -> None:
    tariff = Tariff("+", per_call=500, per_minute=9_000, short_under_s=6, short_surcharge=70_000)
    found = cost_of([(tariff, people)], most, talk_s, longest_s)
    assert found.expected <= found.worst
