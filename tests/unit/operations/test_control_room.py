"""What the control room says: why a campaign dials or not, its share, nobody else's calls."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete
from store_subjects import World, number
from workspaces import show as shown_first

from campaigns.rules.gates import Gate
from campaigns.rules.windows import Window
from campaigns.states import CampaignState
from operations.calls_made import CallsMade
from operations.control_room import Room, room_of
from operations.halt import stop_everything
from operations.workspace import Workspace
from store.engine import writing
from store.tables import lease


def show(world: World, **status: Any) -> None:
    """What a running dialer shows of itself, in the place of what it showed before."""
    with writing(world.engine) as connection:
        connection.execute(delete(lease))
    shown_first(world, **status)


def room(workspace: Workspace, controller_id: int) -> Room:
    return room_of(workspace, controller_id, CallsMade())


def gate(workspace: Workspace, controller_id: int) -> Gate | None:
    (one,) = room(workspace, controller_id).campaigns
    assert one.standing.dialing is (one.standing.gate is None)
    return one.standing.gate


def test_a_campaign_says_what_keeps_it_from_dialing(world: World, workspace: Workspace) -> None:
    campaign = world.called(2)
    owner = campaign.controller_id
    assert gate(workspace, owner) is Gate.PBX_UNAVAILABLE
    show(world, connected=True)
    assert gate(workspace, owner) is None
    show(world, campaigns={str(campaign.id): {"gate": "budget_reached"}})
    assert gate(workspace, owner) is Gate.BUDGET_REACHED
    show(world)
    stop_everything(workspace, "Zoé", "", None)
    assert gate(workspace, owner) is Gate.CAMPAIGN_NOT_RUNNING


def test_a_campaign_that_dials_says_that_nobody_can_be_put_through(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(2)
    for closed in (True, False):
        show(world, campaigns={str(campaign.id): {"gate": None, "transfers_closed": closed}})
        (one,) = room(workspace, campaign.controller_id).campaigns
        assert one.standing.dialing
        assert one.progress.transfers_closed is closed


def test_outside_its_hours_it_says_when_they_begin(world: World, workspace: Workspace) -> None:
    day = datetime.now(UTC) + timedelta(days=3)
    later = Window(frozenset({day.isoweekday()}), time(10), time(11))
    campaign = world.called(2, windows=[later])
    show(world)
    (one,) = room(workspace, campaign.controller_id).campaigns
    assert one.standing.gate is Gate.OUTSIDE_WINDOW
    assert one.standing.opens_at is not None
    assert one.standing.opens_at.isoweekday() == day.isoweekday()


def test_shares_follow_weights_among_those_that_run(world: World, workspace: Workspace) -> None:
    owner = world.controller()
    people = world.contacts(owner, [number(1)])
    world.campaign(owner, [people], weight=3.0)
    world.campaign(owner, [people], weight=1.0)
    world.campaign(owner, [people], state=CampaignState.PAUSED)
    found = {one.progress.campaign_id: one.share for one in room(workspace, owner).campaigns}
    assert found == {1: 0.75, 2: 0.25, 3: None}


def test_nothing_of_another_controllers_calls_is_in_it(world: World, workspace: Workspace) -> None:
    mine = world.called(1)
    theirs = world.controller("Association")
    other = world.campaign(theirs, [world.contacts(theirs, [number(7)])])
    shown = {"channels": 5, "calls_per_second": 4.0}
    show(world, channels=6, campaigns={str(other.id): shown, str(mine.id): {"channels": 1}})
    found = room(workspace, mine.controller_id)
    assert (found.channels, found.calls_per_second) == (1, 0)
    assert [one.progress.campaign_id for one in found.campaigns] == [mine.id]


def test_sums_are_of_all_that_may_have_calls_up_and_the_table_of_the_first(
    world: World, workspace: Workspace
) -> None:
    owner = world.controller()
    people = world.contacts(owner, [number(1)])
    old = world.campaign(owner, [people])
    for _ in range(12):
        world.campaign(owner, [people], state=CampaignState.PAUSED)
    ended = world.campaign(owner, [people], state=CampaignState.STOPPED)
    drained = world.campaign(owner, [people], state=CampaignState.DRAINING)
    shown = {"channels": 2, "calls_per_second": 0.5}
    show(world, campaigns={str(id_): shown for id_ in range(1, drained.id + 1)})
    found = room(workspace, owner)
    assert (found.channels, found.calls_per_second) == (28, 7.0), "14 that may have calls up"
    assert [one.progress.campaign_id for one in found.campaigns[:2]] == [old.id, drained.id]
    assert (len(found.campaigns), found.more) == (12, 2)
    assert found.campaigns[0].share == 1.0
    assert ended.id not in [one.progress.campaign_id for one in found.campaigns]


def test_trunks_say_whether_they_are_used(world: World, workspace: Workspace) -> None:
    show(world, trunks={"carrier": {"breaker": "open", "factor": 0.5, "why": "failed"}}, gaps=2)
    found = room(workspace, world.controller())
    carrier = next(one for one in found.trunks if one.trunk.name == "carrier")
    assert (carrier.usable, carrier.breaker, carrier.why) == (False, "open", "failed")
    assert found.gaps == 2
    assert len(found.minutes) == 60
