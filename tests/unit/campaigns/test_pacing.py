"""Limits of calls per second and of concurrent calls, against windows counted by brute force."""

import math
import random
from heapq import heappop, heappush

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.pacing import (
    BEHIND_S,
    SPARE_S,
    UNKNOWN_SPARE_S,
    Backlog,
    Lag,
    Pace,
    Slots,
)

TOLERANCE_S = 1e-9
"""Sums of floats: two starts a window apart may seem to be a billionth nearer."""


def most_in_window(starts: list[float], length: float = 1.0) -> int:
    """The most starts that any window of that length, its end not included, ever held."""
    starts = sorted(starts)
    first = most = 0
    for last, start in enumerate(starts):
        while start - starts[first] >= length - TOLERANCE_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def place(pace: Pace, begin: float, seconds: float, lateness: random.Random, late_s: float
          ) -> list[float]:  # fmt: skip
    """Start what is allowed, from a sender that wakes up to `late_s` late each time."""
    starts: list[float] = []
    now = begin
    while (now := max(now, pace.earliest(now)) + lateness.random() * late_s) < begin + seconds:
        while pace.earliest(now) <= now:
            pace.start(now)
            starts.append(now)
    return starts


chances = st.integers(0, 2**32).map(random.Random)
rates = st.one_of(st.integers(1, 200).map(float), st.floats(0.2, 200, allow_nan=False))


@settings(max_examples=60, deadline=None)
@given(rates, st.floats(0, 0.005), st.floats(0, 0.4), st.floats(0, 0.1), st.floats(-9e8, 9e8),
       chances)  # fmt: skip
def test_no_second_ever_holds_more_invites_than_the_limit(
    rate: float, least: float, varies: float, heard_late: float, clock: float,
    chance: random.Random,
) -> None:  # fmt: skip
    """However long INVITEs take, which is told after they have left, by another clock."""
    pace, lag = Pace(rate), Lag()
    lag.counted(999.0, 999.0 + least + clock, 999.1)
    pace.allow_for(lag.spare)
    invites: list[float] = []
    on_the_way: list[tuple[float, float, float]] = []
    now = 1000.0
    while now < 1006.0:
        while on_the_way and on_the_way[0][0] <= now:
            heard, said, sent = heappop(on_the_way)
            pace.began(sent, lag.counted(sent, said + clock, heard))
        if pace.earliest(now) <= now:
            pace.start(now)
            invites.append(now + least + chance.random() ** 4 * varies)
            said = invites[-1] + chance.random() * 0.005
            heappush(on_the_way, (said + chance.random() * heard_late, said, now))
        else:
            soonest = on_the_way[0][0] if on_the_way else math.inf
            now = max(now, min(soonest, pace.earliest(now)))
    assert most_in_window(invites) <= max(1, math.floor(rate))


def test_a_call_begun_late_is_counted_when_it_was_begun() -> None:
    pace = Pace(10)
    starts = place(pace, 0.0, 0.99, random.Random(1), 0.0)
    pace.began(starts[0], 0.4)
    assert len(starts) == 10
    assert pace.earliest(1.05) > 1.1
    assert pace.started_since(0.35) == sum(at > 0.35 for at in starts) + 1


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.floats(0, 0.012), chances)
def test_the_limit_is_used_while_there_is_work(
    rate: int, late: float, chance: random.Random
) -> None:
    pace = Pace(rate)
    pace.allow_for(SPARE_S)
    starts = place(pace, 50.0, 20.0, chance, late)
    assert len(starts) >= 0.98 * rate * 20 - 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 100), st.floats(0.1, 1.5)), min_size=2, max_size=6),
       chances)  # fmt: skip
def test_a_limit_changed_while_calling_holds_at_once(
    changes: list[tuple[int, float]], chance: random.Random
) -> None:
    pace, now = Pace(changes[0][0]), 500.0
    all_starts: list[float] = []
    for rate, seconds in changes:
        pace.change(rate)
        began = len(all_starts)
        all_starts += place(pace, now, seconds, chance, 0.005)
        own = all_starts[began:]
        assert most_in_window(own) <= rate
        # What was started before the change counts too: no burst at the moment of the change.
        for at in own:
            last_second = [start for start in all_starts if at - 1 < start <= at]
            assert len(last_second) <= rate
        now += seconds


def test_a_limit_below_one_a_second() -> None:
    starts = place(Pace(0.5), 0.0, 20.0, random.Random(1), 0.0)
    assert most_in_window(starts, 2.0) == 1
    assert len(starts) == 10


def test_lost_time_is_never_made_up_for_in_a_burst() -> None:
    pace = Pace(100)
    pace.start(10.0)
    late = 14.0
    burst = place(pace, late, 0.2, random.Random(1), 0.0)
    assert len(burst) <= 0.2 * 100 + 1 + 0.05 * 100


@settings(max_examples=60, deadline=None)
@given(rates, st.floats(0, 2), st.floats(0, 1), chances)
def test_room_is_what_could_really_be_started(
    rate: float, before: float, ahead: float, chance: random.Random
) -> None:
    pace, now = Pace(rate), 100.0 + before
    place(pace, 100.0, before, chance, 0.01)
    room = pace.room(now, now + ahead)
    count = 0
    while (at := pace.earliest(now)) <= now + ahead:
        pace.start(at)
        count += 1
    assert room == count


def test_asking_for_room_spends_nothing() -> None:
    pace = Pace(20)
    assert [pace.room(5.0, 5.2) for _ in range(3)] == [pace.room(5.0, 5.2)] * 3


def test_starts_of_the_last_second_are_counted() -> None:
    pace = Pace(10)
    for at in (1.0, 1.2, 1.4, 1.9):
        pace.start(at)
    assert pace.started_since(1.0) == 3


def test_slots() -> None:
    slots = Slots(2)
    for attempt in ("a", "a", "b"):
        slots.take(attempt)
    assert (slots.used, slots.free) == (2, 0)
    slots.limit = 1
    assert slots.free == 0, "never negative where the limit was lowered under what is in use"
    slots.release("a")
    slots.release("a")
    assert (slots.used, slots.free) == (1, 0)
    slots.release("b")
    assert slots.free == 1


def test_a_call_counts_as_much_later_as_its_invite_took_longer_than_the_quickest() -> None:
    lag = Lag()
    assert lag.spare == UNKNOWN_SPARE_S
    assert lag.counted(100.0, 0.0, 100.5) == 100.5, "the PBX does not say"
    assert not lag.is_known
    assert lag.counted(100.0, 5000.001, 100.5) == 100.0
    assert lag.counted(106.0, 5006.004, 106.5) == pytest.approx(106.003)
    assert lag.counted(107.0, 5007.0, 107.5) == 107.0, "quicker than any before"
    assert lag.spare == SPARE_S


def test_the_quickest_is_forgotten_after_half_a_minute() -> None:
    lag = Lag()
    lag.counted(100.0, 100.001, 100.1)
    for at in range(107, 150, 3):
        last = lag.counted(float(at), at + 0.003, at + 0.1)
    assert last == 149.0


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_pbx_whose_clock_is_stepped_is_followed_at_once(step: float) -> None:
    lag = Lag()
    lag.counted(100.0, 5000.001, 100.1)
    assert lag.counted(101.0, 5001.004 + step, 101.1) == 101.0
    assert lag.counted(102.0, 5002.007 + step, 102.1) == pytest.approx(102.003)


def test_no_call_counts_later_than_it_was_heard_of() -> None:
    lag = Lag()
    lag.counted(100.0, 100.001, 100.1)
    assert lag.counted(101.0, 102.501, 101.02) == 101.02


def test_nothing_is_sent_while_an_order_is_late_nor_for_a_window_after_it() -> None:
    backlog = Backlog()
    backlog.sent("a", 10.0)
    backlog.sent("b", 10.4)
    assert backlog.earliest(10.0 + BEHIND_S) == 10.0 + BEHIND_S
    assert backlog.earliest(12.0) > 12.0
    assert backlog.begun("a", 13.0, 1.06) == 10.0
    assert backlog.begun("b", 13.0, 1.06) == 10.4
    assert backlog.earliest(13.1) == pytest.approx(14.06)
    assert backlog.earliest(14.1) == 14.1


def test_an_order_in_time_or_given_up_holds_nothing_back() -> None:
    backlog = Backlog()
    backlog.sent("a", 10.0)
    backlog.sent("b", 10.0)
    assert backlog.begun("a", 10.1, 1.06) == 10.0
    backlog.forget("b")
    assert backlog.begun("b", 12.0, 1.06) is None
    assert backlog.earliest(12.0) == 12.0
