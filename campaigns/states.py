"""States of campaigns, targets and attempts, and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum

from campaigns.errors import NotAllowed


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FINISHED = "finished"


class TargetState(StrEnum):
    """Where one contact of a campaign stands. The states add up to the list at every moment."""

    PENDING = "pending"
    CALLING = "calling"
    IN_DOUBT = "in_doubt"
    REACHED = "reached"
    UNREACHED = "unreached"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one call stands."""

    CLAIMED = "claimed"
    IN_DOUBT = "in_doubt"
    CLOSED = "closed"
    UNSENT = "unsent"


class Action(StrEnum):
    """What a person or a clock asks of a campaign."""

    SCHEDULE = "schedule"
    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    STOP = "stop"
    END = "end"
    FINISH = "finish"


LIVE_CAMPAIGN = frozenset(
    {
        CampaignState.RUNNING,
        CampaignState.PAUSED,
        CampaignState.DRAINING,
        CampaignState.STOPPING,
    }
)
"""Campaigns that may have calls up."""

TERMINAL_TARGET = frozenset(
    {TargetState.REACHED, TargetState.UNREACHED, TargetState.REFUSED, TargetState.CANCELLED}
)

_C = CampaignState
_A = Action
_MOVES: Mapping[tuple[CampaignState, Action], CampaignState] = {
    (_C.DRAFT, _A.SCHEDULE): _C.SCHEDULED,
    (_C.DRAFT, _A.LAUNCH): _C.RUNNING,
    (_C.DRAFT, _A.STOP): _C.STOPPED,
    (_C.SCHEDULED, _A.LAUNCH): _C.RUNNING,
    (_C.SCHEDULED, _A.STOP): _C.STOPPED,
    (_C.RUNNING, _A.PAUSE): _C.PAUSED,
    (_C.RUNNING, _A.DRAIN): _C.DRAINING,
    (_C.RUNNING, _A.STOP): _C.STOPPING,
    (_C.RUNNING, _A.FINISH): _C.FINISHED,
    (_C.PAUSED, _A.RESUME): _C.RUNNING,
    (_C.PAUSED, _A.DRAIN): _C.DRAINING,
    (_C.PAUSED, _A.STOP): _C.STOPPING,
    (_C.DRAINING, _A.STOP): _C.STOPPING,
    (_C.DRAINING, _A.END): _C.STOPPED,
    (_C.STOPPING, _A.END): _C.STOPPED,
}

_SAME: Mapping[Action, frozenset[CampaignState]] = {
    _A.PAUSE: frozenset({_C.PAUSED}),
    _A.LAUNCH: frozenset({_C.RUNNING}),
    _A.RESUME: frozenset({_C.RUNNING}),
    _A.DRAIN: frozenset({_C.DRAINING, _C.STOPPED}),
    _A.STOP: frozenset({_C.STOPPING, _C.STOPPED}),
    _A.SCHEDULE: frozenset({_C.SCHEDULED}),
}
"""Asking twice is not an error: somebody clicked twice."""


def move(state: CampaignState, action: Action) -> CampaignState:
    """The state after an action.

    Raises:
        NotAllowed: the action makes no sense in this state.
    """
    if state in _SAME.get(action, frozenset()):
        return state
    try:
        return _MOVES[state, action]
    except KeyError:
        raise NotAllowed(f"A campaign that is {state} cannot {action}.") from None
