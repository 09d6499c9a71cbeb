"""The other trunks of a campaign, and how it is launched, from its values to its row."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from store_subjects import World, number
from workspaces import CARRIER, SAYS, a_workspace

from campaigns.campaign import Campaign
from campaigns.errors import InvalidInput, NotAllowed
from campaigns.states import Action
from operations import launch
from operations import trunks as decided
from operations.campaign_file import CampaignValues
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.script_values import ScriptValues
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SETTINGS = (
    CARRIER
    + """
[trunks.second]
host = "sip.second.example"
caller_ids = ["+33162000001"]

[trunks.third]
host = "sip.third.example"
caller_ids = ["+33162000009"]
"""
)


@pytest.fixture
def workspace(own_store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(own_store, tmp_path, SETTINGS)


@pytest.fixture
def prepared(workspace: Workspace, world: World) -> Any:
    """Prepares a real campaign of one person."""
    path = EXAMPLES / "message-identite.flac"
    message = keep_recording(
        workspace, world.controller(), path, name="identité", file_name=path.name, by="test"
    )
    one = world.contacts(1, [number(1)], fictional=False)

    def prepare(**changes: Any) -> Campaign:
        plain = {"name": "tour", "purpose": "political", "pack": "fr-political",
            "trunk": "carrier", "caller_id": "+33162000001",
            "schedule": {"no_election_by": "Zoé"}, **changes}  # fmt: skip
        values = CampaignValues.model_validate(plain)
        script = ScriptValues[int].model_validate({"says": [SAYS]})
        campaign_id = prepare_campaign(
            workspace, 1, values, [message["id"]], [one], "Zoé", script=script
        )
        with reading(workspace.engine) as connection:
            return kept.by_id(connection, campaign_id)

    return prepare


def test_a_campaign_goes_out_by_several_trunks(prepared: Any) -> None:
    assert prepared(other_trunks=["second"]).trunks == ("carrier", "second")


@pytest.mark.parametrize(
    ("others", "field", "why"),
    [
        (["carrier"], "other_trunks", "named twice"),
        (["second", "second"], "other_trunks", "named twice"),
        (["nowhere"], "other_trunks", "there is no trunk «nowhere»"),
        (["rehearsal"], "other_trunks", "not of one kind"),
        (["third"], "caller_id", "«third» may not show"),
    ],
)
def test_trunks_that_cannot_carry_its_calls(
    prepared: Any, others: list[str], field: str, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why) as caught:
        prepared(other_trunks=others)
    assert caught.value.field == field


def test_each_of_its_trunks_must_be_armed(workspace: Workspace, prepared: Any) -> None:
    campaign = prepared(other_trunks=["second"])
    decided.arm(workspace, "carrier", "Zoé")
    with pytest.raises(NotAllowed, match="«second» reaches real telephones"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    decided.arm(workspace, "second", "Zoé")
    for trunk in campaign.trunks:
        decided.attest(workspace, trunk, campaign.caller_id, "Zoé")
    launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")


def test_a_real_campaign_is_launched_in_stages_and_watched(prepared: Any) -> None:
    campaign = prepared(launch={"bounds": {"unwanted": 0.005}})
    assert (campaign.stages, campaign.stage_limit) == ((200, 2000, 20000), 200)
    assert (campaign.bounds["unwanted"], campaign.bounds["opt_outs"]) == (0.005, 0.02)


def test_a_real_campaign_is_never_unwatched(prepared: Any) -> None:
    with pytest.raises(InvalidInput, match="only a rehearsal") as caught:
        prepared(launch={"watch": False})
    assert caught.value.field == "launch.watch"
