"""Preparing, looking, launching and the record of it, each a command."""

import json
from pathlib import Path

from cli_subjects import Command
from homes import HOMES


def test_a_campaign_is_prepared_looked_at_launched_and_recorded(
    portevoix: Command, campaign_file: Path
) -> None:
    done = portevoix("campaign", "prepare", str(campaign_file), "--by", "Zoé")
    assert "ready to be looked at" in done.output
    looked = portevoix("campaign", "preflight", "Essai")
    assert looked.exit_code == 0, looked.output
    assert "All 2 people may be called." in looked.output
    assert "Last call" in looked.output
    assert portevoix("campaign", "record", "Essai").exit_code == 1
    assert "running" in portevoix("campaign", "launch", "Essai", "--by", "Paul").output
    record = portevoix("campaign", "record", "Essai").output
    assert "by Paul; prepared by Zoé" in record
    assert "as it was written" in record
    found = json.loads(portevoix("campaign", "record", "Essai", "--json").stdout)
    assert found["content"]["people"] == 2


def test_a_person_answers_for_there_being_no_election(
    portevoix: Command, campaign_file: Path, home: Path
) -> None:
    home.mkdir(exist_ok=True)
    (home / "portevoix.toml").write_text(
        HOMES.database()
        + '[trunks.carrier]\nhost = "sip.carrier.example"\ncaller_ids = ["+33162000001"]\n'
    )
    real = campaign_file.read_text().replace('trunk = "rehearsal"', 'trunk = "carrier"')
    real = real.replace("any_hour = true", "").replace("01 99 00 12 34", "+33162000001")
    campaign_file.write_text(real)
    done = portevoix("campaign", "prepare", str(campaign_file), "--by", "Zoé")
    assert done.exit_code == 0, done.output
    assert "no election is named" in portevoix("campaign", "preflight", "Essai").output
    done = portevoix("campaign", "no-election", "Essai", "--by", "Paul Roux")
    assert "Paul Roux answers for there being no election while «Essai» runs." in done.output
    assert "Paul Roux answers for" in portevoix("campaign", "preflight", "Essai").output
    assert portevoix("campaign", "no-election", "Essai", "--by", "Zoé").exit_code == 1


def test_a_controller_is_marked_as_a_public_body(portevoix: Command, campaign_file: Path) -> None:
    portevoix("campaign", "prepare", str(campaign_file))
    done = portevoix("controller", "public-body", "Comité", "--by", "Root")
    assert "«Comité» is a public body." in done.output
    assert "yes" in portevoix("controller", "list").output
    done = portevoix("controller", "public-body", "Comité", "--no", "--by", "Root")
    assert "«Comité» is no public body." in done.output
    assert "yes" not in portevoix("controller", "list").output
    assert portevoix("controller", "public-body", "Nobody", "--by", "Root").exit_code == 1


def test_two_persons_and_an_exit_code(portevoix: Command, campaign_file: Path) -> None:
    campaign_file.write_text(campaign_file.read_text().replace(
        "[limits]", "[launch]\ntwo_persons = true\n\n[limits]"
    ))  # fmt: skip
    portevoix("campaign", "prepare", str(campaign_file), "--by", "Zoé")
    assert portevoix("campaign", "preflight", "Essai", "--by", "Zoé").exit_code == 1
    refused = portevoix("campaign", "launch", "Essai", "--by", "Zoé")
    assert (refused.exit_code, "two persons" in refused.output) == (1, True)
    assert portevoix("campaign", "launch", "Essai", "--by", "Paul").exit_code == 0


def test_it_speaks_french(portevoix: Command, campaign_file: Path) -> None:
    portevoix("campaign", "prepare", str(campaign_file))
    found = portevoix("campaign", "preflight", "Essai", "--lang", "fr").output
    assert "Les 2 personnes peuvent toutes être appelées." in found
    assert "is not spoken" in portevoix("campaign", "preflight", "Essai", "--lang", "xx").output


def test_for_programs(portevoix: Command, campaign_file: Path) -> None:
    portevoix("campaign", "prepare", str(campaign_file))
    found = json.loads(portevoix("campaign", "preflight", "Essai", "--json").stdout)
    assert found["verdict"] in {"pass", "warn"}
    assert found["calls"] == sum(day["calls"] for day in found["days"])


def test_who_of_a_list_may_be_called(portevoix: Command, campaign_file: Path) -> None:
    portevoix("campaign", "prepare", str(campaign_file))
    asked = ("contacts", "readiness", "1", "--pack", "fr-commercial", "--purpose", "commercial")
    found = portevoix(*asked).output
    assert "0 of 2 may be called" in found
    assert "consent is for political only (no_basis)" in found
    assert "Ask Comité for consent to commercial calls" in found
    french = portevoix(*asked, "--lang", "fr").output
    assert "0 sur 2 peuvent être appelés" in french
    plain = json.loads(portevoix(*asked, "--json").stdout)
    assert plain["lists"][0]["not_callable"][0]["count"] == 2


def test_a_budget_written_in_the_file_is_in_force(portevoix: Command, campaign_file: Path) -> None:
    campaign_file.write_text(campaign_file.read_text().replace(
        "ring_timeout_s", "budget = 12.5\nring_timeout_s"
    ))  # fmt: skip
    portevoix("campaign", "prepare", str(campaign_file))
    assert "budget €12.50" in portevoix("campaign", "show", "Essai").output


def test_a_caller_id_is_attested(portevoix: Command, home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "portevoix.toml").write_text(
        '[trunks.carrier]\nhost = "sip.carrier.example"\ncaller_ids = ["+33162000001"]\n'
    )
    done = portevoix("trunk", "attest", "carrier", "01 62 00 00 01", "--by", "Zoé")
    assert "Zoé answers for +33162000001" in done.output
