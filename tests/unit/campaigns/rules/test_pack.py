"""The rule packs that are shipped: what they let through and what they refuse."""

from datetime import date, timedelta

import pytest

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.rules import windows
from campaigns.rules.frequency import Cap
from campaigns.rules.holidays import HolidaySet
from campaigns.rules.pack import Force
from campaigns.rules.purposes import Purpose
from campaigns.script_order import Part
from operations import packs

FRENCH = packs.load("fr-political")


@pytest.mark.parametrize(
    "number",
    ["+33162000000", "+33163999999", "+33270123456", "+33378000000", "+33424000000",
     "+33568000000", "+33948000000", "+33949000000"],
)  # fmt: skip
def test_verified_multipurpose_numbers_may_be_shown(number: str) -> None:
    assert FRENCH.allows_caller_id(number)


@pytest.mark.parametrize(
    "number",
    ["+33140000000", "+33612345678", "+33712345678", "+33800000000", "+33899000000",
     "+33970000000", "+3316200000", "+331620000000", "0162000000", "x+33162000000"],
)  # fmt: skip
def test_ordinary_mobile_and_free_numbers_may_not(number: str) -> None:
    assert not FRENCH.allows_caller_id(number)


@pytest.mark.parametrize("name", packs.names())
def test_every_pack_says_where_each_rule_comes_from(name: str) -> None:
    pack = packs.load(name)
    assert pack.as_of < pack.verify_by
    assert all(rule.source for rule in pack.rules.values())
    assert pack.label == f"{pack.id}@{pack.version}"
    assert pack.id == name


def test_the_french_pack() -> None:
    assert FRENCH.evidence is Evidence.ROW
    assert FRENCH.max_attempts == 3
    assert FRENCH.rules["caller_id"].force is Force.LAW
    assert not any(7 in window.days for window in FRENCH.windows), "nobody is called on Sunday"


def test_commercial_calls_are_bound_by_law() -> None:
    pack = packs.load("fr-commercial")
    for name in ("windows", "holidays", "frequency", "evidence", "caller_id"):
        assert pack.rules[name].force is Force.LAW, name
    assert pack.frequency == Cap(4, 30)
    assert {day for window in pack.windows for day in window.days} == {1, 2, 3, 4, 5}
    assert pack.evidence is Evidence.ROW


def test_each_purpose_has_the_rules_that_are_for_it() -> None:
    found = {one: packs.load(one).purposes for one in packs.names()}
    assert set.union(*map(set, found.values())) == set(Purpose)
    weaker = [one for one in packs.names() if packs.load(one).evidence is not Evidence.ROW]
    proved = {Purpose.POLITICAL, Purpose.COMMERCIAL, Purpose.MEETINGS, Purpose.SURVEY}
    for name in weaker:
        assert not found[name] & proved, "what needs proof row by row has no other pack"


@pytest.mark.parametrize("name", ["fr-political", "fr-commercial"])
def test_nothing_but_consent_is_a_basis_for_prospecting(name: str) -> None:
    pack = packs.load(name)
    assert pack.bases == {BasisKind.CONSENT}
    assert pack.rules["bases"].force is not Force.DEFAULT


def test_an_election_calendar_is_demanded_by_law() -> None:
    assert FRENCH.calendar
    assert FRENCH.rules["elections"].force is Force.LAW
    assert "L.49" in FRENCH.rules["elections"].source


def test_a_political_message_says_what_kind_of_call_it_is() -> None:
    assert Part.LABEL in FRENCH.script.needed
    assert FRENCH.script.order[0] is Part.LABEL


def test_alerts_are_for_public_bodies_at_any_hour() -> None:
    pack = packs.load("fr-emergency")
    assert (pack.public_body, pack.signatory, pack.calendar) == (True, True, False)
    assert pack.bases == {BasisKind.CONSENT, BasisKind.PUBLIC_TASK}
    assert pack.windows == windows.ALWAYS
    assert pack.holidays == frozenset()
    assert not any(packs.load(one).public_body for one in set(packs.names()) - {pack.id})


@pytest.mark.parametrize("name", sorted(set(packs.names()) - {"fr-emergency"}))
def test_every_pack_keeps_holidays_but_those_of_one_region_in_all_the_country(name: str) -> None:
    pack = packs.load(name)
    assert pack.holidays == {HolidaySet.L3133_1, HolidaySet.ABOLITION}
    assert pack.frequency.most <= 4
    assert pack.frequency.days == 30


def test_a_pack_is_good_on_its_last_day_and_not_after() -> None:
    assert not FRENCH.is_expired(FRENCH.verify_by)
    assert FRENCH.is_expired(FRENCH.verify_by + timedelta(days=1))
    assert not FRENCH.is_expired(date(2026, 11, 21))
