import math

import pytest

from bench.ladder import FACTOR, MOST_DELAY_S, Ladder, Step, ceiling


def step(offered: float, delay: float = 0.01, achieved: float | None = None) -> Step:
    return Step(offered, offered if achieved is None else achieved, delay / 2, delay)


LATE = 2 * MOST_DELAY_S


def test_the_ceiling_is_the_best_that_was_achieved_without_growing_lag() -> None:
    steps = [step(95, LATE), step(100, achieved=99), step(105, achieved=104), step(110, LATE)]
    assert ceiling(steps) == 104


def test_where_no_step_holds_there_is_no_ceiling() -> None:
    assert ceiling([step(100, LATE), step(105, LATE)]) == 0


def test_a_rate_that_is_not_reached_does_not_hold_however_prompt() -> None:
    assert not step(100, achieved=80).holds


def test_a_call_that_never_began_does_not_hold() -> None:
    assert not step(100, delay=math.inf).holds


def test_a_ladder_climbs_evenly_until_a_rate_fails_twice_in_a_row() -> None:
    ladder = Ladder(100)
    for holds in (True, False, True, True, False):
        assert not ladder.over
        ladder.took(step(ladder.rate, 0.01 if holds else LATE))
    assert not ladder.over
    ladder.took(step(ladder.rate, LATE))
    assert ladder.over
    tried = [one.offered for one in ladder.steps]
    rising = [100 * FACTOR**n for n in (0, 1, 1, 2, 3, 3)]
    assert tried == pytest.approx(rising, rel=0.002)
    assert ceiling(ladder.steps) == tried[3]


def test_a_ladder_of_which_no_rate_holds_goes_down() -> None:
    ladder = Ladder(100)
    for _ in range(2):
        ladder.took(step(ladder.rate, LATE))
    assert ladder.rate < 95
    assert not ladder.over
    ladder.took(step(ladder.rate))
    assert ladder.rate > ladder.steps[-1].offered


def test_the_next_ladder_begins_below_where_the_ceiling_was() -> None:
    assert Ladder.below(100).rate == pytest.approx(100 / FACTOR**2, rel=0.001)
