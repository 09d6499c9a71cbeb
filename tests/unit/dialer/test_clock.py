"""A step of the wall clock is noticed, once, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.clock import STEP_S, ClockWatch

CYCLES = st.lists(st.floats(0.001, 3600.0), min_size=1, max_size=50)
"""Seconds from one look to the next; an hour is a process that was stopped."""


@given(CYCLES, st.floats(-1e-4, 1e-4), st.floats(0, 2e9))
def test_time_that_passes_is_no_step_however_long_and_however_the_clocks_drift(
    cycles: list[float], drift: float, begin: float
) -> None:
    watch, now = ClockWatch(begin, 0.0), 0.0
    for cycle in cycles:
        now += cycle
        assert watch.step(begin + now * (1 + drift), now) == 0.0


@given(CYCLES, st.data())
def test_a_step_is_told_once_with_its_size(cycles: list[float], data: st.DataObject) -> None:
    size = data.draw(st.floats(STEP_S + 0.001, 1e8).flatmap(lambda s: st.sampled_from([s, -s])))
    when = data.draw(st.integers(0, len(cycles) - 1))
    watch, now, told = ClockWatch(1.7e9, 0.0), 0.0, []
    for index, cycle in enumerate(cycles):
        now += cycle
        told.append(watch.step(1.7e9 + now + (size if index >= when else 0.0), now))
    assert [bool(one) for one in told] == [index == when for index in range(len(cycles))]
    assert told[when] == pytest.approx(size, abs=0.01)


def test_many_steps_are_told_one_by_one() -> None:
    watch = ClockWatch(0.0, 0.0)
    walls = [10.0, 3610.0, 3610.1, -20.0, -19.9]
    found = [watch.step(wall, 0.0) for wall in walls]
    assert found == [10.0, 3600.0, 0.0, -3630.1, 0.0]


@pytest.mark.parametrize("size", [-2.0, -0.5, 0.5, 2.0])
def test_what_ntp_does_to_a_clock_that_is_nearly_right_is_none(size: float) -> None:
    assert ClockWatch(0.0, 0.0).step(1.0 + size, 1.0) == 0.0
