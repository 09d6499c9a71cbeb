"""An invoice beside our own calls: everything that differs is found, once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.invoice import Billed, Difference, compare

AT = datetime(2026, 11, 26, 11, tzinfo=UTC)


def call(index: int, seconds: int = 30, cost: int = 5_000, **later: float) -> Billed:
    start = AT + timedelta(minutes=10 * index) + timedelta(**later)
    return Billed(f"+3363998{index:04d}", start, seconds, cost, line=index + 2)


CALLS = [call(index) for index in range(6)]


def test_the_same_calls_do_not_differ() -> None:
    found = compare(CALLS, [replace(one, start=one.start + timedelta(seconds=4)) for one in CALLS])
    assert (found.matched, found.findings, found.ours == found.theirs) == (6, (), True)


def test_what_differs_is_named() -> None:
    theirs = [
        call(0), call(1, seconds=95, cost=15_000), call(2, cost=9_000), call(3, minutes=3),
        call(4, seconds=31),
    ]  # fmt: skip
    found = compare(CALLS, theirs)
    named = [(one.difference, one.number[-1]) for one in found.findings]
    assert named == [
        (Difference.DURATION, "1"), (Difference.PRICE, "2"), (Difference.NOT_OURS, "3"),
        (Difference.NOT_BILLED, "3"), (Difference.NOT_BILLED, "5"),
    ]  # fmt: skip
    assert found.matched == 4
    assert found.excess(Difference.DURATION) == 10_000
    assert found.excess(Difference.NOT_BILLED) == -10_000


def test_a_call_billed_twice_is_ours_once() -> None:
    found = compare([call(1)], [call(1), call(1, seconds=30, minutes=1)])
    assert [one.difference for one in found.findings] == [Difference.NOT_OURS]


def test_of_two_calls_to_a_number_the_nearest_is_taken() -> None:
    ours = [call(1), call(1, seconds=50, cost=8_000, minutes=1)]
    found = compare(ours, [replace(ours[1], start=ours[1].start - timedelta(seconds=9))])
    assert [one.difference for one in found.findings] == [Difference.NOT_BILLED]


def test_a_call_that_cost_nothing_need_not_be_billed() -> None:
    assert compare([call(1, cost=0)], []).findings == ()


@given(st.lists(st.sampled_from(CALLS), unique=True), st.lists(st.sampled_from(CALLS), unique=True))
def test_differences_account_for_the_sums(ours: list[Billed], theirs: list[Billed]) -> None:
    found = compare(ours, theirs)
    assert found.theirs - found.ours == sum(found.excess(one) for one in Difference)
    assert found.matched == len(set(ours) & set(theirs))
