"""A consent holds where the person may be: in every zone, in every season."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hours_subjects import PARIS, POLYNESIA, ZONES, at
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.contacts.slot import read_slot
from campaigns.contacts.terms import UNSAID, Terms
from campaigns.rules.consent import closed_until, lapsed
from campaigns.rules.hours import HORIZON

EVENING = Terms(read_slot("18h-20h"))
MINUTE = timedelta(minutes=1)


def test_a_consent_that_says_nothing_is_never_closed() -> None:
    assert closed_until(UNSAID, PARIS, at("Europe/Paris", "2026-11-26T03:00")) is None
    assert not lapsed(UNSAID, PARIS, at("Europe/Paris", "2026-11-26T03:00"))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-26T17:59:59", "2026-11-26T18:00"),
        ("2026-11-26T18:00", None),
        ("2026-11-26T19:59:59", None),
        ("2026-11-26T20:00", "2026-11-27T18:00"),
        # The clock goes back on 25 October 2026, and forward on 28 March 2027.
        ("2026-10-24T20:00", "2026-10-25T18:00"),
        ("2027-03-27T20:00", "2027-03-28T18:00"),
    ],
)
def test_the_evening_of_the_person(now: str, opens: str | None) -> None:
    wanted = None if opens is None else at("Europe/Paris", opens)
    assert closed_until(EVENING, PARIS, at("Europe/Paris", now)) == wanted


def test_an_hour_that_the_clock_skips_is_waited_for_until_the_next_day() -> None:
    night = Terms(read_slot("2h-3h"))
    evening_before = at("Europe/Paris", "2027-03-27T20:00")
    assert closed_until(night, PARIS, evening_before) == at("Europe/Paris", "2027-03-29T02:00")


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    night = Terms(read_slot("2h-3h"))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in summer time
    second = first + timedelta(hours=1)  # 02:30 in winter time
    assert closed_until(night, PARIS, first) is None
    assert closed_until(night, PARIS, second) is None
    assert closed_until(night, PARIS, second + MINUTE * 30) is not None


def test_three_zones_must_share_the_slot() -> None:
    # Tahiti is 10 h, the Marquesas 9 h 30 and Gambier 9 h behind UTC.
    early = at("Pacific/Tahiti", "2026-11-26T17:30")  # 18:30 in Gambier
    assert closed_until(EVENING, ["Pacific/Gambier"], early) is None
    assert closed_until(EVENING, POLYNESIA, early) == at("Pacific/Tahiti", "2026-11-26T18:00")
    assert closed_until(EVENING, POLYNESIA, at("Pacific/Tahiti", "2026-11-26T18:59")) is None
    late = at("Pacific/Tahiti", "2026-11-26T19:00")  # 20:00 in Gambier
    assert closed_until(EVENING, POLYNESIA, late) == at("Pacific/Tahiti", "2026-11-27T18:00")


def test_a_slot_that_the_zones_never_share_is_looked_at_again_much_later() -> None:
    short = Terms(read_slot("18:00-18:30"))
    now = at("Pacific/Tahiti", "2026-11-26T18:00")
    assert closed_until(short, POLYNESIA, now) == now + HORIZON


def test_the_last_day_is_over_when_it_is_over_in_the_first_zone() -> None:
    until = Terms(expires_on=date(2026, 11, 26))
    gambier_midnight = at("Pacific/Gambier", "2026-11-27T00:00")
    assert not lapsed(until, POLYNESIA, gambier_midnight - MINUTE)
    assert lapsed(until, POLYNESIA, gambier_midnight)
    assert not lapsed(until, ["Pacific/Tahiti"], gambier_midnight)


def test_a_withdrawal_holds_whatever_its_day() -> None:
    now = at("Europe/Paris", "2026-11-26T12:00")
    for day in (date(2020, 1, 1), date(2099, 1, 1)):
        assert lapsed(Terms(withdrawn_on=day), PARIS, now)


slots = st.sampled_from(
    ["18h-20h", "lun-ven 18h-20h", "sam 10h-12h", "2h-3h", "0h-1h, 23h-24h", "dim", "9h30-9h45"]
)
hops = st.integers(0, 60 * 24 * 21)
changes = st.sampled_from([datetime(2026, 10, 20, tzinfo=UTC), datetime(2027, 3, 20, tzinfo=UTC)])


@settings(max_examples=60, deadline=None)
@given(slots, st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True), changes, hops)
def test_it_opens_at_the_first_minute_that_lies_in_the_slot_everywhere(
    text: str, zones: list[str], begin: datetime, hop: int
) -> None:
    """By looking at the clocks minute by minute, through both changes of the clock."""
    terms, now = Terms(read_slot(text)), begin + hop * MINUTE
    assert terms.slot is not None
    windows = terms.slot.windows

    def inside(moment: datetime) -> bool:
        return all(
            any(window.holds(moment.astimezone(ZoneInfo(name))) for window in windows)
            for name in zones
        )

    opens = closed_until(terms, zones, now)
    if inside(now):
        assert opens is None
        return
    assert opens is not None
    assert opens > now
    ahead = range(int(min(opens - now, timedelta(days=8)) / MINUTE))
    assert not any(inside(now + minute * MINUTE) for minute in ahead)
    assert opens == now + HORIZON or inside(opens)
