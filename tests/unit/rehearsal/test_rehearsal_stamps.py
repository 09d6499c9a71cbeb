"""A far side that is held up does not take what arrived for having arrived sooner."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.stamps import ahead

AHEAD_S = 1.7e9


class Time:
    """Passes as told between one reading and the next, of whichever clock."""

    def __init__(self, passes: Iterator[float]) -> None:
        self._passes = passes
        self._now = 100.0

    def clock(self) -> float:
        self._now += next(self._passes)
        return self._now

    def wall(self) -> float:
        return self.clock() + AHEAD_S


@given(st.lists(st.sampled_from([1e-6, 0.022, 0.4]), min_size=0, max_size=20))
def test_how_far_the_clocks_are_apart_is_found_however_often_one_is_held_up(
    passes: list[float],
) -> None:
    time = Time(iter([*passes, *[1e-6] * 30]))
    assert abs(ahead(time.clock, time.wall) - AHEAD_S) < 1e-4


def test_where_one_is_always_held_up_the_least_counts() -> None:
    time = Time(iter([0.5, 0.1, 0.1] * 7 + [0.5, 0.001, 0.001]))
    assert abs(ahead(time.clock, time.wall) - AHEAD_S) < 0.0015
