"""Elections: nobody is called from the eve of the poll on, in any place a number may be of."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import pytest
from hours_subjects import PARIS, POLYNESIA, at

from campaigns.contacts import plan
from campaigns.errors import InvalidInput
from campaigns.rules.blackout import in_force
from campaigns.rules.elections import ZONES, Election, Round, Territory, blackouts

SATURDAY, SUNDAY = date(2028, 5, 13), date(2028, 5, 14)
CALL = timedelta(minutes=2)


def election(*rounds: Mapping[Territory, date]) -> Election:
    return Election("Scrutin de Valbourg (fictif)", "aucune", tuple(map(Round, rounds)))


FIRST = {Territory.METROPOLE: SUNDAY, Territory.MARTINIQUE: SATURDAY, Territory.REUNION: SUNDAY}
TWO_ROUNDS = blackouts(
    [election(FIRST, {name: day + timedelta(days=14) for name, day in FIRST.items()})]
)


def silent(zones: list[str], moment: datetime) -> bool:
    return in_force(TWO_ROUNDS, zones, moment, CALL) is not None


@pytest.mark.parametrize(
    ("local", "closed"),
    [
        ("2028-05-12T23:57:59", False),
        ("2028-05-12T23:58", False),  # over at midnight
        ("2028-05-12T23:58:01", True),  # it could still be up
        ("2028-05-13T00:00", True),
        ("2028-05-14T23:59:59", True),
        ("2028-05-15T00:00", False),
        ("2028-05-22T12:00", False),  # between the rounds
        ("2028-05-27T12:00", True),
        ("2028-05-29T00:00", False),
    ],
)
def test_from_the_eve_to_the_end_of_the_poll_in_local_time(local: str, closed: bool) -> None:
    assert silent(PARIS, at("Europe/Paris", local)) is closed


def test_whoever_votes_on_saturday_is_left_alone_from_friday_on() -> None:
    martinique = ["America/Martinique"]
    assert not silent(martinique, at("America/Martinique", "2028-05-11T23:00"))
    assert silent(martinique, at("America/Martinique", "2028-05-12T00:00"))
    assert not silent(martinique, at("America/Martinique", "2028-05-14T00:00"))


def test_a_territory_that_is_not_named_has_the_earliest_day() -> None:
    assert silent(["America/Cayenne"], at("America/Cayenne", "2028-05-12T12:00"))
    assert not silent(["America/Cayenne"], at("America/Cayenne", "2028-05-14T12:00"))


def test_a_number_of_several_zones_is_bound_by_each() -> None:
    """From midnight in Gambier, an hour before Tahiti's, to midnight in Tahiti."""
    assert silent(POLYNESIA, at("Pacific/Gambier", "2028-05-12T00:00"))
    assert silent(POLYNESIA, at("Pacific/Tahiti", "2028-05-13T23:59"))
    assert not silent(POLYNESIA, at("Pacific/Tahiti", "2028-05-14T00:00"))


def test_territories_of_one_zone_bind_its_numbers_each() -> None:
    found = blackouts([election({Territory.GUADELOUPE: SUNDAY, Territory.SAINT_MARTIN: SATURDAY})])
    zone = ["America/Guadeloupe"]
    for local in ("2028-05-12T00:00", "2028-05-14T23:59"):
        assert in_force(found, zone, at(*zone, local), CALL) is not None


def test_every_zone_of_the_numbering_plan_is_of_some_territory() -> None:
    known = {zone for zones in ZONES.values() for zone in zones}
    assert known == {zone for zones in plan._ZONES.values() for zone in zones}
    assert set(ZONES) == set(Territory)


@pytest.mark.parametrize(
    "second", [{Territory.METROPOLE: SUNDAY}, {Territory.GUYANE: SATURDAY - timedelta(days=7)}]
)
def test_rounds_in_disorder_are_refused(second: dict[Territory, date]) -> None:
    with pytest.raises(InvalidInput, match="in order"):
        election(FIRST, second)


def test_a_round_in_which_nobody_votes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Name a territory"):
        Round({})
