"""Moves between the states of a campaign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import NotAllowed
from campaigns.states import LIVE_CAMPAIGN, TERMINAL_TARGET, Action, CampaignState, move
from campaigns.states import TargetState as Target

C = CampaignState
A = Action
OVER = {C.STOPPED, C.FINISHED}


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        (C.DRAFT, A.LAUNCH, C.RUNNING),
        (C.DRAFT, A.SCHEDULE, C.SCHEDULED),
        (C.SCHEDULED, A.LAUNCH, C.RUNNING),
        (C.RUNNING, A.PAUSE, C.PAUSED),
        (C.PAUSED, A.RESUME, C.RUNNING),
        (C.RUNNING, A.DRAIN, C.DRAINING),
        (C.PAUSED, A.DRAIN, C.DRAINING),
        (C.DRAINING, A.STOP, C.STOPPING),
        (C.RUNNING, A.STOP, C.STOPPING),
        (C.PAUSED, A.STOP, C.STOPPING),
        (C.DRAINING, A.END, C.STOPPED),
        (C.STOPPING, A.END, C.STOPPED),
        (C.RUNNING, A.FINISH, C.FINISHED),
    ],
)
def test_moves(before: CampaignState, action: Action, after: CampaignState) -> None:
    assert move(before, action) is after


@pytest.mark.parametrize(
    ("before", "action"),
    [
        (C.DRAFT, A.PAUSE),
        (C.PAUSED, A.LAUNCH),
        (C.PAUSED, A.FINISH),
        (C.DRAINING, A.RESUME),
        (C.STOPPING, A.RESUME),
        (C.STOPPED, A.LAUNCH),
        (C.STOPPED, A.RESUME),
        (C.FINISHED, A.LAUNCH),
        (C.FINISHED, A.RESUME),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(before: CampaignState, action: Action) -> None:
    with pytest.raises(NotAllowed, match=f"{before} cannot {action}"):
        move(before, action)


@given(st.sampled_from(C), st.sampled_from([A.PAUSE, A.LAUNCH, A.RESUME, A.DRAIN, A.STOP]))
def test_asking_twice_is_asking_once(before: CampaignState, action: Action) -> None:
    try:
        once = move(before, action)
    except NotAllowed:
        return
    assert move(once, action) is once


@given(st.lists(st.sampled_from(A), max_size=30))
def test_a_campaign_that_is_over_never_calls_again(actions: list[Action]) -> None:
    for over in OVER:
        state = over
        for action in actions:
            try:
                state = move(state, action)
            except NotAllowed:
                continue
            assert state is over


def test_which_states_may_have_calls_up() -> None:
    assert {C.RUNNING, C.PAUSED, C.DRAINING, C.STOPPING} == LIVE_CAMPAIGN
    assert {Target.PENDING, Target.CALLING, Target.IN_DOUBT} == set(Target) - TERMINAL_TARGET
