"""Preparing a script: what it says lies where the PBX finds it, and bad scripts are refused."""

from pathlib import Path
from typing import Any

import pytest
from store_subjects import World, number
from test_consent_forms import opened
from test_prepare import values

from campaigns.campaign import Campaign
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.script import KeyAct
from operations.campaign_file import read_campaign_file
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.rehearse import rehearse
from operations.script_values import ScriptValues
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PARTS = ["message-identite", "message-desinscription", "message-corps"]
SAYS = ["identity", "opt_out", ["body", "data_source", "callback"]]
QUESTION = {"name": "vote", "recording": "message-court", "answers": {"1": "oui", "2": "non"}}


def kept_as(workspace: Workspace, world: World, name: str) -> int:
    path = EXAMPLES / f"{name}.flac"
    found = keep_recording(
        workspace, world.controller(), path, name=name, file_name=path.name, by="test"
    )
    return int(found["id"])


def prepared(
    workspace: Workspace,
    world: World,
    parts: list[str] = PARTS,
    changes: dict[str, Any] | None = None,
    **script: Any,
) -> Campaign:
    plain = ScriptValues[str].model_validate({"says": SAYS, **script})
    recorded = plain.recorded(lambda name: kept_as(workspace, world, name))
    made = prepare_campaign(
        workspace, world.controller(), values(**(changes or {})),
        [kept_as(workspace, world, one) for one in parts],
        [world.contacts(world.controller(), [number(1)])], "test", script=recorded,
    )  # fmt: skip
    with reading(world.engine) as connection:
        return kept.by_id(connection, made)


def test_everything_it_can_say_lies_in_one_directory(workspace: Workspace, world: World) -> None:
    campaign = prepared(
        workspace, world, source={"key": "1", "recording": "message-corps"}, replay="0",
        questions=[QUESTION, {**QUESTION, "name": "autre"}],
        transfer={"key": "#", "number": "01 99 00 00 77", "limit": 5},
    )  # fmt: skip
    script = campaign.script
    assert script is not None
    names = {path.stem for path in (workspace.library.root / script.sounds).glob("*.alaw")}
    assert names == {
        "source", "question-1", "question-2", "noted", "unknown", "thanks", "connecting", "full",
        "unavailable",
    }  # fmt: skip
    assert script.keys == {"0": KeyAct.REPLAY, "1": KeyAct.SOURCE, "#": KeyAct.TRANSFER}
    assert script.transfer is not None
    assert script.transfer.number == "+33199000077"
    assert campaign.max_call_s > 900


def test_the_same_sounds_are_one_directory_that_never_changes(
    workspace: Workspace, world: World
) -> None:
    found = [
        prepared(workspace, world, changes={"name": name}, questions=[QUESTION], language=language)
        for name, language in (("a", "fr"), ("b", "fr"), ("c", "en"))
    ]
    first, second, other = (one.script.sounds for one in found if one.script)
    assert first == second != other


def test_a_script_that_only_says_what_is_said_needs_nothing_of_the_pbx(
    workspace: Workspace, world: World
) -> None:
    script = prepared(workspace, world).script
    assert script is not None
    assert not script.is_interactive
    assert script.sounds == ""


@pytest.mark.parametrize(
    ("script", "field", "why"),
    [
        ({"replay": "9"}, "script.replay", "want no more calls"),
        ({"replay": "a"}, "script.replay", "no key of a telephone"),
        (
            {"replay": "1", "source": {"key": "1", "recording": "message-corps"}},
            "script.source", "that of replay already",
        ),
        (
            {"questions": [{**QUESTION, "answers": {"1": "oui", "9": "non"}}]},
            "script.questions.0.answers", "want no more calls",
        ),
        ({"questions": [QUESTION, QUESTION]}, "script.questions", "bear one name"),
        ({"says": SAYS[:2]}, "script.says", "2 recordings, and the message has 3"),
        ({"says": ["identity", "body", "opt_out"]}, "script.says", "nothing says"),
        (
            {"says": ["identity", ["body", "data_source", "callback"], "opt_out"]},
            "script.says", "wants it before",
        ),
        (
            {"transfer": {"key": "3", "number": "abc", "limit": 5}},
            "script.transfer.number", "",
        ),
        (
            {"transfer": {"key": "3", "number": "112", "limit": 5}},
            "script.transfer.number", "short number of the public network",
        ),
        (
            {"transfer": {"key": "3", "number": "3117", "limit": 5}},
            "script.transfer.number", "short number of the public network",
        ),
        (
            {"transfer": {"key": "3", "number": "118218", "limit": 5}},
            "script.transfer.number", "short number of the public network",
        ),
        (
            {"transfer": {"key": "3", "number": "0199000077", "limit": 5, "trunk": "nowhere"}},
            "trunk", "no trunk",
        ),
        (
            {"transfer": {"key": "3", "number": "0199000077", "limit": 5, "trunk": "carrier"}},
            "script.transfer.trunk", "a rehearsal reaches nobody",
        ),
        (
            {"transfer": {"key": "3", "number": "0199000077", "limit": 1000}},
            "script.transfer.limit", "nobody could be called",
        ),
    ],
)  # fmt: skip
def test_a_bad_script_is_refused_in_its_writers_terms(
    workspace: Workspace, world: World, script: dict[str, Any], field: str, why: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        prepared(workspace, world, **script)
    assert refused.value.field == field
    assert why in str(refused.value)


def test_a_rehearsal_says_and_asks_what_the_campaign_does(
    workspace: Workspace, world: World
) -> None:
    transfer = {"key": "3", "number": "01 99 00 00 77", "limit": 5}
    campaign = prepared(workspace, world, questions=[QUESTION], replay="0", transfer=transfer)
    twin = rehearse(workspace, campaign.controller_id, campaign.id, "test")
    with reading(world.engine) as connection:
        assert kept.by_id(connection, twin).script == campaign.script


def test_a_rehearsal_puts_nobody_through_to_a_real_telephone(
    workspace: Workspace, world: World
) -> None:
    transfer = {"key": "3", "number": "4510", "limit": 5, "trunk": "carrier"}
    real = {"trunk": "carrier", "caller_id": "+33162000001"}
    said = [["label", "identity"], "opt_out", ["body", "data_source", "callback"]]
    campaign = prepared(workspace, world, changes=real, says=said, transfer=transfer)
    with pytest.raises(NotAllowed, match="A rehearsal reaches nobody"):
        rehearse(workspace, campaign.controller_id, campaign.id, "test")


def test_one_that_only_says_what_is_said_is(workspace: Workspace, world: World) -> None:
    campaign = prepared(workspace, world)
    twin = rehearse(workspace, campaign.controller_id, campaign.id, "test")
    with reading(world.engine) as connection:
        assert kept.by_id(connection, twin).rehearsal


def test_who_is_called_for_real_hears_what_kind_of_call_it_is(
    workspace: Workspace, world: World
) -> None:
    real = {"trunk": "carrier", "caller_id": "+33162000001"}
    with pytest.raises(InvalidInput, match="what kind of call it is"):
        prepared(workspace, world, changes=real)
    said = [["label", "identity"], "opt_out", ["body", "data_source", "callback"]]
    campaign = prepared(workspace, world, changes=real, says=said)
    with reading(world.engine) as connection:
        row = kept.row(connection, campaign.controller_id, campaign.id)
    assert row["says"] == {
        campaign.message: [["label", "identity"], ["opt_out"], ["body", "data_source", "callback"]]
    }


def test_a_budget_and_a_transfer_exclude_each_other(workspace: Workspace, world: World) -> None:
    transfer = {"key": "3", "number": "4510", "limit": 5}
    with pytest.raises(InvalidInput, match="second leg"):
        prepared(workspace, world, changes={"budget": 100}, transfer=transfer)
    found = prepared(workspace, world, transfer=transfer).script
    assert found is not None
    assert found.transfer is not None
    assert found.transfer.number == "4510"


def test_a_consent_is_to_an_open_form_of_the_controller(workspace: Workspace, world: World) -> None:
    def ask(slug: str) -> Campaign:
        return prepared(workspace, world, consent={"key": "5", "form": slug})

    opened(world.engine, world.controller("Autre"), slug="autre")
    opened(world.engine, world.controller(), slug="heures", slots=("18:00-20:00",))
    form = opened(world.engine, world.controller(), slug="le-bon")
    with pytest.raises(NotFound):
        ask("nulle-part")
    for slug in ("autre", "heures"):
        with pytest.raises(InvalidInput, match="form"):
            ask(slug)
    script = ask("le-bon").script
    assert script is not None
    assert script.consent is not None
    assert script.consent.purposes == form.purposes


def test_a_file_says_it_with_paths(tmp_path: Path) -> None:
    for name in ("message.flac", "contacts.csv", "q.flac", "merci.flac"):
        (tmp_path / name).touch()
    file = tmp_path / "campaign.toml"
    file.write_text(FILE)
    script = read_campaign_file(file).script
    assert script is not None
    assert list(script.recordings()) == [tmp_path / "q.flac", tmp_path / "merci.flac"]
    (tmp_path / "q.flac").unlink()
    with pytest.raises(InvalidInput, match="no such file"):
        read_campaign_file(file)
    file.write_text(FILE.replace("replay", "repeat"))
    with pytest.raises(InvalidInput) as refused:
        read_campaign_file(file)
    assert refused.value.field == "script.repeat"


FILE = """
name = "Sondage"
controller = "Comité"
purpose = "political"
pack = "fr-political"
trunk = "rehearsal"
caller_id = "01 99 00 12 34"
recordings = ["message.flac"]

[script]
says = [["identity", "opt_out", "body"]]
replay = "0"

[[script.questions]]
name = "vote"
recording = "q.flac"
answers = { 1 = "oui", 2 = "non" }

[script.prompts]
thanks = "merci.flac"

[[lists]]
file = "contacts.csv"
supplier = "Comité"
method = "form"
purposes = ["political"]
"""
