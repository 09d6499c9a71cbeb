"""Machines are told from people by how long, how densely and until when they speak."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.machine import (
    BEEP_MS,
    LEAST_SOUND_MS,
    LEAST_TALK_MS,
    LONGEST_SOUND_MS,
    MOST_BEGINNINGS,
    PAUSE_MS,
    SURE_TALK_MS,
    Ear,
    Leaving,
    MachineMode,
    Machines,
    is_greeting,
    is_surely_greeting,
)

GREETING = [(600, 3400), (3700, 6900), (7200, 9900)]
"""8.7 s of talk."""
STRETCHES = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(LEAST_SOUND_MS, 12_000)), max_size=12
)


def heard(stretches: Sequence[tuple[int, int]]) -> Ear:
    ear = Ear()
    for start, end in stretches:
        ear.begins(start)
        ear.ends(end)
    return ear


def laid_out(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of (silence before, sound) as (start, end)."""
    found, at = [], 0
    for silence, sound in stretches:
        found.append((at + silence, at + silence + sound))
        at += silence + sound
    return found


def test_a_greeting_is_one_once_it_has_paused_and_not_before() -> None:
    ear = heard(GREETING)
    assert ear.greets(MachineMode.LEAVE_MESSAGE)
    assert ear.greets(MachineMode.HANG_UP)
    assert not ear.paused(9900 + PAUSE_MS - 1)
    assert ear.paused(9900 + PAUSE_MS)
    ear.begins(10_700)
    assert not ear.paused(10_700 + PAUSE_MS)


@pytest.mark.parametrize(
    "person",
    [
        [],
        [(300, 900)],
        [(300, 900), (2900, 3600)],  # who asks again after a silence
        [(300, 4300)],
        [(300, 900), (4000, 6000), (9000, 11_000), (16_000, 18_000)],  # who answers back
        [(0, 25_000)],  # who stands in a street
    ],
)
def test_people_are_none(person: list[tuple[int, int]]) -> None:
    for mode in (MachineMode.LEAVE_MESSAGE, MachineMode.HANG_UP):
        assert not heard(person).greets(mode)


@pytest.mark.parametrize(
    "person",
    [
        [(400, 1900), (2100, 3400), (3700, 5400)],  # who answers for a firm, in one breath
        [(400, 1900), (2100, 3400), (3700, 7700)],
        [(400, 4800), (5100, 9200)],  # a street
        [(400, 1900), (2100, 5400), (6400, 10_200)],  # and asks whether somebody is there
        [(t, t + 500) for t in range(400, 14_000, 800)],  # music to wait by
    ],
)
def test_who_talks_like_a_machine_is_left_a_message_and_not_hung_up_on(
    person: list[tuple[int, int]],
) -> None:
    assert heard(person).greets(MachineMode.LEAVE_MESSAGE)
    assert not heard(person).greets(MachineMode.HANG_UP)


def test_a_click_is_no_sound() -> None:
    ear = Ear()
    ear.begins(0)
    assert not ear.ends(LEAST_SOUND_MS - 1)
    assert ear.sounds == []
    ear.begins(100)
    assert ear.ends(100 + LEAST_SOUND_MS)


@given(STRETCHES)
def test_who_says_little_or_never_stops_is_a_person(stretches: list[tuple[int, int]]) -> None:
    found = laid_out(stretches)
    sounds = heard(found).sounds
    talk = sum(one.ms for one in sounds)
    if talk < LEAST_TALK_MS or any(one.ms > LONGEST_SOUND_MS for one in sounds):
        assert not is_greeting(sounds)
    if talk < SURE_TALK_MS or not is_greeting(sounds):
        assert not is_surely_greeting(sounds)


@given(STRETCHES, st.integers(0, 60_000))
def test_while_somebody_speaks_nothing_has_paused(
    stretches: list[tuple[int, int]], later: int
) -> None:
    found = laid_out(stretches)
    ear = heard(found)
    assert ear.paused(10**6) is bool(ear.sounds)
    last = found[-1][1] if found else 0
    ear.begins(last + 1)
    assert not ear.paused(last + later)


def test_a_message_is_begun_anew_for_each_beep_that_comes_into_it_and_not_for_ever() -> None:
    leaving = Leaving(10_000)
    times = 1
    while leaving.begins_anew(leaving.begun + 500):
        times += 1
    assert times == MOST_BEGINNINGS
    assert not Leaving(10_000).begins_anew(10_000 + BEEP_MS + 1)


@pytest.mark.parametrize(
    ("mode", "message"),
    [(MachineMode.LEAVE_MESSAGE, ""), (MachineMode.HANG_UP, "m"), (MachineMode.OFF, "m")],
)
def test_a_message_goes_with_leaving_one(mode: MachineMode, message: str) -> None:
    with pytest.raises(InvalidInput, match="a message is left"):
        Machines(mode, message, 1000)


def test_what_a_machine_may_add_to_a_call_is_counted_in() -> None:
    assert Machines().most_ms == 0
    hang_up = Machines(MachineMode.HANG_UP).most_ms
    assert 0 < hang_up < Machines(MachineMode.LEAVE_MESSAGE, "m", 5000).most_ms - 5000
