"""Segments, constituencies, held lists and rules, as a shell sees them."""

import json
from pathlib import Path

import pytest
from cli_subjects import EXAMPLES, Command

from cli.campaign_setup import set_up
from operations import packs
from operations.campaign_file import read_campaign_file
from operations.workspace import Workspace
from store import tallies
from store.engine import reading

HEAD = """
name = "Essai"
controller = "Comité"
purpose = "political"
pack = "fr-political"
trunk = "rehearsal"
caller_id = "01 99 00 12 34"
segment = "ici"
others = "not_called"

[segments.ici]
any = [
    {{ place = "commune", equals = "Valbourg-sur-Orne" }},
    {{ place = "postcode", in = ["99330"] }},
]

[[variants]]
name = "Roussel"
constituency = "1"
recordings = ["{recording}"]

[schedule]
any_hour = true

[launch]
watch = false

[[lists]]
file = "liste.csv"
supplier = "Comité"
method = "formulaire"
purposes = ["political"]
"""

ROWS = """telephone;CP;Ville
06 39 98 00 01;99310;Valbourg S/Orne
06 39 98 00 02;99330;St-Eloi
06 39 98 00 03;75011;Paris
06 39 98 00 04;99320;VALBOURG SUR ORNE
"""

TABLE = """circonscription;code_postal;commune
1;99310;Valbourg-sur-Orne
1;99320;Valbourg-sur-Orne
2;99320;Valbourg-sur-Orne
3;;
"""


@pytest.fixture(autouse=True)
def no_giving_way(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("contacts", "campaign", "segments", "constituencies"):
        monkeypatch.setattr(f"cli.{command}.give_way", lambda: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "liste.csv").write_text(ROWS)
    (tmp_path / "circo.csv").write_text(TABLE)
    made = tmp_path / "campaign.toml"
    made.write_text(HEAD.format(recording=EXAMPLES / "message-court.flac"))
    return made


def imported(portevoix: Command, file: Path) -> None:
    table = portevoix("constituencies", "import", str(file.parent / "circo.csv"))
    assert "3 places of 2 constituencies; 1 rows refused." in table.stdout
    done = portevoix(
        "contacts", "import", str(file.parent / "liste.csv"), "--supplier", "Comité", "--method",
        "formulaire", "--purpose", "political", "--controller", "Comité",
    )  # fmt: skip
    assert done.exit_code == 0


def test_a_look_before_anything_is_prepared(portevoix: Command, file: Path) -> None:
    early = portevoix("segments", "preview", str(file))
    assert early.exit_code == 1
    imported(portevoix, file)
    found = json.loads(portevoix("segments", "preview", str(file), "--json").stdout)
    assert found["segments"] == {"ici": 3}
    assert found["fates"] == {"Roussel": 1, "doubtful address": 2, "not called": 1}
    shown = portevoix("segments", "preview", str(file)).stdout
    assert "4 people in its lists." in shown
    assert "Valbourg S/Orne" in shown
    assert "39980001" not in shown.replace(" ", "")


def test_from_the_file_to_the_report_of_who_is_held_back(
    portevoix: Command, file: Path, tmp_path: Path
) -> None:
    imported(portevoix, file)
    run = portevoix("campaign", "run", str(file), "--detach")
    assert run.exit_code == 0, run.stderr
    again = portevoix("campaign", "run", str(file), "--detach")
    assert again.exit_code == 0, "the same file is the same campaign"
    (answer,) = json.loads(portevoix("why", "0639980001", "--json").stdout)
    assert answer["variant"] == "Roussel"
    (answer,) = json.loads(portevoix("why", "0639980004", "--json").stdout)
    assert answer["gate"] == "doubtful_address"
    report = tmp_path / "doubtful.csv"
    said = portevoix("constituencies", "doubtful", "Essai", "--to", str(report))
    assert said.stdout.startswith("2 people held back")
    assert "ambiguous" in report.read_text("utf-8-sig")
    (file.parent / "circo.csv").write_text(TABLE.replace("2;99320", "1;99320"))
    portevoix("constituencies", "import", str(file.parent / "circo.csv"))
    assert "1 people" in portevoix("constituencies", "resolve", "Essai").stdout


def test_the_example(portevoix: Command, workspace: Workspace, tmp_path: Path) -> None:
    table = portevoix("constituencies", "import", str(EXAMPLES / "constituencies.csv"))
    assert "of 2 constituencies; 0 rows refused" in table.stdout
    values = read_campaign_file(EXAMPLES / "segments.toml")
    made = set_up(workspace, values, "Zoé")
    with reading(workspace.engine) as connection:
        counts = tallies.of_campaign(connection, made.campaign_id)
    look = json.loads(
        portevoix("segments", "preview", str(EXAMPLES / "segments.toml"), "--json").stdout
    )
    assert set(look["fates"]) == {
        "première circonscription", "deuxième circonscription", "doubtful address", "not called",
    }  # fmt: skip
    assert counts[tallies.GATE] == {"doubtful_address": look["fates"]["doubtful address"]}
    assert sum(counts[tallies.STATE].values()) == look["people"] - look["fates"]["not called"]


def test_another_segment_under_the_same_name_is_refused(portevoix: Command, file: Path) -> None:
    imported(portevoix, file)
    portevoix("campaign", "run", str(file), "--detach")
    file.write_text(file.read_text().replace('["99330"]', '["99340"]'))
    again = portevoix("campaign", "run", str(file), "--detach")
    assert again.exit_code == 1
    assert "differs in segments" in again.stderr


def test_a_sensitive_criterion_is_refused_with_its_article(portevoix: Command, file: Path) -> None:
    imported(portevoix, file)
    text = file.read_text().replace('place = "postcode", in', 'attribute = "Religion", in')
    file.write_text(text)
    refused = portevoix("segments", "preview", str(file))
    assert refused.exit_code == 1
    assert "segments.ici.any.2.attribute" in refused.stderr
    assert "art. 9" in refused.stderr


def test_a_list_that_looks_generated_is_shown_held_and_released(
    portevoix: Command, tmp_path: Path
) -> None:
    file = tmp_path / "fabriquee.csv"
    file.write_text("telephone\n" + "".join(f"06120000{at}\n" for at in range(10, 70)))
    options = ("--supplier", "X", "--method", "achat", "--purpose", "political")
    done = portevoix("contacts", "import", str(file), *options)
    assert "held: 60 numbers follow each other at a step of 1" in done.stdout
    assert "held" in portevoix("contacts", "lists").stdout
    unnamed = portevoix("contacts", "release", "1", "--reason", "standard")
    assert unnamed.exit_code == 2
    released = portevoix("contacts", "release", "1", "--by", "Max", "--reason", "standard")
    assert released.stdout == "List 1 is released by Max.\n"
    assert "held" not in portevoix("contacts", "lists").stdout
    assert portevoix("contacts", "release", "1", "--by", "Max", "--reason", "x").exit_code == 1


def test_rules_are_shown_compared_and_updated(portevoix: Command, tmp_path: Path) -> None:
    shown = portevoix("rules", "list").stdout
    assert all(name in shown for name in packs.names())
    assert "CNIL" in portevoix("rules", "show", "fr-political").stdout
    shipped = Path(packs.__file__).parents[1] / "campaigns/rules/packs/fr-political.toml"
    newer = tmp_path / "newer.toml"
    text = shipped.read_text("utf-8")
    version = packs.load("fr-political").version
    newer.write_text(text.replace(version, "2027.1.1").replace("most = 3", "most = 2"), "utf-8")
    diff = portevoix("rules", "diff", str(newer))
    assert "- 3 attempts in 30 days" in diff.stdout
    assert "+ 2 attempts in 30 days" in diff.stdout
    assert "this site" not in portevoix("rules", "list").stdout
    assert portevoix("rules", "update", str(newer)).exit_code == 2, "somebody must be named"
    done = portevoix("rules", "update", str(newer), "--by", "Maître Nadaud")
    assert "fr-political@2027.1.1 is in force, in the name of Maître Nadaud." in done.stdout
    assert "this site" in portevoix("rules", "list").stdout
    again = portevoix("rules", "update", str(newer), "--by", "Maître Nadaud")
    assert again.exit_code == 1
    assert "not newer" in again.stderr


def test_a_campaign_goes_on_with_the_rules_it_was_prepared_with(
    portevoix: Command, campaign_file: Path, tmp_path: Path
) -> None:
    portevoix("campaign", "run", str(campaign_file), "--detach")
    shipped = Path(packs.__file__).parents[1] / "campaigns/rules/packs/fr-political.toml"
    newer = tmp_path / "newer.toml"
    version = packs.load("fr-political").version
    text = shipped.read_text("utf-8").replace(version, "2027.1.1")
    newer.write_text(text.replace('end = "20:00"', 'end = "19:00"'), "utf-8")
    portevoix("rules", "update", str(newer), "--by", "Zoé")
    again = portevoix("campaign", "run", str(campaign_file), "--detach")
    assert again.exit_code == 0, again.stderr
    assert f"It keeps the rules of fr-political@{version}" in again.stderr
