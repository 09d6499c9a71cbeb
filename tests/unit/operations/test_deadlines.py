"""Weights, deadlines, blackouts and retries: from a campaign file to progress and explanations."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, select
from store_subjects import World, number
from workspaces import a_workspace, show

from campaigns.campaign import MOST_CHANNELS, MOST_CPS, Limits
from campaigns.errors import InvalidInput, NotFound
from campaigns.outcome import Outcome
from campaigns.rules.blackout import Blackout
from campaigns.states import Action
from dialer.claim import Want, claim
from operations import controllers, deadline
from operations.campaign_file import RetryValues, ScheduleValues
from operations.explain import why
from operations.progress import progress_of
from operations.workspace import Workspace
from store import audit, policies
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import audit_event

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store, NOW)


def test_progress_tells_how_it_stands_to_its_deadline(world: World, workspace: Workspace) -> None:
    by = NOW + 10 * HOUR
    campaign = world.called(40, finish_by=by, max_cps=1.0)
    found = progress_of(workspace, 1, campaign.id)
    assert (found.deadline_met, found.finish_by) == (True, by)
    assert found.needed_cps == pytest.approx(40 / 36_000, rel=0.1)
    with writing(world.engine) as connection:
        claim(connection, Want(campaign, 40, True, "n"), NOW)
    found = progress_of(workspace, 1, campaign.id)
    assert (found.needed_cps, found.deadline_met) == (0.0, True), "everybody was called"
    world.act(campaign.id, Action.STOP)
    world.act(campaign.id, Action.END)
    assert progress_of(workspace, 1, campaign.id).deadline_met is None


def test_a_deadline_that_cannot_be_met_is_said_with_the_time(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(400, finish_by=NOW + 10 * HOUR, max_cps=0.01)
    found = progress_of(workspace, 1, campaign.id)
    assert found.deadline_met is False
    assert found.first_calls_done_at is not None
    assert found.first_calls_done_at >= NOW + timedelta(seconds=40_000)
    without = world.campaign(1, [1])
    assert progress_of(workspace, 1, without.id).needed_cps is None
    with reading(world.engine) as connection:
        assert deadline.needed(connection, [campaign, without], NOW) == {campaign.id: 0.01}


def test_a_blackout_is_named_with_its_end(world: World, workspace: Workspace) -> None:
    end = NOW + timedelta(hours=2)
    campaign = world.called(1, blackouts=policies.blackouts_to_plain(
        [Blackout(NOW - timedelta(hours=1), end)]))  # fmt: skip
    show(world)
    (found,) = why(workspace, 1, number(0))
    assert (found.campaign_id, found.gate) == (campaign.id, "blackout")
    assert found.opens_at == end


def test_a_controller_s_weight_is_changed_by_a_named_person(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(1)
    controllers.weigh(workspace, "Comité", 3, "Zoé")
    assert [(one["name"], one["weight"]) for one in controllers.every(workspace)] == [
        ("Comité", 3.0)
    ]
    with reading(world.engine) as connection:
        assert kept.by_id(connection, campaign.id).controller_weight == 3.0
        events = connection.execute(select(audit_event)).mappings().all()
    assert [(one["act"], one["actor"], one["detail"]) for one in events] == [
        ("controller.weigh", "Zoé", {"weight": 3})
    ]
    for weight, by in ((0.0, "Zoé"), (-1.0, "Zoé"), (float("nan"), "Zoé"), (2.0, " ")):
        with pytest.raises(InvalidInput):
            controllers.weigh(workspace, "Comité", weight, by)
    with pytest.raises(NotFound):
        controllers.weigh(workspace, "Nobody", 2, "Zoé")


def test_a_controller_is_limited_by_a_named_person_and_half_by_half(
    world: World, workspace: Workspace
) -> None:
    campaign = world.called(1)

    def in_force() -> Limits | None:
        with reading(world.engine) as connection:
            return kept.by_id(connection, campaign.id).controller_limits

    assert in_force() is None
    controllers.limit(workspace, 1, {"max_channels": 20}, "Zoé")
    assert in_force() == Limits(20, MOST_CPS)
    controllers.limit(workspace, 1, {"max_cps": 2.5}, "Zoé")
    assert in_force() == Limits(20, 2.5)
    controllers.limit(workspace, 1, {"max_channels": None}, "Zoé")
    assert in_force() == Limits(MOST_CHANNELS, 2.5)
    with reading(world.engine) as connection:
        event = audit.latest(connection, 1, 1)[0]
    assert (event["act"], event["actor"]) == ("controller.limit", "Zoé")
    assert event["detail"] == {"max_channels": None, "max_cps": 2.5}
    wrong: list[dict[str, float | None]] = [{}, {"max_channels": -1}, {"max_cps": 0.0}]
    for changes in wrong:
        with pytest.raises(InvalidInput):
            controllers.limit(workspace, 1, changes, "Zoé")
    with pytest.raises(InvalidInput, match="names nobody"):
        controllers.limit(workspace, 1, {"max_cps": 1.0}, " ")
    with pytest.raises(NotFound):
        controllers.limit(workspace, 99, {"max_cps": 1.0}, "Zoé")
    assert in_force() == Limits(MOST_CHANNELS, 2.5)


@pytest.mark.parametrize(
    "values",
    [
        {"start_at": NOW, "finish_by": NOW},
        {"finish_by": NOW + timedelta(hours=2), "end_at": NOW + timedelta(hours=1)},
        {"blackouts": [{"begin": NOW, "end": NOW}]},
        {"blackouts": [{"begin": NOW, "end": NOW + timedelta(hours=1), "zones": ["Paris"]}]},
    ],
)
def test_schedules_that_make_no_sense(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ScheduleValues.model_validate(values)


def test_another_hour_unless_a_short_delay_is_written() -> None:
    assert RetryValues().policy().other_hour == {Outcome.NO_ANSWER, Outcome.MACHINE}
    short = RetryValues.model_validate({"delays": {"no_answer": "00:10:00"}})
    assert short.policy().other_hour == frozenset()
    asked = RetryValues.model_validate(
        {"delays": {"no_answer": "00:10:00"}, "other_hour": ["no_answer"]}
    )
    assert asked.policy().other_hour == {Outcome.NO_ANSWER}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"delays": {"delivered": "01:00:00"}}, "retry.delays.delivered"),
        ({"counts": {"opted_out": 2}}, "retry.counts.opted_out"),
        ({"other_hour": ["congestion"]}, "retry.other_hour.congestion"),
        ({"other_trunk": ["delivered"]}, "retry.other_trunk.delivered"),
    ],
)
def test_rules_that_could_have_no_effect(values: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        RetryValues.model_validate(values).policy()
    assert caught.value.field == named


def test_a_policy_of_before_these_rules_is_read_as_it_was() -> None:
    plain = policies.retry_to_plain(RetryValues().policy())
    for name in ("counts", "other_hour", "other_trunk"):
        del plain[name]
    found = policies.retry(plain)
    assert (found.counts, found.other_hour, found.other_trunk) == ({}, frozenset(), frozenset())
