"""Rule packs and hours as they are written."""

from datetime import time

import pytest

from campaigns.errors import InvalidInput
from operations import packs


def test_an_unknown_pack_is_answered_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="fr-political"):
        packs.load("fr-political ")
    with pytest.raises(InvalidInput, match="no rule pack"):
        packs.load("../../../etc/passwd")


def test_midnight_is_the_end_of_the_day() -> None:
    window = packs.read_window({"days": [6, 7], "start": "18:00", "end": "24:00"})
    assert (window.days, window.start, window.end) == ({6, 7}, time(18), time.max)


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("10h", "13:00", "start"),
        ("10:00", "25:00", "end"),
        ("", "13:00", "start"),
        ("10:00+02:00", "13:00+02:00", "start"),
        ("10:00", "13:00Z", "end"),
        ("13:00", "10:00", "window"),
    ],
)
def test_times_that_cannot_be(start: str, end: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        packs.read_window({"days": [1], "start": start, "end": end})
    assert caught.value.field == field


@pytest.mark.parametrize("days", [[], [0], [8], [1, 9]])
def test_days_that_are_none(days: list[int]) -> None:
    with pytest.raises(InvalidInput, match="days of the week"):
        packs.read_window({"days": days, "start": "10:00", "end": "11:00"})
