"""Rules may be tightened by anybody, and what is law loosened by a newer law alone."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.errors import InvalidInput
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Force, Pack, Rule
from campaigns.rules.pack_changes import (
    changes,
    check_force_of_law,
    looser,
    version_of,
    within,
)
from campaigns.rules.purposes import Purpose
from campaigns.rules.windows import Window, intersect
from campaigns.stages import Measure
from operations import packs

LAW = packs.load("fr-commercial")
WEEK = frozenset({1, 2, 3, 4, 5})

TIGHTER: list[tuple[str, dict[str, Any]]] = [
    ("windows", {"windows": LAW.windows[:1]}),
    ("windows", {"windows": (Window(WEEK, time(10), time(12)), Window(WEEK, time(12), time(13)))}),
    ("holidays", {"holidays": LAW.holidays | {HolidaySet.ALSACE_MOSELLE}}),
    ("max_attempts", {"max_attempts": 1}),
    ("frequency", {"frequency": Cap(2, 30)}),
    ("frequency", {"frequency": Cap(4, 60)}),
    ("holds", {"bounds": {**LAW.bounds, Measure.OPT_OUTS: 0.01}}),
    ("holds", {"stages": (100, 2000, 20000)}),
    ("purposes", {"purposes": frozenset({Purpose.COMMERCIAL})}),
]
LOOSER: list[tuple[str, dict[str, Any]]] = [
    ("windows", {"windows": (*LAW.windows, Window(frozenset({6}), time(10), time(12)))}),
    ("windows", {"windows": (Window(WEEK, time(10), time(20)),)}),
    ("holidays", {"holidays": frozenset()}),
    ("evidence", {"evidence": Evidence.LIST}),
    ("max_attempts", {"max_attempts": 4}),
    ("frequency", {"frequency": Cap(5, 30)}),
    ("frequency", {"frequency": Cap(4, 20)}),
    ("holds", {"bounds": {**LAW.bounds, Measure.OPT_OUTS: 0.03}}),
    ("holds", {"bounds": {Measure.OPT_OUTS: 0.02}}),
    ("holds", {"stages": (200, 2000)}),
    ("purposes", {"purposes": LAW.purposes | {Purpose.POLITICAL}}),
    ("bases", {"bases": frozenset(BasisKind)}),
    ("caller_id", {"caller_id": re.compile(r"\+33.*")}),
]


def newer(**changed: Any) -> Pack:
    later = LAW.as_of + timedelta(days=1)
    return replace(LAW, **{"version": "2027.1.1", "as_of": later, **changed})


def sourced(pack: Pack, name: str, force: Force = Force.LAW) -> Pack:
    return replace(pack, rules={**pack.rules, name: Rule(force, "Décret 2027-1")})


@pytest.mark.parametrize(("section", "changed"), TIGHTER)
def test_tightening_is_free(section: str, changed: dict[str, Any]) -> None:
    new = newer(**changed)
    assert not looser(LAW, new)
    check_force_of_law(LAW, new)
    assert section in {one.of for one in changes(LAW, new)}


@pytest.mark.parametrize(("section", "changed"), LOOSER)
def test_loosening_is_seen_and_the_law_takes_a_text(section: str, changed: dict[str, Any]) -> None:
    new = newer(**changed)
    assert looser(LAW, new) == {section}
    assert [one.of for one in changes(LAW, new) if one.looser] == [section]
    if LAW.rules[section].force is not Force.LAW:
        check_force_of_law(LAW, new)
        return
    with pytest.raises(InvalidInput) as caught:
        check_force_of_law(LAW, new)
    assert caught.value.field == section
    check_force_of_law(LAW, sourced(new, section))
    same_day = replace(sourced(new, section), as_of=LAW.as_of)
    with pytest.raises(InvalidInput, match="force of law"):
        check_force_of_law(LAW, same_day)


@pytest.mark.parametrize("force", [Force.DEFAULT, Force.REGULATOR])
def test_a_rule_does_not_lose_its_force_without_a_text(force: Force) -> None:
    rules = {**LAW.rules, "windows": replace(LAW.rules["windows"], force=force)}
    with pytest.raises(InvalidInput, match="force of law"):
        check_force_of_law(LAW, newer(rules=rules))
    check_force_of_law(LAW, sourced(newer(), "windows", force))
    without = {name: rule for name, rule in LAW.rules.items() if name != "windows"}
    with pytest.raises(InvalidInput, match="force of law"):
        check_force_of_law(LAW, newer(rules=without))


def test_what_a_newer_text_loosens_loosens_nothing_else() -> None:
    new = sourced(newer(evidence=Evidence.LIST, frequency=Cap(9, 30)), "evidence")
    with pytest.raises(InvalidInput) as caught:
        check_force_of_law(LAW, new)
    assert caught.value.field == "frequency"


def test_a_calendar_that_the_law_demands_is_not_dropped() -> None:
    political = packs.load("fr-political")
    without = replace(political, version="2027.1.1", calendar=False)
    assert looser(political, without) == {"elections"}
    with pytest.raises(InvalidInput) as caught:
        check_force_of_law(political, without)
    assert caught.value.field == "elections"


@pytest.mark.parametrize("changed", [{"public_body": False}, {"signatory": False}])
def test_alerts_for_anybody_are_looser(changed: dict[str, Any]) -> None:
    alerts = packs.load("fr-emergency")
    new = replace(alerts, version="2027.1.1", **changed)
    assert looser(alerts, new) == {"authority"}
    assert {one.of for one in changes(alerts, new)} == {"authority"}


def test_a_pack_is_not_looser_than_itself() -> None:
    for name in packs.names():
        pack = packs.load(name)
        assert changes(pack, pack) == []
        check_force_of_law(pack, pack)


def test_changes_are_readable() -> None:
    new = newer(frequency=Cap(2, 30), verify_by=date(2027, 6, 1))
    said = {one.of: (one.before, one.after) for one in changes(LAW, new)}
    assert said["verify_by"] == ("2027-01-31", "2027-06-01")
    assert said["frequency"][0].startswith("4 attempts in 30 days [law: Code de la consommation")
    assert said["frequency"][1].startswith("2 attempts in 30 days")


def test_versions_compare_as_numbers() -> None:
    assert version_of("2026.11.26") < version_of("2026.12.1") < version_of("2027.1")
    for text in ("", "2026-11-26", "v1", "1..2", "²"):
        with pytest.raises(InvalidInput, match="version"):
            version_of(text)


HOURS = st.builds(
    lambda days, start, length: Window(
        frozenset(days), time(start), time.max if start + length > 23 else time(start + length)
    ),
    st.sets(st.integers(1, 7), min_size=1),
    st.integers(0, 22),
    st.integers(1, 23),
)


def hours_of(windows: list[Window]) -> set[tuple[int, int]]:
    """Every hour of the week they hold, by an oracle that looks at each."""
    return {
        (day, hour)
        for day in range(1, 8)
        for hour in range(24)
        if any(day in one.days and one.start <= time(hour) < one.end for one in windows)
    }


@given(st.lists(HOURS, max_size=5), st.lists(HOURS, max_size=5))
def test_hours_lie_within_others_where_each_hour_does(
    inner: list[Window], outer: list[Window]
) -> None:
    assert within(inner, outer) == (hours_of(inner) <= hours_of(outer))
    assert within(intersect(inner, outer), outer)
