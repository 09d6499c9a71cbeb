"""Portions of a shared limit: their sum is the limit, and nobody's is of no use."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from campaigns.campaign import Limits
from campaigns.portions import Member, apportioned, portion

CAPACITIES = st.lists(st.integers(1, 2000), min_size=1, max_size=12)
LIMITS = st.builds(
    Limits,
    st.integers(1, 3000),
    st.one_of(st.integers(1, 500).map(float), st.floats(0.01, 500).map(lambda one: round(one, 2))),
)


def members(capacities: list[int]) -> list[Member]:
    return [Member(f"n{place:02d}", one) for place, one in enumerate(capacities)]


@given(LIMITS, CAPACITIES)
def test_their_sum_is_the_limit(limits: Limits, capacities: list[int]) -> None:
    sharing = members(capacities)
    found = [portion(limits, sharing, one.name) for one in sharing]
    had = [one for one in found if one]
    assert sum(one.max_channels for one in had) == limits.max_channels
    assert round(sum(one.max_cps for one in had), 6) == limits.max_cps


@given(LIMITS, CAPACITIES)
def test_whoever_has_channels_may_start_calls(limits: Limits, capacities: list[int]) -> None:
    sharing = members(capacities)
    found = [one for each in sharing if (one := portion(limits, sharing, each.name))]
    assert found
    assert all(one.max_channels >= 1 and one.max_cps > 0 for one in found)
    if len(found) > 1:
        assert all(one.max_cps >= 1 for one in found)


@given(st.integers(1, 3000), CAPACITIES.filter(lambda one: len(one) > 1))
def test_the_larger_has_no_less(total: int, capacities: list[int]) -> None:
    weights = sorted(capacities, reverse=True)
    found = apportioned(total + len(weights), weights)
    assert all(one >= other for one, other in pairwise(found))


def test_it_goes_by_capacity() -> None:
    sharing = members([300, 100])
    assert portion(Limits(402, 82.0), sharing, "n00") == Limits(301, 61.0)
    assert portion(Limits(402, 82.0), sharing, "n01") == Limits(101, 21.0)


def test_what_is_too_little_for_all_the_largest_have() -> None:
    sharing = members([1, 2, 3])
    assert portion(Limits(100, 1.5), sharing, "n02") == Limits(100, 1.5)
    assert portion(Limits(100, 1.5), sharing, "n01") is None
    assert portion(Limits(2, 10.0), sharing, "n00") is None
    assert portion(Limits(2, 10.0), sharing, "n01") == Limits(1, 4.0)


def test_alone_it_has_the_whole() -> None:
    assert portion(Limits(7, 0.25), members([5]), "n00") == Limits(7, 0.25)


def test_whoever_is_not_among_them_has_nothing() -> None:
    assert portion(Limits(7, 3.0), members([5]), "elsewhere") is None
    assert portion(Limits(7, 3.0), [], "n00") is None
