"""The month in which a request must be answered (GDPR 12(3), Regulation 1182/71, article 3)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.request import due_on

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))


def never(day: date) -> bool:
    del day
    return False


@pytest.mark.parametrize(
    ("received", "last"),
    [
        (date(2026, 3, 5), date(2026, 4, 6)),  # the 5th is a Sunday
        (date(2026, 3, 10), date(2026, 4, 10)),
        (date(2026, 8, 31), date(2026, 9, 30)),  # no 31st
        (date(2027, 1, 31), date(2027, 3, 1)),  # 28 February is a Sunday
        (date(2028, 1, 30), date(2028, 2, 29)),  # a leap year
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_the_last_day(received: date, last: date) -> None:
    assert due_on(received, never) == last


def test_a_holiday_is_not_the_last_day() -> None:
    christmas = date(2026, 12, 25)  # a Friday
    assert due_on(date(2026, 11, 25), lambda day: day == christmas) == date(2026, 12, 28)


@given(DAYS, st.sets(st.integers(0, 40)))
def test_it_is_the_first_working_day_from_the_same_date_on(received: date, gaps: set[int]) -> None:
    holidays = {received + timedelta(days=one) for one in gaps}
    last = due_on(received, holidays.__contains__)
    first = due_on(received, never)
    assert last.weekday() < 5
    assert last not in holidays
    same = (first - timedelta(days=one) for one in range(3))
    assert any(day.day == received.day or (day + timedelta(days=1)).day == 1 for day in same)
    between = (first + timedelta(days=one) for one in range((last - first).days))
    assert all(day in holidays or day.weekday() >= 5 for day in between)
    assert 28 <= (first - received).days <= 33


@given(DAYS, DAYS)
def test_what_came_later_is_not_due_earlier(one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert due_on(first, never) <= due_on(second, never)
