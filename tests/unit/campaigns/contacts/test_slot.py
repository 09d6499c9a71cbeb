"""A consented slot is read strictly: what lists really write is understood, the rest refused."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.slot import LONGEST, common, read_slot
from campaigns.contacts.slot_text import InvalidSlot, SlotFault
from campaigns.errors import InvalidInput

FRENCH = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
ENGLISH = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("18:00-20:00", "18:00-20:00"),
        ("18h-20h", "18:00-20:00"),
        ("18 h 30 – 20 h", "18:30-20:00"),
        ("18-20h", "18:00-20:00"),
        ("18:00:00-20:00:00", "18:00-20:00"),
        ("de 18h à 20h", "18:00-20:00"),
        ("entre 18h et 20h", "18:00-20:00"),
        ("between 18:00 and 20:00", "18:00-20:00"),
        ("from 18:00 to 20:00", "18:00-20:00"),
        ("midi-14h", "12:00-14:00"),
        ("20h-minuit", "20:00-24:00"),
        ("20:00-00:00", "20:00-24:00"),
        ("0h-24h", "00:00-24:00"),
        ("10h-12h, 14h-16h", "10:00-12:00, 14:00-16:00"),
        ("10h-13h et 12h-16h", "10:00-16:00"),
        ("lun-ven 18h-20h", "mon-fri 18:00-20:00"),
        ("Lundi au vendredi de 18h à 20h", "mon-fri 18:00-20:00"),
        ("du lundi au vendredi, entre 18h et 20h", "mon-fri 18:00-20:00"),
        ("18h-20h du lundi au vendredi", "mon-fri 18:00-20:00"),
        ("lun., mer. 10h-12h", "mon, wed 10:00-12:00"),
        ("Mon, Wed 10-12 and 14:30-16; Sat 9-12",
         "mon, wed 10:00-12:00, 14:30-16:00; sat 09:00-12:00"),
        ("10-12 mon; 14-16 sat", "mon 10:00-12:00; sat 14:00-16:00"),
        ("en semaine 18h-20h", "mon-fri 18:00-20:00"),
        ("weekdays 18:00-20:00", "mon-fri 18:00-20:00"),
        ("week-end", "sat, sun 00:00-24:00"),
        ("tous les jours 9h-12h", "09:00-12:00"),
        ("every day", "00:00-24:00"),
        ("ven-lun 10h-12h", "mon, fri, sat, sun 10:00-12:00"),
        ("SAMEDI", "sat 00:00-24:00"),
        ("lun 10-12; mar 10-12; mer 10-12", "mon-wed 10:00-12:00"),
    ],
)  # fmt: skip
def test_what_people_write(written: str, kept: str) -> None:
    assert str(read_slot(written)) == kept


@pytest.mark.parametrize(
    "written",
    [
        "le soir",
        "18h",
        "18h-",
        "-20h",
        "18h 20h",
        "25h-26h",
        "18:75-20:00",
        "6pm-8pm",
        "6-8pm",
        "10-12-2026",
        "2026-12-10",
        "lun-ven 18h-20h, sam",
        "18h-20h lun-ven, 10h-12h",
        "mon-fri-sun 10-12",
        "18h-20h lun-",
        ",",
        " ",
        "x" * (LONGEST + 1),
    ],
)
def test_what_has_no_reading_or_two_is_refused(written: str) -> None:
    with pytest.raises(InvalidSlot) as refused:
        read_slot(written)
    assert refused.value.fault is SlotFault.UNREADABLE
    assert refused.value.why
    assert refused.value.remedy


@pytest.mark.parametrize("written", ["22h-2h", "20h-18h", "10h-10h", "lun 20h-18h"])
def test_hours_that_pass_midnight_are_two_slots(written: str) -> None:
    with pytest.raises(InvalidSlot) as refused:
        read_slot(written)
    assert refused.value.fault is SlotFault.ENDS_FIRST


minutes = st.integers(0, 24 * 60)
ranges = st.lists(
    st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]), min_size=1, max_size=3
)
groups = st.lists(st.tuples(st.sets(st.integers(1, 7), min_size=1), ranges), min_size=1, max_size=3)


def clock(minute: int, style: str) -> str:
    hour, past = divmod(minute, 60)
    return f"{hour}h{past:02}" if style == "fr" else f"{hour:02}:{past:02}"


@settings(deadline=None)
@given(groups, st.sampled_from(["fr", "en"]))
def test_a_slot_holds_at_exactly_the_minutes_written(
    written: list[tuple[set[int], list[tuple[int, int]]]], style: str
) -> None:
    names = FRENCH if style == "fr" else ENGLISH
    text = "; ".join(
        ", ".join(names[day - 1] for day in sorted(days)) + " "
        + ", ".join(f"{clock(begin, style)}-{clock(end, style)}" for begin, end in hours)
        for days, hours in written
    )  # fmt: skip
    if len(text) > LONGEST:
        return
    slot = read_slot(text)
    monday = datetime(2026, 11, 23)  # noqa: DTZ001 -- wall-clock time of any zone
    for quarter in range(7 * 96):
        local = monday + timedelta(minutes=15 * quarter)
        minute = local.hour * 60 + local.minute
        wanted = any(
            local.isoweekday() in days and any(begin <= minute < end for begin, end in hours)
            for days, hours in written
        )
        assert any(window.holds(local) for window in slot.windows) is wanted, local
    assert read_slot(str(slot)) == slot, "what is kept is read as the same"


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_slot_or_refused(text: str) -> None:
    try:
        slot = read_slot(text)
    except InvalidInput:
        return
    assert slot.windows
    assert read_slot(str(slot)) == slot


signs = st.sampled_from([*"lunmarvesdi 0128h:-,;.", " et ", " à ", " de ", "midi", "lun", "18h"])


@settings(deadline=None)
@given(st.lists(signs, max_size=14).map("".join))
def test_texts_that_look_like_slots_too(text: str) -> None:
    try:
        slot = read_slot(text)
    except InvalidInput:
        return
    assert all(window.start < window.end for window in slot.windows)
    assert all(time.min <= window.start for window in slot.windows)
    assert read_slot(str(slot)) == slot


@given(
    st.sampled_from(["18h-20h", "lun-ven 9h-19h", "sam 10-12; lun 8h-12h", "0h-24h", "week-end"]),
    st.sampled_from(["19h-22h", "mer, sam 11h-18h30", "ven-lun 10h-12h", "0h-24h", "20h-minuit"]),
    st.integers(0, 14 * 24 * 60),
)
def test_common_hours_are_those_of_both(first: str, second: str, minute: int) -> None:
    one, other = read_slot(first), read_slot(second)
    both, at = common(one, other), datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minute)
    holds = [any(window.holds(at) for window in slot.windows) for slot in (one, other, both)]
    assert holds[2] == (holds[0] and holds[1])
    if both.windows:
        assert read_slot(str(both)) is not None
