"""A campaign file becomes one campaign, however often it is given."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine

from campaigns.errors import InvalidInput, NotAllowed
from cli import lookup
from cli.campaign_setup import REHEARSAL_CALLER_ID, rehearsed, set_up
from operations import packs
from operations.campaign_file import CampaignFile, read_campaign_file
from operations.settings import REHEARSAL
from operations.workspace import Workspace


@pytest.fixture
def values(campaign_file: Path) -> CampaignFile:
    return read_campaign_file(campaign_file)


def test_the_same_file_again_is_the_same_campaign(
    workspace: Workspace, values: CampaignFile
) -> None:
    first = set_up(workspace, values, "Zoé")
    assert set_up(workspace, values, "Zoé") == first
    assert len(lookup.campaigns(workspace)) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"caller_id": "01 99 00 43 21"}, "caller_id"),
        ({"ring_timeout_s": 20}, "ring_timeout_s"),
        ({"schedule": {"any_hour": False}}, "windows"),
        ({"retry": {"max_attempts": 1}}, "retry"),
        ({"purpose": "survey"}, "purpose"),
    ],
)
def test_a_file_that_says_otherwise_is_refused_and_the_difference_named(
    workspace: Workspace, values: CampaignFile, change: dict[str, object], named: str
) -> None:
    set_up(workspace, values, "Zoé")
    other = CampaignFile.model_validate({**values.model_dump(), **change})
    with pytest.raises(NotAllowed, match=f"differs in {named}.*--name"):
        set_up(workspace, other, "Zoé")


def test_another_list_under_the_same_name_is_refused(
    workspace: Workspace, values: CampaignFile
) -> None:
    set_up(workspace, values, "Zoé")
    with values.lists[0].file.open("a") as file:
        file.write("06 39 98 00 03;01/11/2025;site;w1\n")
    with pytest.raises(NotAllowed, match="differs in lists"):
        set_up(workspace, values, "Zoé")


def test_limits_that_were_changed_since_stay(
    workspace: Workspace, values: CampaignFile, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(workspace, values, "Zoé")
    limits = {"max_channels": 900, "max_cps": 90}
    set_up(workspace, CampaignFile.model_validate({**values.model_dump(), "limits": limits}), "Zoé")
    (row,) = lookup.campaigns(workspace)
    assert (row["max_channels"], row["max_cps"]) == (7, 3)
    assert "The limits in force stay: 7 calls, 3 calls/s." in capsys.readouterr().err


def test_an_election_of_another_day_is_another_campaign(
    workspace: Workspace, values: CampaignFile
) -> None:
    def of(day: str) -> CampaignFile:
        election = {"name": "e", "source": "s", "rounds": [{"polls": {"metropole": day}}]}
        schedule = {"any_hour": True, "elections": [election]}
        return CampaignFile.model_validate({**values.model_dump(), "schedule": schedule})

    first = set_up(workspace, of("2028-05-14"), "Zoé")
    assert set_up(workspace, of("2028-05-14"), "Zoé") == first
    with pytest.raises(NotAllowed, match="differs in blackouts"):
        set_up(workspace, of("2028-05-21"), "Zoé")


@pytest.mark.parametrize(("days", "warned"), [(0, False), (1, True)])
def test_rules_past_their_date_are_told_of_when_a_campaign_is_prepared(
    workspace: Workspace, values: CampaignFile, capsys: pytest.CaptureFixture[str],
    days: int, warned: bool,
) -> None:  # fmt: skip
    last = datetime.combine(packs.load(values.pack).verify_by, time(12), UTC)
    with time_machine.travel(last + timedelta(days=days)):
        set_up(workspace, values, "Zoé")
    assert ("had to be read again by" in capsys.readouterr().err) is warned


def test_a_name_of_digits_is_not_taken_for_a_number(
    workspace: Workspace, values: CampaignFile
) -> None:
    first = set_up(workspace, values, "Zoé")
    named = values.model_copy(update={"name": str(first.campaign_id)})
    assert set_up(workspace, named, "Zoé") != first


def test_a_rehearsal_goes_to_the_simulated_network_whatever_the_file_says(
    workspace: Workspace, values: CampaignFile
) -> None:
    real = values.model_copy(update={"trunk": "carrier", "caller_id": "01 62 00 00 01"})
    chosen = set_up(workspace, rehearsed(real), "Zoé")
    row = lookup.find_campaign(workspace, str(chosen.campaign_id))
    assert row["trunk"] == REHEARSAL
    assert row["rehearsal"]
    assert row["caller_id"] == REHEARSAL_CALLER_ID
    assert row["name"] == "Essai (rehearsal)"


def test_a_fictional_caller_id_is_kept_in_a_rehearsal(values: CampaignFile) -> None:
    assert rehearsed(values).caller_id == values.caller_id


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("liste.csv", b"PK\x03\x04", "an Excel workbook that is damaged"),
        ("liste.csv", b"a;b\n1;2\n", "no column looks like a telephone number"),
        ("son.wav", b"text, not sound", "not a WAV, MP3, FLAC, OGG, M4A or AAC"),
    ],
)
def test_the_file_that_is_wrong_is_named(
    workspace: Workspace, campaign_file: Path, name: str, content: bytes, why: str
) -> None:
    values = read_campaign_file(campaign_file)
    wrong = campaign_file.with_name(name)
    wrong.write_bytes(content)
    if name.endswith(".wav"):
        values.recordings.append(wrong)
    with pytest.raises(InvalidInput, match=f"{name}: .*{why}"):
        set_up(workspace, values, "Zoé")
