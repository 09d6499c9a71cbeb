"""Contacts, suppressions, keys, trunks and audio, as a shell sees them."""

import json
from pathlib import Path

import pytest
from cli_subjects import EXAMPLES, ROWS, Command

from operations import keys
from operations.workspace import Workspace

IMPORT = ("--supplier", "Comité", "--method", "formulaire", "--purpose", "political")


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    file = tmp_path / "liste.csv"
    file.write_text(ROWS)
    return file


def test_an_import_says_what_became_of_every_row(
    portevoix: Command, listing: Path, tmp_path: Path
) -> None:
    refused = tmp_path / "refused.csv"
    result = portevoix(
        "contacts", "import", str(listing), *IMPORT, "--wording", "w1=J'accepte = oui.",
        "--rejects", str(refused),
    )  # fmt: skip
    assert result.exit_code == 0
    assert "3 rows, 2 contacts, 1 refused (1 too_short)." in result.stdout
    assert "2 by row" in result.stdout
    assert "too_short" in refused.read_text("utf-8-sig")
    assert "liste.csv" in portevoix("contacts", "lists").stdout


def test_a_wording_without_an_id_is_refused(portevoix: Command, listing: Path) -> None:
    result = portevoix("contacts", "import", str(listing), *IMPORT, "--wording", "J'accepte")
    assert result.exit_code == 1
    assert "--wording" in result.stderr


def test_a_suppressed_number_is_shown_and_explained(
    portevoix: Command, campaign_file: Path
) -> None:
    portevoix("campaign", "run", str(campaign_file), "--detach")
    assert portevoix("suppressions", "add", "06 39 98 00 01").stdout == "Suppressed.\n"
    assert "already" in portevoix("suppressions", "add", "+33639980001").stdout
    assert "+33639980001" in portevoix("suppressions", "list").stdout
    (answer,) = json.loads(portevoix("why", "0639980001", "--json").stdout)
    assert answer["campaign"] == "Essai"
    assert answer["gate"] == "pbx_unavailable"  # nobody dials: the nearest reason comes first


def test_a_number_is_suppressed_in_one_campaign_alone(
    portevoix: Command, campaign_file: Path
) -> None:
    portevoix("campaign", "run", str(campaign_file), "--detach")
    of_one = ("--campaign", "Essai")
    assert portevoix("suppressions", "add", "06 39 98 00 01", *of_one).stdout == "Suppressed.\n"
    assert "+33639980001" in portevoix("suppressions", "list", *of_one).stdout
    assert "No number is suppressed" in portevoix("suppressions", "list").stderr
    assert portevoix("suppressions", "add", "0639980001", *of_one, "--everybody").exit_code == 1
    unknown = portevoix("suppressions", "add", "0639980001", "--campaign", "Nulle")
    assert unknown.exit_code == 1
    assert "«Nulle»" in unknown.stderr
    lifted = portevoix(
        "suppressions", "lift", "0639980001", *of_one, "--by", "Zoé", "--why", "wrote again"
    )
    assert lifted.exit_code == 0
    assert "No number is suppressed" in portevoix("suppressions", "list", *of_one).stderr


def test_whose_number_it_is_is_never_guessed(portevoix: Command, listing: Path) -> None:
    for controller in ("Comité", "Mairie"):
        portevoix("contacts", "import", str(listing), *IMPORT, "--controller", controller)
    result = portevoix("suppressions", "add", "0639980001")
    assert result.exit_code == 1
    assert "«Comité», «Mairie»" in result.stderr
    misspelt = portevoix("suppressions", "add", "0639980001", "--controller", "Mairi")
    assert misspelt.exit_code == 1
    assert portevoix("suppressions", "add", "0639980001", "--everybody").exit_code == 0


def test_a_file_of_refusals_is_imported_once(portevoix: Command, tmp_path: Path) -> None:
    file = tmp_path / "refus.csv"
    file.write_text("telephone\n0639980001\n12\n")
    imported = portevoix("suppressions", "import", str(file), "--everybody")
    assert imported.stdout == "2 rows: 1 added, 0 known before, 1 refused.\n"
    again = portevoix("suppressions", "import", str(file), "--everybody")
    assert again.stdout == "2 rows: 0 added, 1 known before, 1 refused.\n"


def test_a_key_works_until_it_is_revoked(portevoix: Command, workspace: Workspace) -> None:
    key = portevoix("key", "make", "tableau").stdout.strip()
    assert keys.owner_of(workspace, key) is not None
    assert portevoix("key", "revoke", "tableau").exit_code == 0
    assert keys.owner_of(workspace, key) is None
    assert portevoix("key", "revoke", "tableau").exit_code == 1


def test_a_real_trunk_starts_slowly_and_only_for_a_named_person(
    portevoix: Command, home: Path
) -> None:
    home.mkdir()
    (home / "portevoix.toml").write_text('[trunks.carrier]\nhost = "192.0.2.1"\nmax_cps = 40\n')

    def carrier() -> dict[str, object]:
        found = json.loads(portevoix("trunk", "list", "--json").stdout)
        return next(one for one in found if one["name"] == "carrier")

    assert (carrier()["armed_by"], carrier()["max_cps"]) == (None, 1.0)
    assert portevoix("trunk", "arm", "carrier").exit_code == 2
    assert portevoix("trunk", "arm", "carrier", "--by", "Zoé").exit_code == 0
    portevoix("trunk", "limits", "carrier", "--cps", "12")
    assert (carrier()["armed_by"], carrier()["max_cps"]) == ("Zoé", 12.0)
    portevoix("trunk", "disarm", "carrier")
    assert carrier()["armed_by"] is None


def test_audio_is_prepared_without_a_home_or_a_pbx(
    portevoix: Command, home: Path, tmp_path: Path
) -> None:
    result = portevoix(
        "audio", "prepare", str(EXAMPLES / "message-court.flac"), "--out", str(tmp_path / "m"),
        "--preview",
    )  # fmt: skip
    assert result.exit_code == 0
    made = {file.name for file in (tmp_path / "m").iterdir()}
    assert {"message.alaw", "message.ulaw", "message.sln", "preview.wav"} <= made
    assert not home.exists()


def test_a_preview_keeps_nothing_and_needs_no_home(
    portevoix: Command, listing: Path, home: Path
) -> None:
    result = portevoix("contacts", "preview", str(listing), "--column", "external_id=source")
    assert result.exit_code == 0
    assert "+33639980001" in result.stdout
    assert "refused" in result.stdout
    assert not home.exists()
    assert portevoix("contacts", "preview", str(listing), "--column", "tel").exit_code == 1
    (first, *_) = json.loads(
        portevoix("contacts", "preview", str(listing), "--rows", "1", "--json").stdout
    )["contacts"]
    assert first["line"] == 2


def test_an_import_is_undone_by_its_number(portevoix: Command, listing: Path) -> None:
    portevoix("contacts", "import", str(listing), *IMPORT)
    assert portevoix("contacts", "undo", "7").exit_code == 1
    done = portevoix("contacts", "undo", "1")
    assert "2 contacts and 1 refused rows removed" in done.stdout
    assert "removed" in portevoix("contacts", "lists").stdout
    again = portevoix("contacts", "import", str(listing), *IMPORT)
    assert "List 2 «liste»: 3 rows" in again.stdout


def test_a_list_is_added_to_a_campaign_and_the_file_still_fits(
    portevoix: Command, campaign_file: Path, tmp_path: Path
) -> None:
    portevoix("campaign", "run", str(campaign_file), "--detach")
    more = tmp_path / "more.csv"
    more.write_text("telephone\n0639980002\n0639980003\n")
    portevoix("contacts", "import", str(more), *IMPORT, "--controller", "Comité")
    done = portevoix("campaign", "add-list", "Essai", "2")
    assert done.stdout == "«Essai»: 1 people added of the 2 of list 2.\n"
    assert "«Essai»" in portevoix("contacts", "undo", "2").stderr
    assert portevoix("campaign", "run", str(campaign_file), "--detach").exit_code == 0
