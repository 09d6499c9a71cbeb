import itertools
import math

import pytest

from bench.ladder import FACTOR, MOST_DELAY_S, Step, around, ceiling, shifted, topped


def step(offered: float, delay: float = 0.01, ended: float | None = None) -> Step:
    return Step(offered, offered, offered if ended is None else ended, delay / 2, delay)


LATE = 2 * MOST_DELAY_S


def test_the_ceiling_is_the_best_that_was_achieved_without_growing_lag() -> None:
    steps = [step(95, LATE), step(100, ended=99), step(105, ended=104), step(110, LATE)]
    assert ceiling(steps) == 104


def test_where_no_step_holds_there_is_no_ceiling() -> None:
    assert ceiling([step(100, LATE), step(105, LATE)]) == 0


def test_calls_that_pile_up_do_not_hold_however_prompt() -> None:
    assert not step(100, ended=80).holds


def test_what_an_engine_keeps_back_is_no_lag_and_is_not_achieved() -> None:
    held = Step(100, 85, 84, 0.005, 0.01)
    assert held.holds
    assert held.achieved == 84


def test_a_call_that_never_began_does_not_hold() -> None:
    assert not step(100, delay=math.inf).holds


def test_a_ladder_climbs_evenly_through_its_centre() -> None:
    rates = around(100)
    assert 100 in rates
    assert rates[0] < 100 < rates[-1]
    ratios = [high / low for low, high in itertools.pairwise(rates)]
    assert ratios == pytest.approx([FACTOR] * len(ratios), rel=0.01)


def test_the_next_ladder_goes_where_the_ceiling_was() -> None:
    all_hold = [step(rate) for rate in around(100)]
    assert topped(all_hold)
    assert shifted(100, all_hold) > 100
    none_hold = [step(rate, delay=9.0) for rate in around(100)]
    assert shifted(100, none_hold) < 100
    some = [step(90), step(95, delay=9.0)]
    assert shifted(100, some) == pytest.approx(90 * FACTOR)
