"""Shares by weight, on two levels; what one leaves the others take; deadlines first."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.sharing import Claimant, Shares

CYCLE_S = 0.04


def served(
    shares: Shares,
    claimants: list[Claimant],
    room: int,
    cycles: int,
    may: Callable[[Claimant, int], bool] = lambda _one, _cycle: True,
) -> Counter[int]:
    """How many calls each campaign got, `room` in each of so many cycles."""
    got: Counter[int] = Counter()
    for cycle in range(cycles):
        left = room

        def try_one(one: Claimant, cycle: int = cycle) -> bool:
            nonlocal left
            if not left or not may(one, cycle):
                return False
            left -= 1
            got[one.campaign] += 1
            return True

        shares.allot(claimants, try_one, cycle * CYCLE_S)
    return got


def test_three_to_one_gets_three_quarters_and_one_quarter() -> None:
    got = served(Shares(), [Claimant(1, 1, weight=3), Claimant(2, 1, weight=1)], 1, 1000)
    assert got == {1: 750, 2: 250}


def test_controllers_share_by_their_weights_however_many_campaigns_they_have() -> None:
    many = [Claimant(n, 1, controller_weight=1) for n in range(4)]
    got = served(Shares(), [*many, Claimant(9, 2, controller_weight=1)], 2, 1000)
    assert got[9] == pytest.approx(1000, abs=2)
    assert all(got[n] == pytest.approx(250, abs=2) for n in range(4))


def test_what_one_cannot_use_the_others_have() -> None:
    pair = [Claimant(1, 1, weight=3), Claimant(2, 1, weight=1)]
    got = served(Shares(), pair, 4, 100, lambda one, _: one.campaign == 2)
    assert got == {2: 400}


def test_nothing_is_saved_up_while_idle() -> None:
    pair = [Claimant(1, 1), Claimant(2, 1)]
    shares = Shares()
    served(shares, pair, 1, 500, lambda one, _: one.campaign == 2)
    got = served(shares, pair, 1, 100)
    assert got[1] == pytest.approx(50, abs=1)


def test_what_was_given_back_counts_for_nothing() -> None:
    shares = Shares()
    pair = [Claimant(1, 1), Claimant(2, 1)]
    for cycle in range(100):
        got = served(shares, pair, 2, 1)
        shares.give_back(pair[cycle % 2], got[pair[cycle % 2].campaign])
    assert served(shares, pair, 1, 100)[1] == pytest.approx(50, abs=2)


def test_a_deadline_takes_what_it_needs_first_and_no_more_than_that() -> None:
    late = Claimant(1, 1, weight=0.01, needed=10.0, deadline=100.0)
    heavy = Claimant(2, 1, weight=10.0)
    got = served(Shares(), [late, heavy], 1, 25 * 60)
    assert got[1] == pytest.approx(600, rel=0.02)
    assert got[2] == 1500 - got[1]


def test_of_two_deadlines_the_earlier_is_served_first() -> None:
    first = Claimant(1, 1, needed=25.0, deadline=10.0)
    second = Claimant(2, 1, needed=25.0, deadline=20.0)
    got = served(Shares(), [second, first], 1, 1000)
    assert got[1] > 990


@settings(max_examples=50, deadline=None)
@given(
    weights=st.lists(st.integers(1, 10), min_size=1, max_size=6),
    controllers=st.lists(st.integers(1, 3), min_size=6, max_size=6),
    room=st.integers(1, 12),
)
def test_shares_follow_the_weights_and_nothing_is_left(
    weights: list[int], controllers: list[int], room: int
) -> None:
    claimants = [
        Claimant(n, controllers[n], weight=float(weight)) for n, weight in enumerate(weights)
    ]
    cycles = 4000 // room
    got = served(Shares(), claimants, room, cycles)
    assert sum(got.values()) == room * cycles
    present = {one.controller for one in claimants}
    for one in claimants:
        mine = sum(other.weight for other in claimants if other.controller == one.controller)
        fair = room * cycles / len(present) * one.weight / mine
        assert got[one.campaign] == pytest.approx(fair, abs=0.02 * room * cycles + 2)
