"""Turns: whose hours end soonest goes first, and nobody waits for ever."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.turns import FIRST_SHARE, alternate, in_turn

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def groups(count: int) -> list[tuple[datetime, str]]:
    return [(NOW + timedelta(hours=one), f"zone {one}") for one in range(count)]


def shares(count: int, every: int) -> Counter[str]:
    """Who is first, where somebody is called once in so many seconds."""
    found = (in_turn(groups(count), NOW + timedelta(seconds=at * every)) for at in range(2000))
    return Counter(order[0] for order in found)


@pytest.mark.parametrize("every", [1, 2, 3, 4, 7, 10, 60, 100, 3600])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_first_has_three_quarters_and_the_others_like_shares(count: int, every: int) -> None:
    found = shares(count, every)
    assert found["zone 0"] / 2000 == pytest.approx(FIRST_SHARE, abs=0.03)
    for other in range(1, count):
        assert found[f"zone {other}"] / 2000 == pytest.approx(0.25 / (count - 1), abs=0.03)


@given(st.permutations(groups(5)), st.integers(0, 10**6))
def test_everybody_is_in_the_order_once_and_it_depends_on_nothing_else(
    mixed: list[tuple[datetime, str]], seconds: int
) -> None:
    at = NOW + timedelta(seconds=seconds)
    order = in_turn(mixed, at)
    assert sorted(order) == sorted(name for _, name in mixed)
    assert order == in_turn(groups(5), at)
    rest = order if order[0] == "zone 0" else order[1:]
    assert rest == sorted(rest), "behind whoever is first, the sooner one goes first"


def test_one_group_or_none() -> None:
    assert in_turn([], NOW) == []
    assert in_turn(groups(1), NOW) == ["zone 0"]


def test_retries_and_fresh_ones_go_one_for_one() -> None:
    mixed = alternate(["r1", "r2", "r3"], ["f1", "f2", "f3"], NOW)
    assert {one[0] for one in mixed[:2]} == {one[0] for one in mixed[2:4]} == {"r", "f"}
    assert sorted(mixed) == ["f1", "f2", "f3", "r1", "r2", "r3"]
    assert alternate(["r1"], ["f1", "f2", "f3"], NOW)[2:] == ["f2", "f3"]
    assert alternate([], ["f1"], NOW) == ["f1"]
    assert alternate(["r1"], [], NOW) == ["r1"]


@pytest.mark.parametrize("every", [1, 2, 10, 60, 100, 3600])
def test_where_one_call_is_placed_at_a_time_each_kind_has_half(every: int) -> None:
    begins = Counter(
        alternate(["r"], ["f"], NOW + timedelta(seconds=at * every))[0] for at in range(2000)
    )
    assert begins["r"] / 2000 == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("every", [1, 10, 60])
def test_a_later_zone_s_retries_have_their_turns_as_well(every: int) -> None:
    """The two rules are out of step: no group is served only when its fresh ones begin."""
    seen: Counter[tuple[str, str]] = Counter()
    for step in range(4000):
        at = NOW + timedelta(seconds=step * every)
        seen[in_turn(groups(2), at)[0], alternate(["r"], ["f"], at)[0]] += 1
    assert seen["zone 1", "r"] / 4000 == pytest.approx(0.125, abs=0.03)
    assert seen["zone 1", "f"] / 4000 == pytest.approx(0.125, abs=0.03)
