"""Campaigns: preparing, starting, following and stopping them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import NewestFirst, next_of
from api.schemas import (
    CampaignAnswer,
    Id,
    LimitChange,
    NewCampaign,
    NoElection,
    Page,
    StateAnswer,
)
from campaigns.access import Permission
from campaigns.campaign import Limits
from campaigns.errors import NotAllowed
from campaigns.states import Action, CampaignState, move
from operations import hold, launch, report
from operations.add_list import Added, add_list
from operations.no_election import attest_no_election
from operations.prepare import prepare_campaign
from operations.report import Report
from operations.selection import Recorded
from store import campaigns as kept
from store.engine import reading

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

ASKED = (Action.LAUNCH, Action.PAUSE, Action.RESUME, Action.DRAIN, Action.STOP)
"""Actions a person asks for; the others are the clock's and the dialer's."""


@router.post("", status_code=201, response_model=CampaignAnswer, summary="Prepare a campaign")
@needs(Permission.CAMPAIGNS_WRITE)
def prepare(values: NewCampaign, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """Make its message of the recordings and its targets of the lists; it calls nobody yet."""

    def do() -> CampaignAnswer:
        campaign_id = prepare_campaign(
            workspace, caller.controller_id, values, values.recording_ids, values.list_ids,
            caller.name,
            variants=[Recorded(one, one.recording_ids) for one in values.variants],
            machine_recording_ids=values.machine_recording_ids,
            script=values.script,
        )  # fmt: skip
        return one(campaign_id, workspace, caller)

    return once(values, do, location="/api/v1/campaigns/{id}")


class CampaignQuery(NewestFirst):
    """Which campaigns."""

    state: CampaignState | None = None


@router.get("", summary="List campaigns")
@needs(Permission.CAMPAIGNS_READ)
def every(
    workspace: In, caller: Asking, asked: Annotated[CampaignQuery, Query()]
) -> Page[CampaignAnswer]:
    """Campaigns, newest first."""
    with reading(workspace.engine) as connection:
        rows = kept.page(
            connection, caller.controller_id, asked.after, asked.limit, asked.state
        )  # fmt: skip
    return Page(items=[_answer(row) for row in rows], next=next_of(rows, asked.limit))


@router.get("/{campaign_id}", summary="One campaign")
@needs(Permission.CAMPAIGNS_READ)
def one(campaign_id: Id, workspace: In, caller: Asking) -> CampaignAnswer:
    """A campaign, with the actions its state allows."""
    with reading(workspace.engine) as connection:
        return _answer(kept.row(connection, caller.controller_id, campaign_id))


@router.post("/{campaign_id}/launch", summary="Launch")
@needs(Permission.CAMPAIGNS_LAUNCH)
def start(campaign_id: Id, workspace: In, caller: Asking) -> StateAnswer:
    """Start calling, or wait for the day it is scheduled for. Asking twice does no harm."""
    return _act(Action.LAUNCH, campaign_id, workspace, caller)


@router.post("/{campaign_id}/pause", summary="Pause")
@needs(Permission.CAMPAIGNS_RUN)
def pause(campaign_id: Id, workspace: In, caller: Asking) -> StateAnswer:
    """Place no new call; those that are up go on to their end."""
    return _act(Action.PAUSE, campaign_id, workspace, caller)


@router.post("/{campaign_id}/resume", summary="Resume")
@needs(Permission.CAMPAIGNS_RUN)
def resume(campaign_id: Id, workspace: In, caller: Asking) -> StateAnswer:
    """Go on after a pause."""
    return _act(Action.RESUME, campaign_id, workspace, caller)


@router.post("/{campaign_id}/drain", summary="End after the calls that are up")
@needs(Permission.CAMPAIGNS_RUN)
def drain(campaign_id: Id, workspace: In, caller: Asking) -> StateAnswer:
    """Place no new call, let those that are up end, then stop for good."""
    return _act(Action.DRAIN, campaign_id, workspace, caller)


@router.post("/{campaign_id}/stop", summary="Stop at once")
@needs(Permission.CAMPAIGNS_RUN)
def stop(campaign_id: Id, workspace: In, caller: Asking) -> StateAnswer:
    """End the calls that are up and stop for good."""
    return _act(Action.STOP, campaign_id, workspace, caller)


@router.post("/{campaign_id}/release", summary="Release from a hold")
@needs(Permission.CAMPAIGNS_RUN)
def release(campaign_id: Id, workspace: In, caller: Asking) -> CampaignAnswer:
    """Let a held campaign go on, in the name of the key; what is watched is counted anew."""
    hold.release(workspace, caller.controller_id, campaign_id, caller.name)
    return one(campaign_id, workspace, caller)


@router.post("/{campaign_id}/acknowledge", summary="Answer for rules that are past their date")
@needs(Permission.CAMPAIGNS_LAUNCH)
def acknowledge(campaign_id: Id, workspace: In, caller: Asking) -> CampaignAnswer:
    """Let it be launched after `verify_by` of its pack, in the name of the key."""
    launch.acknowledge(workspace, caller.controller_id, campaign_id, caller.name)
    return one(campaign_id, workspace, caller)


@router.post("/{campaign_id}/no-election", summary="Say that there is no election")
@needs(Permission.CAMPAIGNS_LAUNCH)
def no_election(campaign_id: Id, said: NoElection, workspace: In, caller: Asking) -> CampaignAnswer:
    """Let it be launched without an election calendar: a person answers for there being none."""
    attest_no_election(workspace, caller.controller_id, campaign_id, said.by, caller.name)
    return one(campaign_id, workspace, caller)


@router.patch("/{campaign_id}/limits", summary="Change the limits")
@needs(Permission.CAMPAIGNS_RUN)
def limits(campaign_id: Id, change: LimitChange, workspace: In, caller: Asking) -> CampaignAnswer:
    """How wide and how fast it calls, also while it runs; in force within a second."""
    now = one(campaign_id, workspace, caller)
    launch.limit(
        workspace,
        caller.controller_id,
        campaign_id,
        Limits(change.max_channels or now.max_channels, change.max_cps or now.max_cps),
        caller.name,
    )
    return one(campaign_id, workspace, caller)


@router.put("/{campaign_id}/lists/{list_id}", summary="Add a list")
@needs(Permission.CAMPAIGNS_WRITE)
def add_people(campaign_id: Id, list_id: Id, workspace: In, caller: Asking) -> Added:
    """Its people become targets too, also while it runs; nobody is in a campaign twice."""
    return add_list(workspace, caller.controller_id, campaign_id, list_id, caller.name)


@router.get("/{campaign_id}/report", summary="Report")
@needs(Permission.CAMPAIGNS_READ)
def result(campaign_id: Id, workspace: In, caller: Asking) -> Report:
    """What was done, to how many, and why not to the others."""
    return report.report_of(workspace, caller.controller_id, campaign_id)


def known(campaign_id: Id, workspace: In, caller: Asking) -> int:
    """The campaign's id, where it is the caller's."""
    with reading(workspace.engine) as connection:
        kept.row(connection, caller.controller_id, campaign_id)
    return campaign_id


Known = Annotated[int, Depends(known)]


def allowed(state: CampaignState) -> list[Action]:
    """The actions that would move a campaign in this state."""
    return [action for action in ASKED if _moves(state, action)]


def _moves(state: CampaignState, action: Action) -> bool:
    try:
        return move(state, action) is not state
    except NotAllowed:
        return False


def _act(action: Action, campaign_id: int, workspace: In, caller: Asking) -> StateAnswer:
    state = launch.act(workspace, caller.controller_id, campaign_id, action, caller.name)
    return StateAnswer(id=campaign_id, state=state)


def _answer(row: dict[str, Any]) -> CampaignAnswer:
    state = CampaignState(row["state"])
    return CampaignAnswer(**row, actions=allowed(state), message_s=row["message_ms"] / 1000)
