"""What a trunk bears: less than it fell behind at, and tried again with time."""

import math

from hypothesis import given
from hypothesis import strategies as st

from campaigns.trunk_strain import (
    BACK_OFF,
    COMEBACK_S,
    LEAST,
    LOOKED_BACK_S,
    PLATEAU,
    QUIET_S,
    RISE_PER_S,
    Strain,
)

WALL = 150.0


def called_at(strain: Strain, rate: float, begin: float, seconds: float = 10.0) -> float:
    """A time of calling at a rate; when it ends."""
    for half in range(round(seconds * 2)):
        strain.called(begin + half / 2, rate)
    return begin + seconds


def test_nothing_is_held_back_until_it_fell_behind() -> None:
    strain = Strain()
    end = called_at(strain, WALL, 0)
    assert math.isinf(strain.bears(end))


def test_it_is_called_more_slowly_than_where_it_fell_behind() -> None:
    strain = Strain()
    end = called_at(strain, WALL, 0)
    assert strain.late(end)
    assert strain.bears(end) == BACK_OFF * WALL


def test_late_calls_of_one_time_count_once() -> None:
    strain = Strain()
    end = called_at(strain, WALL, 0)
    news = [strain.late(end + tenth / 10) for tenth in range(round(QUIET_S * 30))]
    assert news.count(True) == 1
    assert strain.bears(end) == BACK_OFF * WALL
    assert strain.late(end + QUIET_S * 10) is False, "nothing was called that it could tell of"


def test_a_stall_in_which_nothing_was_called_tells_the_rate_before_it() -> None:
    strain = Strain()
    end = called_at(strain, WALL, 0)
    end = called_at(strain, 0, end, LOOKED_BACK_S / 2)
    assert strain.late(end)
    assert strain.bears(end) == BACK_OFF * WALL


def test_it_is_called_just_below_the_wall_again_soon_and_tries_it_later() -> None:
    strain = Strain()
    end = called_at(strain, WALL, 0)
    strain.late(end)
    won = (strain.bears(end + COMEBACK_S / 2) / WALL - BACK_OFF) / (PLATEAU - BACK_OFF)
    assert won > 0.8, "most of it within half of the time"
    again = (1 / PLATEAU - 1) / RISE_PER_S
    assert again > COMEBACK_S
    assert strain.bears(end + again - 1) < WALL < strain.bears(end + again + 1)


def test_what_stirs_once_a_minute_does_not_call_it_ever_more_slowly() -> None:
    """Another program holds the machine up for a moment, far below what it bears, for an hour."""
    strain, now = Strain(), 0.0
    now = called_at(strain, WALL, now)
    strain.late(now)
    for half in range(7200):
        now += 0.5
        strain.called(now, min(100.0, strain.bears(now)))
        if half % 120 == 119:
            strain.late(now)
    assert strain.bears(now + COMEBACK_S / 2) > 0.9 * 100.0


def test_a_machine_that_bears_less_from_now_on_is_believed_soon() -> None:
    strain, now, late = Strain(), 0.0, 0
    now = called_at(strain, WALL, now)
    strain.late(now)
    for _ in range(240):
        now += QUIET_S + 0.1
        rate = strain.bears(now)
        strain.called(now, rate)
        late += rate > WALL / 2 and strain.late(now)
    assert strain.bears(now) < 1.1 * WALL / 2
    assert late < 30


def test_it_settles_below_a_wall_and_loses_little() -> None:
    """An hour against a machine that does half of what it is asked above 140 a second."""
    strain, wall, now, done, late = Strain(), 140.0, 0.0, 0.0, 0
    while now < 3600:
        asked = min(WALL, strain.bears(now))
        strain.called(now, asked)
        if asked > wall:
            late += strain.late(now)
            done += wall / 2 * QUIET_S
            now += QUIET_S + 0.5
        else:
            done += asked * 0.5
            now += 0.5
    assert done / now > 0.93 * wall
    assert late < 35


@given(st.lists(st.tuples(st.floats(0.1, 60), st.floats(0, 1000), st.booleans()), max_size=60))
def test_it_never_forbids_everything(steps: list[tuple[float, float, bool]]) -> None:
    strain, now = Strain(), 0.0
    for seconds, rate, late in steps:
        now += seconds
        strain.called(now, min(rate, strain.bears(now)))
        if late:
            strain.late(now)
        assert strain.bears(now) >= LEAST
