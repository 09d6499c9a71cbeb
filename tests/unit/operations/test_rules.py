"""A newer version of the rules is put in force by a named person, and loosens no law."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
from store_subjects import World

from campaigns.errors import InvalidInput
from campaigns.states import Action, CampaignState
from operations import launch, packs, preflight
from operations.campaign_file import CampaignValues
from operations.launch_record import launch_record
from operations.prepare import prepare_campaign
from operations.readiness import of_lists
from operations.record import keep_recording
from operations.rules import in_force, install, read_update
from operations.workspace import Workspace
from store import audit
from store import campaigns as kept
from store.engine import reading

SHIPPED = Path(packs.__file__).parents[1] / "campaigns" / "rules" / "packs"
MESSAGE = Path(__file__).resolve().parents[3] / "examples" / "message-court.flac"


def written(tmp_path: Path, *changes: tuple[str, str], pack_id: str = "fr-political") -> Path:
    """A newer version of a shipped pack with some texts of it changed."""
    text = (SHIPPED / f"{pack_id}.toml").read_text("utf-8")
    version = f'version = "{packs.load(pack_id).version}"'
    for before, after in ((version, 'version = "2027.1.1"'), *changes):
        assert before in text, before
        text = text.replace(before, after)
    file = tmp_path / "newer.toml"
    file.write_text(text, "utf-8")
    return file


LATER = ("as_of = 2026-11-21", "as_of = 2026-11-22")
FEWER = ("most = 3                   # attempts to one person", "most = 2 # attempts")
EVIDENCE = '[evidence]\nforce = "regulator"\nsource = "CNIL'
NEW_YEAR = ("verify_by = 2027-01-31", "verify_by = 2099-06-30")


def test_what_is_shipped_is_in_force_until_something_newer_is(workspace: Workspace) -> None:
    for name in packs.names():
        assert in_force(workspace, name) == packs.load(name)


def test_a_newer_version_is_in_force_for_what_is_prepared_from_then_on(
    workspace: Workspace, tmp_path: Path
) -> None:
    world = World(workspace.engine)
    list_id = world.contacts(world.controller(), ["+33639980001"])
    recording = keep_recording(workspace, 1, MESSAGE, name="m", file_name="m.flac", by="t")["id"]

    def prepared(name: str) -> str:
        asked = CampaignValues(
            name=name, purpose="political", pack="fr-political", trunk="rehearsal",
            caller_id="0199001234",
        )  # fmt: skip
        made = prepare_campaign(workspace, 1, asked, [recording], [list_id], "Zoé")
        with reading(workspace.engine) as connection:
            found = kept.by_id(connection, made)
            assert found.frequency is not None
        return f"{found.pack} {found.frequency.most}"

    before = prepared("a")
    update = read_update(workspace, written(tmp_path, FEWER, NEW_YEAR))
    assert {one.of for one in update.changes} == {"frequency", "verify_by"}
    assert in_force(workspace, "fr-political").version != "2027.1.1", "reading installs nothing"
    install(workspace, update, "Maître Nadaud")
    assert in_force(workspace, "fr-political").version == "2027.1.1"
    assert in_force(workspace, "fr-political").verify_by == date(2099, 6, 30)
    assert prepared("b") == "fr-political@2027.1.1 2"
    assert before == f"{packs.load('fr-political').label} 3"
    with reading(workspace.engine) as connection:
        assert kept.by_id(connection, 1).pack == packs.load("fr-political").label
        (event,) = audit.latest(connection, None, 1)
    assert (event["act"], event["actor"]) == ("rules.update", "Maître Nadaud")
    assert event["detail"]["after"] == "fr-political@2027.1.1"


def test_a_pack_that_a_site_wrote_before_a_rule_came_has_it_as_shipped(
    workspace: Workspace, tmp_path: Path
) -> None:
    """It was installed when packs said what they are not for, and nothing of elections."""
    text = written(tmp_path, FEWER).read_text("utf-8")
    for section in ("purposes", "bases", "elections"):
        before, _, rest = text.partition(f"[{section}]\n")
        text = before + rest[rest.index("\n[") + 1 :]
    old = '[purposes]\nforce = "regulator"\nsource = "x"\nnot_for = ["commercial"]\n\n[windows]'
    text = text.replace("[windows]", old)
    workspace.settings.rules_directory.mkdir(parents=True)
    (workspace.settings.rules_directory / "fr-political.toml").write_text(text, "utf-8")
    found, shipped = in_force(workspace, "fr-political"), packs.load("fr-political")
    assert found.version == "2027.1.1"
    assert (found.purposes, found.bases, found.calendar) == (
        shipped.purposes, shipped.bases, True,
    )  # fmt: skip
    assert found.frequency.most == 2
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_site_s_rules_are_those_that_are_looked_at_before_a_launch(
    workspace: Workspace, tmp_path: Path
) -> None:
    world = World(workspace.engine)
    owner = world.controller()
    listed = world.contacts(owner, ["+33639980001"])
    recording = keep_recording(workspace, 1, MESSAGE, name="m", file_name="m.flac", by="t")["id"]
    shorter = ("[machines]", "[machines] # site")
    install(workspace, read_update(workspace, written(tmp_path, shorter, NEW_YEAR)), "Zoé")
    asked = CampaignValues.model_validate({
        "name": "a", "purpose": "politique", "pack": "fr-political", "trunk": "rehearsal",
        "caller_id": "0199001234", "schedule": {"any_hour": True},
    })  # fmt: skip
    made = prepare_campaign(workspace, 1, asked, [recording], [listed], "Zoé")
    assert of_lists(workspace, 1, [listed], "fr-political", "political").pack.endswith("@2027.1.1")
    found = preflight.preflight(workspace, 1, made)
    assert any("fr-political@2027.1.1" in one.in_english() for one in found.checks)
    site = (workspace.settings.rules_directory / "fr-political.toml").read_bytes()
    (workspace.settings.rules_directory / "fr-political.toml").unlink()
    launch.act(workspace, 1, made, Action.LAUNCH, "Zoé")
    pack = launch_record(workspace, 1, made).content["pack"]
    assert pack["label"] == "fr-political@2027.1.1"
    assert pack["sha256"] == hashlib.sha256(site).hexdigest(), "of the text it was prepared with"


def test_rules_that_were_changed_by_hand_keep_everything_from_being_launched(
    workspace: Workspace, tmp_path: Path
) -> None:
    campaign = World(workspace.engine).called(1, state=CampaignState.DRAFT, launched_at=None)
    install(workspace, read_update(workspace, written(tmp_path)), "Zoé")
    file = workspace.settings.rules_directory / "fr-political.toml"
    file.write_text(file.read_text("utf-8").replace("calendar = true", "calendar = false"), "utf-8")
    with pytest.raises(InvalidInput, match="force of law"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")


def test_nobody_installs_rules_without_a_name(workspace: Workspace, tmp_path: Path) -> None:
    update = read_update(workspace, written(tmp_path, FEWER))
    with pytest.raises(InvalidInput, match="names nobody"):
        install(workspace, update, " ")
    assert in_force(workspace, "fr-political") == packs.load("fr-political")


def test_the_law_is_loosened_by_a_newer_text_alone(workspace: Workspace, tmp_path: Path) -> None:
    more = ("most = 4                   # attempts", "most = 9 # attempts")
    law = {"pack_id": "fr-commercial"}
    with pytest.raises(InvalidInput) as caught:
        read_update(workspace, written(tmp_path, more, LATER, **law))
    assert caught.value.field == "frequency"
    source = (
        'source = "Code de la consommation, D.223-9 (décret 2022-1313)"\nmost',
        'source = "Décret 2026-9999"\nmost',
    )
    more = ("most = 4                   # attempts", "most = 9 # attempts")
    update = read_update(workspace, written(tmp_path, more, source, LATER, **law))
    assert [one.of for one in update.changes if one.looser] == ["frequency"]
    with pytest.raises(InvalidInput, match="force of law"):
        read_update(workspace, written(tmp_path, more, source, **law))


def test_a_file_that_was_changed_by_hand_loosens_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    install(workspace, read_update(workspace, written(tmp_path, pack_id="fr-commercial")), "Zoé")
    file = workspace.settings.rules_directory / "fr-commercial.toml"
    file.write_text(file.read_text("utf-8").replace("most = 4 ", "most = 99 "), "utf-8")
    with pytest.raises(InvalidInput, match="force of law"):
        in_force(workspace, "fr-commercial")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (('version = "2027.1.1"', 'version = "2026.1.1"'), "version"),
        (('version = "2027.1.1"', 'version = "soon"'), "version"),
        (('id = "fr-political"', 'id = "fr-other"'), "pack"),
        (('id = "fr-political"', 'id = "../../etc/passwd"'), "pack"),
        (("as_of = 2026-11-21", "as_of = 2020-01-01"), "as_of"),
        (("as_of = 2026-11-21", "as_of = 2026-11-21\nsurprise = 1"), "pack"),
        (("as_of = 2026-11-21", 'as_of = "yesterday"'), "as_of"),
        (("verify_by = 2027-01-31", "verify_by = 2026-11-21"), "verify_by"),
        (("[evidence]", "[evidences]"), "pack"),
        (('demanded = "row"', 'demanded = "any"'), "pack"),
        (("stages = [200, 2000, 20000]", "stages = [200, 100]"), "launch.stages"),
        (("opt_outs = 0.02", "opt_outs = 2"), "holds.bounds.opt_outs"),
        (("opt_outs = 0.02", "opt_out = 0.02"), "pack"),
        (('start = "10:00"', 'start = "10h"'), "start"),
        (("pattern = '", "pattern = '("), "pack"),
        ((EVIDENCE, EVIDENCE.replace("CNIL", '" #')), "evidence"),
        (('for = ["political", "meetings", "survey"]', 'for = ["politique"]'), "pack"),
        (('allowed = ["consent"]', 'allowed = ["interest"]'), "pack"),
        (("calendar = true", "calendar = false"), "elections"),
        (("[windows]", "[windows"), "pack"),
    ],
)
def test_what_is_no_newer_version_of_a_pack(
    workspace: Workspace, tmp_path: Path, change: tuple[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_update(workspace, written(tmp_path, change))
    assert caught.value.field == field
    assert not workspace.settings.rules_directory.exists()


def test_a_newer_product_takes_the_place_of_an_older_site(
    workspace: Workspace, tmp_path: Path
) -> None:
    install(workspace, read_update(workspace, written(tmp_path, FEWER)), "Zoé")
    file = workspace.settings.rules_directory / "fr-political.toml"
    file.write_text(file.read_text("utf-8").replace("2027.1.1", "2026.1.1"), "utf-8")
    assert in_force(workspace, "fr-political") == packs.load("fr-political")
