"""One stop for everything: who may do it, who may take it back, what is written of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from store_subjects import World
from workspaces import a_workspace, show

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState
from operations import halt, launch
from operations.explain import why
from operations.progress import progress_of
from operations.workspace import Workspace
from store.engine import reading
from store.tables import audit_event


@pytest.fixture
def world(store: Engine) -> World:
    return World(store, datetime.now(UTC))


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


def acts(workspace: Workspace) -> list[tuple[str, str, object]]:
    with reading(workspace.engine) as connection:
        rows = connection.execute(select(audit_event).order_by(audit_event.c.sequence))
        return [(one.actor, one.act, one.detail.get("reason")) for one in rows]


def test_stopped_once_resumed_once_and_written_down(workspace: Workspace) -> None:
    assert halt.current(workspace) is None
    first = halt.stop_everything(workspace, "Zoé", " le message \n est faux ")
    assert first.reason == "le message est faux"
    assert halt.stop_everything(workspace, "Max", "aussi") == first, "the first one stands"
    assert halt.current(workspace) == first
    assert halt.resume_everything(workspace, "Ana")
    assert not halt.resume_everything(workspace, "Ana")
    assert acts(workspace) == [
        ("Zoé", "halt.stop", "le message est faux"),
        ("Ana", "halt.resume", None),
    ]


def test_only_its_own_key_or_the_operator_takes_a_stop_back(
    workspace: Workspace, world: World
) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    halt.stop_everything(workspace, "office", "", ours)
    for by, controller_id in [("office", theirs), ("Max", ours)]:
        with pytest.raises(NotAllowed, match="somebody else"):
            halt.resume_everything(workspace, by, controller_id)
    assert halt.resume_everything(workspace, "office", ours)
    halt.stop_everything(workspace, "office", "", ours)
    assert halt.resume_everything(workspace, "root")


def test_no_key_takes_the_operators_stop_back(workspace: Workspace, world: World) -> None:
    halt.stop_everything(workspace, "root")
    with pytest.raises(NotAllowed):
        halt.resume_everything(workspace, "root", world.controller())


def test_of_another_controllers_stop_nothing_is_told_but_since_when(
    workspace: Workspace, world: World
) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    found = halt.stop_everything(workspace, "office", "secret", ours)
    assert halt.seen_by(found, theirs, "office") == halt.Seen(found.at, "", "", may_resume=False)
    assert halt.seen_by(found, ours, "Max") == halt.Seen(found.at, "office", "secret", False)
    assert halt.seen_by(found, ours, "office").may_resume


def test_somebody_must_be_named_and_brief(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput, match="names nobody"):
        halt.stop_everything(workspace, " ")
    with pytest.raises(InvalidInput, match="longer than 500"):
        halt.stop_everything(workspace, "Zoé", "x" * 501)
    assert halt.current(workspace) is None


def test_campaigns_keep_their_state_and_none_is_launched(
    workspace: Workspace, world: World
) -> None:
    running = world.called(1)
    paused = world.campaign(1, state=CampaignState.PAUSED)
    later = world.campaign(
        1, state=CampaignState.SCHEDULED, start_at=world.now + timedelta(hours=1)
    )
    show(world, trunks={"rehearsal": {"rehearsal": True}})
    halt.stop_everything(workspace, "Zoé")
    with pytest.raises(NotAllowed, match="Everything is stopped"):
        launch.act(workspace, 1, paused.id, Action.RESUME, "Zoé")
    states = [progress_of(workspace, 1, one.id) for one in (running, paused, later)]
    assert [one.state for one in states] == ["running", "paused", "scheduled"]
    assert all(one.halted for one in states)
    (found,) = why(workspace, 1, world.targets(running.id)[0]["number"])
    assert found.gate is Gate.CAMPAIGN_NOT_RUNNING
    assert launch.act(workspace, 1, running.id, Action.STOP, "Zoé") is CampaignState.STOPPING
