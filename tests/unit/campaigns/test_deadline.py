"""Deadlines: the rate they need, and whether the limits allow it."""

import sys
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import deadline
from campaigns.campaign import Campaign, Limits
from campaigns.contacts.basis import Evidence
from campaigns.rules.blackout import Blackout
from campaigns.rules.windows import Window
from campaigns.states import CampaignState

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # a Monday, noon in Paris
EIGHT_PM = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
PARIS, REUNION = "Europe/Paris", "Indian/Reunion"
WINDOW = Window(frozenset(range(1, 6)), time(10), time(20))


def campaign(
    finish_by: datetime | None = EIGHT_PM,
    limits: Limits = Limits(1000, 5.0),  # noqa: B008
    windows: tuple[Window, ...] = (WINDOW,),
    blackouts: tuple[Blackout, ...] = (),
) -> Campaign:
    return Campaign(
        1, 1, "c", "political", CampaignState.RUNNING, "t", "+33199001234", "m", 30_000, limits,
        windows, Evidence.ROW, ring_timeout_s=20, finish_by=finish_by, blackouts=blackouts,
    )  # fmt: skip


def hours_left(one: Campaign, now: datetime = NOW, zones: tuple[str, ...] = (PARIS,)) -> float:
    return 3600 / deadline.needed_rate(one, 3600, zones, now) / 3600


def test_eight_hours_until_eight_in_the_evening() -> None:
    assert deadline.needed_rate(campaign(), 28_800, [PARIS], NOW) == 1.0
    found = deadline.outlook(campaign(), 28_800, [PARIS], NOW)
    assert found is not None
    assert (found.needed_cps, found.met) == (1.0, True)
    assert found.done_at == NOW + timedelta(seconds=28_800 / 5)


def test_a_deadline_that_the_limits_do_not_allow_for() -> None:
    found = deadline.outlook(campaign(), 28_800 * 6, [PARIS], NOW)
    assert found is not None
    assert (found.needed_cps, found.met) == (6.0, False)
    # 5 calls/s: 144,000 of them until 20:00, the other 28,800 in 96 minutes of Tuesday.
    assert found.done_at == datetime(2026, 3, 3, 10, 36, tzinfo=UTC)
    assert deadline.needed_rate(campaign(), 28_800 * 6, [PARIS], NOW) == 5.0


def test_channels_are_a_limit_as_well() -> None:
    narrow = campaign(limits=Limits(40, 5.0))  # 30 s of message, 10 s of ringing
    assert deadline.allowed_rate(narrow) == 1.0
    found = deadline.outlook(narrow, 28_801, [PARIS], NOW)
    assert found is not None
    assert found.met is False


def test_closed_hours_weekends_and_blackouts_are_no_time() -> None:
    friday = NOW + timedelta(days=4)
    assert hours_left(campaign(friday + timedelta(days=3)), friday) == pytest.approx(8 + 2)
    silent = Blackout(EIGHT_PM - timedelta(hours=5), EIGHT_PM - timedelta(hours=2))
    longest_call = (20 + 30 + 60) / 3600
    assert hours_left(campaign(blackouts=(silent,))) == pytest.approx(5 - longest_call)
    elsewhere = Blackout(silent.begin, silent.end, frozenset({REUNION}))
    assert hours_left(campaign(blackouts=(elsewhere,))) == pytest.approx(8)


def test_of_several_groups_the_one_with_least_time_counts() -> None:
    # In Réunion it is 15:00, so that five hours are left there.
    assert hours_left(campaign(), zones=(PARIS, REUNION)) == pytest.approx(5)
    assert hours_left(campaign(), zones=(f"{PARIS}|{REUNION}",)) == pytest.approx(5)


@pytest.mark.parametrize(("calls", "met"), [(5 * 3600 * 5, True), (7 * 3600 * 5, None),
                                            (9 * 3600 * 5, False)])  # fmt: skip
def test_what_cannot_be_told_is_not_said(calls: int, met: bool | None) -> None:
    found = deadline.outlook(campaign(), calls, [PARIS, REUNION], NOW)
    assert found is not None
    assert found.met is met


def test_a_group_whose_hours_are_over_leaves_the_rate_to_the_others() -> None:
    late = EIGHT_PM - timedelta(hours=2)  # 22:00 in Réunion
    assert hours_left(campaign(), late, (PARIS, REUNION)) == pytest.approx(2)
    found = deadline.outlook(campaign(), 100, [PARIS, REUNION], late)
    assert found is not None
    assert found.met is None, "whoever is left in Réunion is not called in time"


def test_nothing_left_to_do_or_no_time_left() -> None:
    done = deadline.outlook(campaign(), 0, [], NOW)
    assert done is not None
    assert (done.needed_cps, done.met, done.done_at) == (0.0, True, None)
    late = deadline.outlook(campaign(), 10, [PARIS], EIGHT_PM)
    assert late is not None
    assert (late.needed_cps, late.met) == (None, False)
    assert late.done_at == datetime(2026, 3, 3, 9, 0, 2, tzinfo=UTC)
    assert deadline.needed_rate(campaign(), 10, [PARIS], EIGHT_PM) == 5.0
    assert deadline.needed_rate(campaign(None), 10, [PARIS], NOW) == 0.0
    assert deadline.outlook(campaign(None), 10, [PARIS], NOW) is None


def test_each_first_call_may_wait_for_one_retry() -> None:
    assert deadline.calls_left(100, 0) == 100
    assert deadline.calls_left(100, 30) == 130
    assert deadline.calls_left(100, 1000) == 200
    assert deadline.calls_left(0, 1000) == 0


def test_the_night_clocks_change_has_an_hour_less() -> None:
    always = (Window(frozenset(range(1, 8)), time.min, time.max),)
    saturday = datetime(2026, 3, 27, 23, 0, tzinfo=UTC)  # midnight in Paris
    midnight = datetime(2026, 3, 29, 22, 0, tzinfo=UTC)  # of Sunday, after the change
    one = campaign(midnight, windows=always)
    assert hours_left(one, saturday) == pytest.approx(47)


@given(st.integers(1, 10**6), st.integers(0, 20 * 24), st.integers(1, 10 * 24))
def test_who_keeps_the_rate_is_done_in_time_and_who_is_done_in_time_keeps_it(
    calls: int, start: int, length: int
) -> None:
    now = NOW + timedelta(hours=start)
    one = campaign(now + timedelta(hours=length))
    found = deadline.outlook(one, calls, [PARIS], now)
    assert found is not None
    rate = deadline.needed_rate(one, calls, [PARIS], now)
    assert 0 < rate <= deadline.allowed_rate(one)
    if found.done_at is not None:
        assert (found.done_at <= found.finish_by) is found.met
    if found.met:
        assert found.needed_cps == rate


def test_it_is_cheap() -> None:
    one = campaign(NOW + timedelta(days=10))
    zones = [PARIS, REUNION, "America/Guadeloupe|America/Martinique", "Pacific/Noumea"]
    deadline.needed_rate(one, 10_000, zones, NOW)
    made: Counter[str] = Counter()
    sys.setprofile(lambda _frame, event, _arg: made.update([event]))
    try:
        deadline.needed_rate(one, 10_000, zones, NOW)
    finally:
        sys.setprofile(None)
    assert made["call"] + made["c_call"] < 4_000, "a tick has several of these"
