"""What a PBX can do, by its version, and when it started."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.ami.capabilities import capabilities, seconds_into_quarter, started_at_ms

STARTED = datetime(2026, 11, 21, 20, 21, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "filters", "tech_cause"),
    [
        ("18.24.0", False, False),
        ("18.25.0", True, False),
        ("20.6.0~dfsg+~cs6.13.40431414-2build5", False, False),
        ("20.11.0", True, False),
        ("20.17.0", True, True),
        ("21.12.0", True, False),
        ("22.1.0", True, False),
        ("22.7.0", True, True),
        ("22.10.1+dfsg+~cs6.17.60671434-1", True, True),
        ("23.0.0", True, False),
        ("23.1.0", True, True),
        ("24.0.0", True, True),
        ("certified/20.7-cert3", False, False),
        ("GIT-master-abcdef", False, False),
        ("", False, False),
    ],
)
def test_what_a_version_can_do(version: str, filters: bool, tech_cause: bool) -> None:
    found = capabilities(version, 0)
    assert (found.advanced_filters, found.tech_cause) == (filters, tech_cause)


def test_the_version_is_shown_without_its_packaging() -> None:
    assert capabilities("22.10.1+dfsg+~cs6.17.60671434-1", 0).version == "22.10.1"


@given(st.integers(-48, 56), st.integers(0, 40_000_000), st.floats(0, 1))
def test_the_start_is_found_in_whatever_zone_the_pbx_is(
    quarters: int, uptime: int, fraction: float
) -> None:
    wall = STARTED + timedelta(minutes=15 * quarters)
    now = STARTED + timedelta(seconds=uptime + fraction)
    found = started_at_ms(f"{wall:%Y-%m-%d}", f"{wall:%H:%M:%S}", uptime, now)
    assert found == STARTED.timestamp() * 1000


def test_a_start_that_cannot_be_read_is_0() -> None:
    assert started_at_ms("", "", None, STARTED) == 0


@given(st.integers(-48, 56), st.integers(0, 10_000_000))
def test_a_young_pbx_is_known_in_whatever_zone_it_is(quarters: int, uptime: int) -> None:
    wall = STARTED + timedelta(minutes=15 * quarters)
    now = f"{STARTED.timestamp() + uptime:.6f}"
    assert seconds_into_quarter(f"{wall:%H:%M:%S}", now) == uptime % 900


def test_a_pbx_that_tells_no_time_is_not_waited_for() -> None:
    assert seconds_into_quarter("", "1.0") is None
