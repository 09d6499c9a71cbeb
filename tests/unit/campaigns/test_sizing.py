"""Sizing: the figures are those that were measured, and more of anything takes no less."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns import sizing
from campaigns.errors import InvalidInput
from campaigns.sizing import Plan, calls_per_person, size

SAVED = Path(__file__).parents[3] / "docs" / "benchmarks"
PARIS_HOLD_S = 23.0  # about 400 calls up at 17.35 a second (docs/benchmarks.md)
LADDER_HOLD_S = 2.4  # 0.1 s until the answer, 2 s of message, half a second at most until the end


def saved(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAVED / f"{name}.json").read_text())
    return found


def pbx_s(hold_s: float) -> float:
    return sizing.PBX_CALL_S + sizing.PBX_SECOND_S * hold_s


def test_asterisk_takes_what_was_measured_for_short_and_for_long_calls() -> None:
    short = median(
        one["ms_per_call"]["asterisk"]
        for one in saved("bench")["ceiling"]
        if one["who"] == "engine"
    )
    assert pbx_s(LADDER_HOLD_S) * 1000 == pytest.approx(short, rel=0.1)
    paris = saved("paris")["result"]
    cps = paris["calls"] / (paris["minutes"] * 60)
    assert cps * pbx_s(PARIS_HOLD_S) == pytest.approx(paris["asterisk_cores"], rel=0.1)


def test_the_dialer_takes_what_was_measured() -> None:
    climbs = [one for one in saved("bench")["ceiling"] if one["who"] == "engine"]
    measured = median(one["ms_per_call"]["dialer"] for one in climbs)
    assert pytest.approx(measured, rel=0.1) == sizing.DIALER_CALL_S * 1000
    paris = saved("paris")["result"]
    cps = paris["calls"] / (paris["minutes"] * 60)
    reckoned = sizing.DIALER_CORES + cps * sizing.DIALER_CALL_S
    assert reckoned == pytest.approx(paris["dialer_cores"], rel=0.1)


def test_the_day_goes_at_the_rate_at_which_it_went() -> None:
    assert saved("day")["result"]["limit_cps"] == sizing.FASTEST_CPS


def test_half_a_million_people_in_a_day_are_one_machines_work() -> None:
    found = size(Plan(500_000, message_s=30))
    assert found.machines == 1
    assert found.days < 1
    assert found.channels < 458, "what was up at most in the measured evening, at the same rate"


@pytest.mark.parametrize(
    ("answered", "attempts", "expected"), [(0.6, 1, 1), (0.6, 3, 1.56), (0, 3, 3), (1, 3, 1)]
)
def test_calls_per_person(answered: float, attempts: int, expected: float) -> None:
    assert calls_per_person(answered, attempts) == pytest.approx(expected)


def test_few_channels_bind_before_the_rate_does() -> None:
    plan = Plan(1000, message_s=30, cps=18, channels=100)
    found = size(plan)
    assert (found.bound_by, found.channels) == ("channels", 100)
    assert size(replace(plan, channels=1000)).bound_by == "calls per second"


@given(st.integers(1, 10**7), st.floats(1, 120), st.floats(0, 1), st.floats(0.1, 500))
def test_more_people_and_a_longer_message_never_take_less(
    people: int, message_s: float, answered: float, cps: float
) -> None:
    plan = Plan(people, message_s, answered, cps=cps)
    found = size(plan)
    for more in (replace(plan, people=people + 1), replace(plan, message_s=message_s + 1)):
        assert size(more).hours >= found.hours
        assert size(more).machines >= found.machines or size(more).cps < found.cps


@pytest.mark.parametrize("wrong", [{"people": 0}, {"answered": 1.5}, {"cps": -1}, {"heard": -0.1}])
def test_a_figure_that_can_be_none_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        size(replace(Plan(1000, 30), **wrong))
