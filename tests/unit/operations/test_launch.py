"""Launching a campaign, and what else is asked of one."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from store_subjects import World, number

from campaigns.campaign import Campaign, Limits
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.script import KeyAct, Script, Transfer, script_to_plain
from campaigns.states import Action, CampaignState
from operations import launch
from operations import trunks as decided
from operations.workspace import Workspace
from store import audit, trunks
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import campaign as campaigns

EXAMPLES = Path(__file__).parents[3] / "examples"


def draft(world: World, count: int = 1, **changes: Any) -> Campaign:
    return world.called(count, **{"state": CampaignState.DRAFT, "launched_at": None, **changes})


def acts(workspace: Workspace) -> list[str]:
    with reading(workspace.engine) as connection:
        return [one["act"] for one in audit.latest(connection, 1, 20)]


def test_launch_and_what_is_written_of_it(workspace: Workspace, world: World) -> None:
    campaign = draft(world)
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING
    assert acts(workspace) == ["campaign.launch"], "asking twice is written once"


def test_one_that_starts_later_waits(workspace: Workspace, world: World) -> None:
    campaign = draft(world, start_at=datetime.now(UTC) + timedelta(hours=1))
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.SCHEDULED


def test_nobody_to_call(workspace: Workspace, world: World) -> None:
    campaign = draft(world, 0)
    with pytest.raises(NotAllowed, match="nobody to call"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")


def test_a_real_trunk_must_be_armed_by_name(workspace: Workspace, world: World) -> None:
    people = [world.contacts(world.controller(), [number(1)], fictional=False)]
    reaches: dict[str, Any] = {
        "trunk": "carrier", "rehearsal": False, "caller_id": "+33162000001"
    }  # fmt: skip
    parts = [EXAMPLES / "message-identite.flac", EXAMPLES / "message-court.flac"]
    message = workspace.library.prepare(parts, "message").base
    reaches["message"] = path = str(message.relative_to(workspace.library.root))
    says = {path: [["label", "identity", "opt_out"], ["body", "data_source", "callback"]]}
    campaign = world.campaign(
        1, people, CampaignState.DRAFT, launched_at=None, says=says, no_election_by="Zoé", **reaches
    )
    with pytest.raises(NotAllowed, match="nobody has armed it"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    decided.arm(workspace, "carrier", "Zoé")
    with reading(workspace.engine) as connection:
        assert trunks.all_of(connection)["carrier"].armed_by == "Zoé"
    with pytest.raises(NotAllowed, match="Nobody has heard lately what"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    decided.attest(workspace, "carrier", "+33162000001", "Zoé")
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING


def test_a_transfer_by_a_trunk_that_nobody_has_armed_is_refused(
    workspace: Workspace, world: World
) -> None:
    transfer = Transfer("+33162000009", trunk="carrier", limit=5)
    script = Script(keys={"3": KeyAct.TRANSFER}, transfer=transfer)
    campaign = draft(world, script=script_to_plain(script))
    with pytest.raises(NotAllowed, match="«carrier» reaches real telephones and nobody has armed"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    decided.arm(workspace, "carrier", "Zoé")
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING


def expired(world: World, **changes: Any) -> Campaign:
    """A draft that reaches people, whose pack had to be read again by yesterday."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return draft(world, **{"rehearsal": False, "verify_by": yesterday, **changes})


def test_a_pack_past_its_date_needs_a_person_who_answers_for_it(
    workspace: Workspace, world: World
) -> None:
    campaign = expired(world)
    with pytest.raises(NotAllowed, match=r"pack_expired.*portevoix campaign acknowledge 1 --by"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    with pytest.raises(InvalidInput, match="Name the person"):
        launch.acknowledge(workspace, 1, campaign.id, "  ")
    launch.acknowledge(workspace, 1, campaign.id, "Maître Roux")
    with reading(workspace.engine) as connection:
        (event,) = audit.latest(connection, 1, 20)
    assert (event["actor"], event["act"]) == ("Maître Roux", "campaign.acknowledge")
    assert event["detail"]["gate"] == "pack_expired"
    assert event["detail"]["verify_by"] == str(campaign.verify_by)
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING


def test_a_campaign_that_runs_is_never_stopped_by_its_pack(
    workspace: Workspace, world: World
) -> None:
    campaign = expired(world, state=CampaignState.RUNNING)
    for action, state in ((Action.PAUSE, "paused"), (Action.RESUME, "running")):
        assert launch.act(workspace, 1, campaign.id, action, "Zoé") == state


@pytest.mark.parametrize(
    "changes",
    [
        {"rehearsal": True},  # reaches nobody
        {"verify_by": datetime.now(UTC).date() + timedelta(days=1)},
        {"verify_by": None},  # prepared before that was kept
    ],
)
def test_what_needs_nobody_to_answer_for_it(
    workspace: Workspace, world: World, changes: dict[str, Any]
) -> None:
    campaign = expired(world, **changes)
    with pytest.raises(NotAllowed, match="Nobody needs to answer"):
        launch.acknowledge(workspace, 1, campaign.id, "Zoé")
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.RUNNING


def test_the_day_it_begins_is_what_counts(workspace: Workspace, world: World) -> None:
    now = datetime.now(UTC)
    valid = {"verify_by": now.date() + timedelta(days=9), "start_at": now + timedelta(days=10)}
    campaign = expired(world, **valid)
    with pytest.raises(NotAllowed, match="pack_expired"):
        launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé")
    launch.acknowledge(workspace, 1, campaign.id, "Zoé")
    assert launch.act(workspace, 1, campaign.id, Action.LAUNCH, "Zoé") is CampaignState.SCHEDULED


def test_what_makes_no_sense_is_refused(workspace: Workspace, world: World) -> None:
    campaign = draft(world)
    with pytest.raises(NotAllowed, match="draft cannot pause"):
        launch.act(workspace, 1, campaign.id, Action.PAUSE, "Zoé")
    assert acts(workspace) == []


def test_campaigns_of_others_do_not_exist(workspace: Workspace, world: World) -> None:
    campaign = draft(world)
    other = world.controller("B")
    with pytest.raises(NotFound):
        launch.act(workspace, other, campaign.id, Action.LAUNCH, "Zoé")
    with pytest.raises(NotFound):
        launch.limit(workspace, other, campaign.id, Limits(1, 1), "Zoé")


def test_limits(workspace: Workspace, world: World) -> None:
    campaign = draft(world)
    launch.limit(workspace, 1, campaign.id, Limits(3, 2.5), "Zoé")
    with reading(workspace.engine) as connection:
        assert kept.by_id(connection, campaign.id).limits == Limits(3, 2.5)
    assert acts(workspace) == ["campaign.limit"]


def test_a_campaign_that_is_over_stays_over(workspace: Workspace, world: World) -> None:
    campaign = draft(world)
    with writing(workspace.engine) as connection:
        connection.execute(update(campaigns).values(state="finished"))
    for action in (Action.LAUNCH, Action.RESUME):
        with pytest.raises(NotAllowed):
            launch.act(workspace, 1, campaign.id, action, "Zoé")
