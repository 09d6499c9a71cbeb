"""Campaigns as they are kept."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from store_subjects import NOW, World

from campaigns.campaign import Limits
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.outcome import NOT_THE_PERSONS, REACHED, Outcome
from campaigns.retry import RetryPolicy
from campaigns.rules.windows import Window
from campaigns.states import Action, CampaignState
from store import campaigns as kept
from store import policies
from store.engine import reading, writing


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def row(world: World, campaign_id: int) -> dict[str, Any]:
    with reading(world.engine) as connection:
        return kept.row(connection, 1, campaign_id)


def test_what_was_put_in_comes_out(world: World) -> None:
    policy = RetryPolicy(2, {Outcome.BUSY: timedelta(minutes=7)}, 5, timedelta(seconds=30))
    windows = (Window(frozenset({1, 3}), time(10, 5), time.max),)
    made = world.campaign(world.controller(), retry=policy, windows=windows, max_cps=2.5)
    assert (made.retry, made.windows) == (policy, windows)
    assert made.limits == Limits(30, 2.5)
    assert made.state is CampaignState.RUNNING


def test_two_campaigns_of_one_name_are_told_apart_or_refused(world: World) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    world.campaign(ours, name="tour")
    world.campaign(theirs, name="tour")
    with pytest.raises(InvalidInput, match="already a campaign «tour»"):
        world.campaign(ours, name="tour")


def test_of_another_controller_is_as_if_there_were_none(world: World) -> None:
    theirs = world.campaign(world.controller("B"), name="tour")
    ours = world.controller("A")
    with reading(world.engine) as connection:
        with pytest.raises(NotFound):
            kept.row(connection, ours, theirs.id)
        for text in ("tour", str(theirs.id)):
            with pytest.raises(NotFound):
                kept.id_of(connection, ours, text)


def test_a_name_made_of_digits_is_a_name_first(world: World) -> None:
    ours = world.controller()
    first = world.campaign(ours, name="autre")
    second = world.campaign(ours, name=str(first.id))
    with reading(world.engine) as connection:
        assert kept.id_of(connection, ours, str(first.id)) == second.id
        assert kept.id_of(connection, ours, str(second.id)) == second.id


def test_pausing_does_not_move_the_launch(world: World) -> None:
    made = world.campaign(world.controller(), state=CampaignState.DRAFT, launched_at=None)
    world.act(made.id, Action.LAUNCH)
    world.later(hours=1)
    world.act(made.id, Action.PAUSE)
    world.act(made.id, Action.RESUME)
    assert row(world, made.id)["launched_at"] == NOW
    world.later(hours=1)
    world.act(made.id, Action.STOP)
    world.act(made.id, Action.END)
    assert row(world, made.id)["ended_at"] == world.now


def test_what_makes_no_sense_changes_nothing(world: World) -> None:
    made = world.campaign(world.controller(), state=CampaignState.FINISHED)
    with pytest.raises(NotAllowed):
        world.act(made.id, Action.LAUNCH)
    assert row(world, made.id)["state"] == "finished"


@pytest.mark.parametrize(
    ("state", "start", "end", "expected"),
    [
        (CampaignState.SCHEDULED, 0, None, Action.LAUNCH),
        (CampaignState.SCHEDULED, 1, None, None),
        (CampaignState.DRAFT, -1, None, None),
        (CampaignState.RUNNING, None, 0, Action.DRAIN),
        (CampaignState.PAUSED, None, -1, Action.DRAIN),
        (CampaignState.RUNNING, None, 1, None),
        (CampaignState.STOPPED, None, -1, None),
        (CampaignState.RUNNING, None, None, None),
    ],
)
def test_what_the_clock_moves(
    world: World, state: CampaignState, start: int | None, end: int | None, expected: Action | None
) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW + timedelta(seconds=seconds)

    made = world.campaign(world.controller(), state=state, start_at=at(start), end_at=at(end))
    with reading(world.engine) as connection:
        found = kept.due(connection, NOW)
    assert found == ([] if expected is None else [(made.id, expected)])


def test_live_campaigns_are_those_that_may_have_calls_up(world: World) -> None:
    controller = world.controller()
    made = {state: world.campaign(controller, state=state).id for state in CampaignState}
    with reading(world.engine) as connection:
        live = {one.state for one in kept.live(connection)}
    assert live == {"running", "paused", "draining", "stopping"}
    assert len(made) == len(CampaignState)


def test_limits_change_while_it_runs(world: World) -> None:
    made = world.called(1)
    with writing(world.engine) as connection:
        kept.limit(connection, made.id, Limits(3, 0.5))
        assert kept.by_id(connection, made.id).limits == Limits(3, 0.5)


delays = st.dictionaries(
    st.sampled_from(sorted(set(Outcome) - REACHED - NOT_THE_PERSONS)),
    st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
)
retries = st.builds(RetryPolicy, st.integers(1, 10), delays, st.integers(1, 100))


@given(retries)
def test_any_retry_policy_survives_being_kept(policy: RetryPolicy) -> None:
    assert policies.retry(policies.retry_to_plain(policy)) == policy


@given(st.sets(st.integers(1, 7), min_size=1), st.times(), st.times())
def test_any_window_survives_being_kept(days: set[int], one: time, other: time) -> None:
    if one != other:
        window = Window(frozenset(days), min(one, other), max(one, other))
        assert policies.window(policies.windows_to_plain([window])[0]) == window
