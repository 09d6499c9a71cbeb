"""People are added to a campaign while it runs: all of them, none twice, every count true."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update
from store_subjects import World, number
from workspaces import a_workspace

from campaigns.errors import InvalidInput, NotAllowed, NotFound, StoreUnavailable
from campaigns.states import Action, CampaignState
from dialer.claim import Want, claim
from operations import filling
from operations.add_list import Added, add_list
from operations.workspace import Workspace
from store import audit, targets
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import contact_list


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


def listed(world: World, first: int, count: int) -> int:
    made = world.contacts(1, [number(first + place) for place in range(count)])
    with writing(world.engine) as connection:
        connection.execute(
            update(contact_list).where(contact_list.c.id == made).values(accepted=count)
        )
    return made


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.PAUSED])
def test_whoever_is_new_is_called_too_and_nobody_twice(
    world: World, workspace: Workspace, state: CampaignState
) -> None:
    campaign = world.called(6)
    with writing(world.engine) as connection:
        assert len(claim(connection, Want(campaign, 2, True, "n"), world.now).taken) == 2
    if state is CampaignState.PAUSED:
        world.act(campaign.id, Action.PAUSE)
    more = listed(world, 4, 5)
    assert add_list(workspace, 1, campaign.id, more, "Zoé") == Added(more, 5, 3)
    assert world.states(campaign.id) == {"calling": 2, "pending": 7}
    assert len({one["number"] for one in world.targets(campaign.id)}) == 9
    world.check()


def test_asked_twice_it_is_done_and_recorded_once(world: World, workspace: Workspace) -> None:
    campaign = world.called(2)
    more = listed(world, 10, 3)
    assert add_list(workspace, 1, campaign.id, more, "Zoé").added == 3
    assert add_list(workspace, 1, campaign.id, more, "Zoé").added == 0
    with reading(world.engine) as connection:
        assert kept.lists_of(connection, campaign.id) == [1, more]
        (act,) = audit.latest(connection, 1, 10)
    assert (act["act"], act["actor"]) == ("campaign.add_list", "Zoé")
    assert act["detail"] == {"list": more, "contacts": 3}


def test_cut_short_it_is_completed_by_asking_again(
    world: World, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = world.called(2)
    more = listed(world, 10, 5)
    fill, turns = targets.fill, iter([True, False])

    def cut_short(*arguments: Any) -> int | None:
        if not next(turns):
            raise StoreUnavailable("the power went")
        return fill(*arguments)

    monkeypatch.setattr(filling, "FILL_AT_ONCE", 2)
    monkeypatch.setattr(targets, "fill", cut_short)
    with pytest.raises(StoreUnavailable):
        add_list(workspace, 1, campaign.id, more, "Zoé")
    monkeypatch.setattr(targets, "fill", fill)
    assert add_list(workspace, 1, campaign.id, more, "Zoé").added == 3
    assert world.states(campaign.id) == {"pending": 7}
    world.check()


def test_a_campaign_that_has_ended_takes_nobody_in(world: World, workspace: Workspace) -> None:
    campaign = world.called(2)
    world.act(campaign.id, Action.STOP)
    more = listed(world, 10, 3)
    with pytest.raises(NotAllowed, match="stopping"):
        add_list(workspace, 1, campaign.id, more, "Zoé")
    assert world.states(campaign.id) == {"pending": 2}
    with reading(world.engine) as connection:
        assert kept.lists_of(connection, campaign.id) == [1]


def test_a_campaign_that_ends_meanwhile_is_left_as_it_is(
    world: World, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = world.called(2)
    more = listed(world, 10, 6)
    monkeypatch.setattr(filling, "FILL_AT_ONCE", 2)

    def stop(looked_at: int) -> None:
        if looked_at == 2:
            world.act(campaign.id, Action.STOP)

    with pytest.raises(NotAllowed, match="stopping"):
        add_list(workspace, 1, campaign.id, more, "Zoé", stop)
    assert world.states(campaign.id) == {"pending": 4}
    world.check()


def test_a_list_that_is_not_whole_and_one_of_somebody_else_are_refused(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(2)
    more = listed(world, 10, 3)
    with writing(world.engine) as connection:
        connection.execute(
            update(contact_list).where(contact_list.c.id == more).values(state="importing")
        )
    with pytest.raises(InvalidInput, match="not whole"):
        add_list(workspace, 1, campaign.id, more, "Zoé")
    theirs = world.contacts(world.controller("Autre"), [number(50)])
    with pytest.raises(NotFound):
        add_list(workspace, 1, campaign.id, theirs, "Zoé")
