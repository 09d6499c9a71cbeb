import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import (
    by_second,
    mean_up,
    most_in_a_second,
    most_up,
    percentile,
    rate,
    slope,
)

# Quarters of a second are exact in binary: the brute force below has no rounding of its own.
quarters = st.integers(0, 60).map(lambda n: n / 4)
lives = st.lists(st.tuples(quarters, quarters).map(lambda two: (two[0], two[0] + two[1] + 0.25)))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert percentile(range(100, 0, -1), share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert math.isnan(percentile([], 0.5))


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_no_more_than_the_rest_exceed_a_percentile(values: list[float], share: float) -> None:
    limit = percentile(values, share)
    assert sum(value <= limit for value in values) >= share * len(values) * (1 - 1e-9)


@given(st.lists(quarters))
def test_most_in_a_second_is_that_of_the_worst_window(starts: list[float]) -> None:
    brute = max((sum(s <= t < s + 1.0 for t in starts) for s in starts), default=0)
    assert most_in_a_second(starts) == brute


@given(lives)
def test_most_up_counts_nobody_after_the_end(calls: list[tuple[float, float]]) -> None:
    brute = max((sum(b <= at < e for b, e in calls) for at, _ in calls), default=0)
    assert most_up(calls, (0.0, 100.0)) == brute


def test_calls_up_before_a_span_count_in_it_and_others_do_not() -> None:
    calls = [(0.0, 10.0), (1.0, 2.0), (20.0, 30.0)]
    assert most_up(calls, (5.0, 15.0)) == 1
    assert mean_up(calls, (5.0, 15.0)) == 0.5


def test_a_call_that_never_ends_is_up_all_the_time() -> None:
    assert mean_up([(0.0, math.inf)], (5.0, 15.0)) == 1.0


def test_a_rate_counts_what_begins_in_the_span() -> None:
    assert rate([0.9, 1.0, 1.5, 2.0, 3.0], (1.0, 3.0)) == 1.5


def test_seconds_without_a_start_are_there_too() -> None:
    assert by_second([10.0, 10.5, 12.1]) == [(0, 2), (1, 0), (2, 1)]
    assert by_second([0.0, 1.0, 5.0, 11.0], every=10) == [(0, 0.3), (10, 0.1)]


def test_a_slope_is_growth_for_each_unit() -> None:
    assert slope([(0.0, 100.0), (1.0, 103.0), (2.0, 106.0)]) == pytest.approx(3.0)
    assert slope([(1.0, 5.0)]) == 0.0
