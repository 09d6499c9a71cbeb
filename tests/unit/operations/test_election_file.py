"""An election as a file: what is wrong in it is named, and what it says binds the campaign."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_campaign_file import read, whole

from campaigns.errors import InvalidInput
from operations.elections import ElectionValues, read_election
from operations.schedule import ScheduleValues

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "election.toml"

ELECTION = """
name = "Scrutin (fictif)"
source = "aucune"
[[rounds]]
polls = { metropole = 2028-05-14, guyane = 2028-05-13 }
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "election.toml"
    path.write_text(text)
    return path


def test_the_example_is_whole() -> None:
    found = ElectionValues.model_validate(read_election(EXAMPLE)).election()
    assert [len(one.polls) for one in found.rounds] == [12, 12]
    assert "fictive" in found.name


def test_a_campaign_names_the_file_or_holds_the_election(tmp_path: Path) -> None:
    written(tmp_path, ELECTION)
    named = read(tmp_path, whole(schedule='elections = ["election.toml"]'))
    inline = (
        'elections = [{ name = "Scrutin (fictif)", source = "aucune", rounds = '
        "[{ polls = { metropole = 2028-05-14, guyane = 2028-05-13 } }] }]"
    )
    assert read(tmp_path, whole(schedule=inline)).schedule == named.schedule
    silent = {zone: one for one in named.schedule.all_blackouts() for zone in one.zones}
    assert silent["Europe/Paris"].begin == datetime(2028, 5, 12, 22, tzinfo=UTC)
    assert silent["Europe/Paris"].end == datetime(2028, 5, 14, 22, tzinfo=UTC)
    assert silent["America/Cayenne"].begin == datetime(2028, 5, 12, 3, tzinfo=UTC)


def test_blackouts_by_hand_hold_beside_it(tmp_path: Path) -> None:
    written(tmp_path, ELECTION)
    hand = "blackouts = [{ begin = 2028-01-01T00:00:00Z, end = 2028-01-02T00:00:00Z }]"
    one = read(tmp_path, whole(schedule=f'elections = ["election.toml"]\n{hand}'))
    assert len(one.schedule.all_blackouts()) > 1
    assert one.schedule.all_blackouts()[0].zones == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "named", "why"),
    [
        ('name = "Scrutin (fictif)"', "", "name", "required"),
        ('source = "aucune"', 'source = ""', "source", "at least 1"),
        ("metropole = 2028", "metropolis = 2028", "rounds.0.polls.metropolis", "'metropole'"),
        ("2028-05-14", '"14 May 2028"', "rounds.0.polls.metropole", "date"),
        ("2028-05-14", "2028-05-14T08:00:00Z", "rounds.0.polls.metropole", "date"),
        ("2028-05-14", "0208-05-14", "rounds.0.polls.metropole", "the years 2000 and 2100"),
        ("polls = {", "poll = {", "rounds.0.polls", "required"),
        ("polls = { metropole = 2028-05-14, guyane = 2028-05-13 }", "polls = {}",
         "rounds.0.polls", "at least 1"),
        ("[[rounds]]", "[[rounds]]\npolls = { guyane = 2029-01-01 }\n[[rounds]]", "rounds",
         "Write them in order"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_file(
    tmp_path: Path, old: str, new: str, named: str, why: str
) -> None:
    assert old in ELECTION
    path = written(tmp_path, ELECTION.replace(old, new, 1))
    with pytest.raises(InvalidInput, match=why) as caught:
        read(tmp_path, whole(schedule='elections = ["election.toml"]'))
    assert caught.value.field == f"{path}: {named}"


def test_files_that_are_not_there_or_no_toml(tmp_path: Path) -> None:
    asked = whole(schedule='elections = ["election.toml"]')
    with pytest.raises(InvalidInput, match=r"election\.toml: there is no such file"):
        read(tmp_path, asked)
    written(tmp_path, "name = ")
    with pytest.raises(InvalidInput, match=r"election\.toml: is not readable TOML"):
        read(tmp_path, asked)


@pytest.mark.parametrize(
    ("schedule", "named"),
    [
        ('elections = "election.toml"', "schedule.elections"),
        ("elections = [3]", "schedule.elections.0"),
        ('holidays = ["bretagne"]', "schedule.holidays.0"),
    ],
)
def test_what_is_no_election_and_no_set_of_holidays(
    tmp_path: Path, schedule: str, named: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, whole(schedule=schedule))
    assert caught.value.field == named


def test_no_file_is_read_for_a_program_that_names_one() -> None:
    """Only a campaign's own file may name others: the API takes an election whole."""
    plain: dict[str, Any] = {"elections": [str(EXAMPLE)]}
    with pytest.raises(ValueError, match="elections"):
        ScheduleValues.model_validate(plain)
