"""Progress and report: counts that add up to the list at every moment."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from store_subjects import World
from workspaces import a_workspace, show

from campaigns.campaign import Campaign
from campaigns.errors import NotFound
from campaigns.outcome import Outcome
from campaigns.states import Action
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.events import CallEnded
from dialer.outcomes import closed, in_doubt, never_placed, unsent
from operations.progress import Progress, progress_of
from operations.report import all_attempts, report_of
from operations.workspace import Workspace
from store.engine import writing
from store.tables import campaign as campaigns


@pytest.fixture
def world(store: Engine) -> World:
    return World(store, datetime.now(UTC))


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


def take(world: World, campaign: Campaign, count: int) -> list[Call]:
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, count, True, "n"), world.now).taken
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]


def delivered(call: Call, heard_ms: int = 2000) -> Call:
    result = "played" if heard_ms >= 2000 else "playing"
    call.ended = CallEnded(call.attempt.id, 1_772_449_205_000, 1_772_449_200_000, 16, "SIP 200 OK",
        "", result, heard_ms, 100, 100, "")  # fmt: skip
    return call


def adds_up(found: Progress) -> bool:
    return (
        sum(found.states.values()) == found.targets
        and sum(found.outcomes.values())
        + found.states.get("calling", 0)
        + found.states.get("in_doubt", 0)
        == found.attempts
    )


def test_before_the_first_call(workspace: Workspace, world: World) -> None:
    campaign = world.called(4)
    found = progress_of(workspace, 1, campaign.id)
    assert (found.targets, found.done, found.attempts) == (4, 0, 0)
    assert (found.answer_seizure_ratio, found.finish_at, found.dialing) == (None, None, False)
    assert adds_up(found)


def test_in_the_middle(workspace: Workspace, world: World) -> None:
    campaign = world.called(10)
    calls = take(world, campaign, 8)
    now = world.now
    with writing(world.engine) as connection:
        write_closings(connection, [
            closed(delivered(calls[0]), None, now),
            closed(delivered(calls[1], 500), None, now),
            never_placed(calls[2], Outcome.BUSY, now),
            never_placed(calls[3], Outcome.CONGESTION, now),
            in_doubt(calls[4], now),
            unsent(calls[5], now),
        ])  # fmt: skip
    found = progress_of(workspace, 1, campaign.id)
    assert found.states == {
        "pending": 5, "calling": 2, "in_doubt": 1, "reached": 1, "unreached": 1
    }  # fmt: skip
    assert found.outcomes == {"delivered": 1, "hung_up_early": 1, "busy": 1, "congestion": 1}
    assert (found.done, found.attempts) == (2, 7)
    assert found.answer_seizure_ratio == 0.5
    assert adds_up(found)
    report = report_of(workspace, 1, campaign.id)
    assert (report.in_doubt, report.opted_out) == (1, 0)
    assert (report.heard.answered, report.heard.seconds) == (2, 1.25)
    assert report.heard.quartiles == {4: 1, 1: 1}


def test_what_the_dialer_shows(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    show(world, campaigns={str(campaign.id): {"channels": 7, "calls_per_second": 3}})
    found = progress_of(workspace, 1, campaign.id)
    assert (found.dialing, found.channels, found.calls_per_second) == (True, 7, 3)


def test_the_finish_is_told_once_it_is_no_guess(workspace: Workspace, world: World) -> None:
    campaign = world.called(400)
    begun = datetime.now(UTC) - timedelta(minutes=10)
    with writing(world.engine) as connection:
        connection.execute(update(campaigns).values(launched_at=begun))
    (call, *others) = take(world, campaign, 100)
    with writing(world.engine) as connection:
        write_closings(connection, [closed(delivered(call), None, world.now)])
    assert progress_of(workspace, 1, campaign.id).finish_at is None
    with writing(world.engine) as connection:
        write_closings(connection, [closed(delivered(one), None, world.now) for one in others])
    finish = progress_of(workspace, 1, campaign.id).finish_at
    assert finish is not None
    assert abs(finish - begun - timedelta(minutes=40)) < timedelta(minutes=1)
    world.act(campaign.id, Action.PAUSE)
    assert progress_of(workspace, 1, campaign.id).finish_at is None


def test_of_another_controller_is_as_if_there_were_none(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    other = world.controller("B")
    with pytest.raises(NotFound):
        progress_of(workspace, other, campaign.id)
    with pytest.raises(NotFound):
        list(all_attempts(workspace, other, campaign.id))


def test_every_attempt_comes_once_and_in_order(
    workspace: Workspace, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.report.PAGE", 3)
    campaign = world.called(10)
    calls = take(world, campaign, 10)
    found = list(all_attempts(workspace, 1, campaign.id))
    assert sorted(one["id"] for one in found) == [one["id"] for one in found]
    assert {one["id"] for one in found} == {call.attempt.id for call in calls}
    assert {one["line"] for one in found} == set(range(2, 12))
