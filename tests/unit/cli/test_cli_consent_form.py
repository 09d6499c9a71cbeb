"""Consent forms, and what consents say, as a shell sees them."""

import json
from pathlib import Path

from cli_subjects import Command

from operations.submissions import Agreement, agree
from operations.workspace import Workspace

CREATE = ("consent-form", "create", "Stand", "--purpose", "political", "--slug", "stand")


def created(portevoix: Command, *more: str) -> str:
    result = portevoix(*CREATE, "--fr", "J'accepte.", "--controller", "Comité", *more)
    assert result.exit_code == 0, result.stderr
    return str(result.stdout)


def test_a_form_from_its_opening_to_its_proof(portevoix: Command, workspace: Workspace) -> None:
    assert "/consent/stand and feeds list 1" in created(portevoix, "--slot", "18h-20h")
    agree(workspace.engine, "stand", Agreement("0639980001", True, "fr-1", "18:00-20:00"))
    reworded = portevoix("consent-form", "reword", "stand", "--fr", "Oui.", "--en", "Yes.")
    assert reworded.stdout == "«Stand» shows en-1, fr-2.\n"
    (found,) = json.loads(portevoix("consent-form", "list", "--json").stdout)
    assert (found["address"], found["people"]) == ("/consent/stand", 1)
    assert [one["id"] for one in found["wordings"]] == ["en-1", "fr-1", "fr-2"]
    assert "18:00-20:00" in portevoix("consent-form", "list").stdout
    proof = portevoix("consent-form", "proof", "06 39 98 00 01").stdout
    assert "agree at /consent/stand «Stand», list 1" in proof
    assert "text fr-1" in proof
    assert "J'accepte." in proof
    (told,) = json.loads(portevoix("consent-form", "proof", "0639980001", "--json").stdout)
    assert (told["act"], told["text"]) == ("agree", "J'accepte.")
    assert "closed" in portevoix("consent-form", "close", "stand").stdout
    assert "form" in portevoix("contacts", "lists").stdout


def test_what_is_no_form_is_said_in_one_line(portevoix: Command) -> None:
    assert "No form yet" in portevoix("consent-form", "list").stderr
    untold = portevoix(*CREATE, "--controller", "Comité")
    assert (untold.exit_code, untold.stderr.count("\n")) == (1, 1)
    created(portevoix)
    taken = portevoix(*CREATE, "--fr", "Oui.", "--controller", "Comité")
    assert "another form" in taken.stderr
    assert portevoix("consent-form", "close", "nowhere").exit_code == 1
    assert "Nothing was done" in portevoix("consent-form", "proof", "0639980009").stderr


def test_on_whose_behalf_a_form_or_a_key_is_is_not_guessed(portevoix: Command) -> None:
    nobody = portevoix(*CREATE, "--fr", "Oui.")
    assert (nobody.exit_code, "no controller yet" in nobody.stderr) == (1, True)
    created(portevoix)
    assert portevoix("key", "make", "site").exit_code == 0
    assert "Porte-voix" not in portevoix("controller", "list").stdout, "none was made for it"
    created(portevoix, "--slug", "ailleurs", "--controller", "Association")
    several = portevoix(*CREATE, "--fr", "Oui.", "--slug", "tiers")
    assert "there are several" in several.stderr
    assert "there are several" in portevoix("key", "make", "autre").stderr


def test_a_list_says_its_hours_and_its_end(portevoix: Command, tmp_path: Path) -> None:
    file = tmp_path / "liste.csv"
    file.write_text("telephone;créneau\n0639980001;lun-ven 10h-12h\n0639980002;\n0639980003;soir\n")
    looked = portevoix("contacts", "preview", str(file)).stdout
    assert "to be called mon-fri 10:00-12:00" in looked
    assert "refused, créneau" in looked
    declared = (
        "--supplier", "Comité", "--method", "formulaire", "--purpose", "political",
        "--slot", "18h-20h", "--expires-on", "2028-01-31",
    )  # fmt: skip
    imported = portevoix("contacts", "import", str(file), *declared)
    assert "1 refused (1 slot_unreadable)" in imported.stdout
    (kept,) = json.loads(portevoix("contacts", "lists", "--json").stdout)
    assert (kept["slot"], kept["consent_expires_on"]) == ("18:00-20:00", "2028-01-31")
    wrong = portevoix("contacts", "import", str(file), *declared[:6], "--slot", "le soir")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)


def test_a_refusal_is_lifted_by_a_named_person_with_a_reason(portevoix: Command) -> None:
    created(portevoix)
    portevoix("suppressions", "add", "0639980001")
    assert portevoix("suppressions", "lift", "0639980001", "--by", "Zoé").exit_code == 2
    lifted = portevoix(
        "suppressions", "lift", "0639980001", "--by", "Zoé", "--why", "wrote on 3 May"
    )
    assert lifted.stdout.startswith("Lifted.")
    assert "No number is suppressed" in portevoix("suppressions", "list").stderr
