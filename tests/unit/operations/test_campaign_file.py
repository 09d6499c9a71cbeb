"""A campaign as a file: what is wrong in it is named in its writer's terms."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from campaigns.errors import InvalidInput
from campaigns.outcome import Outcome
from operations.campaign_file import CampaignFile, read_campaign_file

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "campaign.toml"

WHOLE = """
name = "Premier tour"
controller = "Comité"
purpose = "political"
pack = "fr-political"
trunk = "rehearsal"
caller_id = "01 99 00 12 34"
recordings = ["message.flac"]

[schedule]
{schedule}

[retry]
{retry}

[[lists]]
file = "contacts.csv"
supplier = "Comité"
method = "form"
purposes = ["political"]
"""


def read(directory: Path, text: str) -> CampaignFile:
    for name in ("message.flac", "contacts.csv"):
        (directory / name).touch()
    path = directory / "campaign.toml"
    path.write_text(text)
    return read_campaign_file(path)


def whole(schedule: str = "", retry: str = "") -> str:
    return WHOLE.format(schedule=schedule, retry=retry)


def test_the_example_is_whole() -> None:
    found = read_campaign_file(EXAMPLE)
    assert found.retry.policy().delays[Outcome.BUSY] == timedelta(seconds=10)
    assert found.lists[0].file.is_file()


def test_the_survey_of_the_examples_is_whole() -> None:
    found = read_campaign_file(EXAMPLE.with_name("survey.toml"))
    assert found.script is not None
    assert [one.name for one in found.script.questions] == ["Vote", "Réunion de samedi", "Sujet"]
    assert all(one.is_file() for one in found.script.recordings())


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    found = read(tmp_path, whole())
    assert found.recordings == [tmp_path / "message.flac"]
    assert found.lists[0].file == tmp_path / "contacts.csv"
    assert found.lists[0].provenance().purposes == ("political",)


def test_a_list_says_what_everybody_in_it_agreed_to(tmp_path: Path) -> None:
    found = read(tmp_path, whole() + 'slot = "lun-ven 18h-20h"\nconsent_expires_on = 2028-01-31\n')
    declared = found.lists[0].provenance()
    assert str(declared.slot) == "mon-fri 18:00-20:00"
    assert declared.expires_on == date(2028, 1, 31)
    with pytest.raises(InvalidInput, match="24-hour clock") as refused:
        read(tmp_path, whole() + 'slot = "le soir"\n')
    assert refused.value.field == "lists.0.slot"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "Premier tour"', "", "name"),
        ('name = "Premier tour"', 'name = ""', "name"),
        ('name = "Premier tour"', 'name = "  "', "name"),
        ('name = "Premier tour"', 'name = "Premier\\u0000"', "name"),
        ('name = "Premier tour"', 'name = "Premier\\r\\ntour"', "name"),
        ('purpose = "political"', f'purpose = "{"x" * 201}"', "purpose"),
        (
            "[schedule]",
            "[limits]\nmax_channels = 100000000000000000000\n[schedule]",
            "limits.max_channels",
        ),
        ("[schedule]", "[limits]\nmax_cps = 1e-300\n[schedule]", "limits.max_cps"),
        ('trunk = "rehearsal"', 'trunck = "rehearsal"', "trunk"),
        ('purpose = "political"\npack', 'purpos = "x"\npurpose = "political"\npack', "purpos"),
        ('recordings = ["message.flac"]', "recordings = []", "recordings"),
        ('purposes = ["political"]', "purposes = []", "lists.0.purposes"),
        ('supplier = "Comité"', "", "lists.0.supplier"),
        ('pack = "fr-political"', 'pack = "fr-political"\nring_timeout_s = 5', "ring_timeout_s"),
    ],
)
def test_what_is_missing_or_wrong_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in whole()
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, whole().replace(old, new, 1))
    assert caught.value.field == named


@pytest.mark.parametrize(
    ("schedule", "named"),
    [
        ("start_at = 2026-03-02T10:00:00", "schedule.start_at"),
        ('start_at = "tomorrow"', "schedule.start_at"),
        (
            "start_at = 2026-03-03T10:00:00Z\nend_at = 2026-03-02T10:00:00Z",
            "schedule",
        ),
        ("hours = [{ days = [8], start = '10:00', end = '11:00' }]", "schedule.hours.0.days.0"),
        ("hours = [{ start = '10:00', end = '11:00' }]", "schedule.hours.0.days"),
        ("hours = [{ days = [1], start = 10, end = '11:00' }]", "schedule.hours.0.start"),
        ("hour = []", "schedule.hour"),
        ("start_at = 0001-01-01T00:00:00+14:00", "schedule.start_at"),
        ("end_at = 9999-12-31T23:59:59-10:00", "schedule.end_at"),
    ],
)
def test_schedules_that_cannot_be(tmp_path: Path, schedule: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, whole(schedule=schedule))
    assert caught.value.field == named


@pytest.mark.parametrize(
    ("retry", "named"),
    [
        ("max_attempts = 0", "retry.max_attempts"),
        ("network_tries = 0", "retry.network_tries"),
        ("network_delay = '00:00:00'", "retry.network_delay"),
        ("network_delay = '-PT1M'", "retry.network_delay"),
        ("delays = { bussy = '00:10:00' }", "retry.delays.bussy"),
        ("delays = { busy = 'soon' }", "retry.delays.busy"),
        ("delays = { busy = '00:00:00' }", "retry.delays.busy"),
        ("delays = { busy = '-PT10M' }", "retry.delays.busy"),
        ("delays = { busy = 'P999999999D' }", "retry.delays.busy"),
    ],
)
def test_retries_that_cannot_be(tmp_path: Path, retry: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, whole(retry=retry))
    assert caught.value.field.startswith(named)


@pytest.mark.parametrize(
    "outcome", ["delivered", "opted_out", "unwanted", "congestion", "in_doubt"]
)
def test_nobody_is_called_again_who_was_reached_or_refused(tmp_path: Path, outcome: str) -> None:
    found = read(tmp_path, whole(retry=f"delays = {{ {outcome} = '00:10:00' }}"))
    with pytest.raises(InvalidInput) as caught:
        found.retry.policy()
    assert caught.value.field == f"retry.delays.{outcome}"


def test_an_empty_table_of_delays_means_nobody_is_called_again(tmp_path: Path) -> None:
    assert read(tmp_path, whole(retry="delays = {}")).retry.policy().delays == {}
    assert Outcome.BUSY in read(tmp_path, whole()).retry.policy().delays


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere\.toml: there is no such file"):
        read_campaign_file(tmp_path / "nowhere.toml")
    text = whole().replace("contacts.csv", "contact.csv")
    with pytest.raises(InvalidInput, match=r"contact\.csv: there is no such file"):
        read(tmp_path, text)


def test_what_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="not readable TOML"):
        read(tmp_path, "name = ")
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "é"'.encode("latin-1"))
    with pytest.raises(InvalidInput, match="not readable TOML"):
        read_campaign_file(path)
