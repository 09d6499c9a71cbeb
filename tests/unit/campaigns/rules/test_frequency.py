"""How often a person is called by one controller."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from campaigns.rules.frequency import Cap, capped_until

NOW = datetime(2027, 3, 1, 11, tzinfo=UTC)
CAP = Cap(2, 30)


def ago(**delta: float) -> datetime:
    return NOW - timedelta(**delta)


def test_as_many_as_are_allowed_and_then_when_the_oldest_counts_no_more() -> None:
    assert capped_until(CAP, [], NOW) is None
    assert capped_until(CAP, [ago(days=1)], NOW) is None
    assert capped_until(CAP, [ago(days=1), ago(days=9)], NOW) == ago(days=9) + CAP.window


def test_an_attempt_counts_up_to_the_last_instant() -> None:
    assert capped_until(CAP, [ago(days=1), ago(days=30)], NOW) is None
    assert capped_until(CAP, [ago(days=1), ago(days=29.999)], NOW) is not None


def test_where_more_were_made_than_allowed_enough_of_them_must_leave() -> None:
    begun = [ago(days=days) for days in (1, 2, 3, 4)]
    assert capped_until(CAP, begun, NOW) == ago(days=2) + CAP.window


@given(
    st.lists(st.floats(0, 80, allow_nan=False).map(lambda days: ago(days=days)), max_size=8),
    st.integers(1, 4),
    st.integers(1, 40),
)
def test_it_opens_exactly_when_it_says(begun: list[datetime], most: int, days: int) -> None:
    cap = Cap(most, days)
    until = capped_until(cap, begun, NOW)
    if until is None:
        assert sum(at > NOW - cap.window for at in begun) < most
    else:
        assert until > NOW
        assert capped_until(cap, begun, until) is None
        assert capped_until(cap, begun, until - timedelta(microseconds=1)) == until


@pytest.mark.parametrize(("most", "days"), [(0, 30), (3, 0), (-1, -1)])
def test_caps_that_allow_nothing(most: int, days: int) -> None:
    with pytest.raises(InvalidInput):
        Cap(most, days)
