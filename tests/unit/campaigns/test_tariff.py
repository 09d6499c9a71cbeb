"""What a call costs: never more than was promised for it, and never less for being longer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.tariff import Tariff, Tariffs, read, talked_s

SUMS = st.integers(0, 3_000_000)
SECONDS = st.integers(0, 900)
PLAIN = st.builds(
    Tariff,
    prefix=st.sampled_from(["+", "+33", "+336"]),
    per_call=SUMS,
    per_minute=SUMS,
    first_s=st.integers(1, 90),
    next_s=st.integers(1, 90),
    free_s=st.integers(0, 60),
)
SURCHARGED = st.builds(
    replace, PLAIN, short_under_s=st.integers(1, 60), short_surcharge=st.integers(1, 3_000_000)
)
ANY = PLAIN | SURCHARGED


@given(ANY, SECONDS, SECONDS)
def test_no_call_costs_more_than_the_worst_case(tariff: Tariff, one: int, other: int) -> None:
    seconds, longest_s = sorted((one, other))
    assert 0 <= tariff.cost(seconds) <= tariff.worst(longest_s)


@given(ANY, st.integers(0, 200))
def test_the_worst_case_is_that_of_some_call(tariff: Tariff, longest_s: int) -> None:
    assert tariff.worst(longest_s) == max(map(tariff.cost, range(longest_s + 1)))


@given(PLAIN, SECONDS, SECONDS)
def test_a_longer_call_costs_no_less(tariff: Tariff, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert tariff.cost(shorter) <= tariff.cost(longer)


@given(SURCHARGED, SECONDS, SECONDS)
def test_so_it_does_among_short_ones_and_among_long_ones(
    tariff: Tariff, one: int, other: int
) -> None:
    shorter, longer = sorted((one, other))
    if (shorter < tariff.short_under_s) == (longer < tariff.short_under_s):
        assert tariff.cost(shorter) <= tariff.cost(longer)


@given(PLAIN, SECONDS)
def test_a_sum_is_rounded_up_by_less_than_a_micro_euro(tariff: Tariff, seconds: int) -> None:
    exact = tariff.per_call + Fraction(tariff.counted(seconds) * tariff.per_minute, 60)
    assert 0 <= tariff.cost(seconds) - exact < 1


@given(ANY)
def test_what_is_kept_with_a_call_says_it_all(tariff: Tariff) -> None:
    assert read(tariff.written()) == tariff


@pytest.mark.parametrize(
    ("first_s", "next_s", "seconds", "counted"),
    [
        (1, 1, 7, 7), (60, 1, 7, 60), (60, 1, 61, 61), (60, 60, 61, 120), (30, 6, 31, 36),
        (30, 6, 36, 36), (1, 1, 0, 0),
    ],
)  # fmt: skip
def test_increments(first_s: int, next_s: int, seconds: int, counted: int) -> None:
    assert Tariff(first_s=first_s, next_s=next_s).counted(seconds) == counted


def test_free_seconds_and_a_surcharge() -> None:
    tariff = Tariff(per_call=10_000, per_minute=60_000, free_s=5, short_under_s=6,
        short_surcharge=20_000)  # fmt: skip
    assert [tariff.cost(seconds) for seconds in (0, 5, 6, 10)] == [30_000, 30_000, 11_000, 15_000]
    assert tariff.worst(10) == 30_000, "the short one is dearer"


def test_the_longest_prefix_wins() -> None:
    tariffs = Tariffs([Tariff("+331", per_call=1), Tariff("+33199", per_call=2)])
    found = [tariffs.of(number) for number in ("+33100000000", "+33199001234", "+33261910001")]
    assert [one.per_call if one else None for one in found] == [1, 2, None]
    everything = Tariffs([Tariff("+", per_call=3)])
    assert everything.of("+33261910001") == Tariff("+", per_call=3)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"prefix": "0033"}, "no prefix"), ({"per_call": -1}, "below zero"),
        ({"next_s": 0}, "a second or more"), ({"short_under_s": 6}, "needs both"),
    ],
)  # fmt: skip
def test_what_no_tariff_can_be(changes: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        replace(Tariff(), **changes)  # type: ignore[arg-type]


def test_one_price_for_a_prefix() -> None:
    with pytest.raises(InvalidInput, match="has a tariff already"):
        Tariffs([Tariff("+33"), Tariff("+33", per_call=1)])


def test_a_begun_second_is_a_second() -> None:
    at = datetime(2026, 11, 26, 11, tzinfo=UTC)
    milliseconds = [0, 1, 1000, 1001]
    found = [talked_s(at, at + timedelta(milliseconds=one)) for one in milliseconds]
    assert found == [0, 1, 1, 2]
    assert talked_s(None, at) == talked_s(at, None) == talked_s(at, at - timedelta(seconds=9)) == 0
