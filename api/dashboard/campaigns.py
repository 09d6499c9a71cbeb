"""The pages over campaigns: all of them, one as it goes, and its report."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.figures import figures
from api.dashboard.forms import checked
from api.dashboard.hours import hours
from api.dashboard.pages import chosen, page, render
from api.dashboard.reports import looked_into
from api.events import EventStream
from api.language import Language
from api.needs import needs
from api.routes.campaigns import Known, allowed, one
from api.routes.stream import Watching
from api.schemas import Id
from campaigns.access import Permission
from campaigns.errors import NotReady
from campaigns.states import Action, CampaignState
from operations import drafts, hold, launch
from operations.progress import Progress, progress_of
from operations.report import report_of
from store import campaigns as kept
from store.engine import reading

router = APIRouter(include_in_schema=False)

_SHOWN = 50
"""Campaigns on a page: those that may have calls up first, then the newest."""

_FROM = r"[01]-\d{1,18}"
"""Where a page goes on: turn and id, as `store.campaigns.page_of_lively_first` has them."""


class Asked(StrEnum):
    """What can be asked for on the page."""

    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    STOP = "stop"


_AFTER = {
    "launch": {CampaignState.RUNNING, CampaignState.SCHEDULED},
    "pause": {CampaignState.PAUSED},
    "resume": {CampaignState.RUNNING},
    "drain": {CampaignState.DRAINING},
    "stop": {CampaignState.STOPPING, CampaignState.STOPPED},
    "release": {CampaignState.RUNNING},
}
"""The states in which it is still news that an action was done."""


@router.get("/campaigns")
@needs(Permission.CAMPAIGNS_READ)
def every(
    request: Request,
    workspace: In,
    caller: Asking,
    after: Annotated[str, Query(pattern=f"^({_FROM})?$")] = "",
) -> Response:
    """All campaigns, a page at a time, each with its progress and what can be done now."""
    with reading(workspace.engine) as connection:
        rows = kept.page_of_lively_first(
            connection, caller.controller_id, _place(after), _SHOWN + 1
        )  # fmt: skip
    language = chosen(request)
    shown = [
        _shown(progress_of(workspace, caller.controller_id, row["id"]), language)
        for row in rows[:_SHOWN]
    ]
    may_draft = caller.may(Permission.CAMPAIGNS_WRITE) and not after
    begun = drafts.open_ones(workspace, caller.controller_id) if may_draft else []
    last = rows[_SHOWN - 1] if len(rows) > _SHOWN else None
    return page(
        request, "campaigns.html", shown=shown, after=after, drafts=begun,
        next=f"{last['turn']}-{last['id']}" if last else None,
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}")
@needs(Permission.CAMPAIGNS_READ)
def live(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """One campaign as it goes."""
    progress = progress_of(workspace, caller.controller_id, campaign_id)
    done = request.query_params.get("done", "")
    campaign = one(campaign_id, workspace, caller)
    return page(
        request, "campaign.html", **_shown(progress, chosen(request)), campaign=campaign,
        hours=hours(campaign.windows, chosen(request)),
        **looked_into(request, campaign_id, workspace, caller),
        done=done if progress.state in _AFTER.get(done, ()) else "",
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}/events")
@needs(Permission.CAMPAIGNS_READ)
async def events(
    request: Request, campaign_id: Known, caller: Asking, hub: Watching
) -> EventStream:
    """The live part of the page whenever it changes, drawn once for all who see the same."""
    language = chosen(request)

    def draw(progress: Progress) -> str:
        return render(language, "live.html", asker=caller, **_shown(progress, language))

    seen = (language.code, caller.permissions)
    return EventStream(hub, caller.controller_id, campaign_id, seen, draw, end="over")


@router.get("/campaigns/{campaign_id}/report")
@needs(Permission.CAMPAIGNS_READ)
def report(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """What came of it."""
    found = report_of(workspace, caller.controller_id, campaign_id)
    campaign = one(campaign_id, workspace, caller)
    return page(
        request, "report.html", report=found, campaign=campaign,
        **looked_into(request, campaign_id, workspace, caller),
        **_shown(found.progress, chosen(request)),
    )  # fmt: skip


@router.get("/campaigns/{campaign_id}/release")
@needs(Permission.CAMPAIGNS_RUN)
def ask_release(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Say why it is held, and ask."""
    campaign = one(campaign_id, workspace, caller)
    if campaign.hold is None:
        return RedirectResponse(f"/campaigns/{campaign_id}", 303)
    return page(request, "release.html", campaign=campaign, hold=campaign.hold)


@router.post("/campaigns/{campaign_id}/release", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_RUN)
def release(campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Release it, and go back to it."""
    hold.release(workspace, caller.controller_id, campaign_id, caller.name)
    return RedirectResponse(f"/campaigns/{campaign_id}?done=release", 303)


@router.get("/campaigns/{campaign_id}/{action}")
@needs(Permission.CAMPAIGNS_RUN)
def confirm(
    request: Request, campaign_id: Id, action: Asked, workspace: In, caller: Asking
) -> Response:
    """Say what an action will do, and ask."""
    _check(caller, action)
    campaign = one(campaign_id, workspace, caller)
    if Action(action) not in campaign.actions:
        return RedirectResponse(f"/campaigns/{campaign_id}", 303)
    progress = progress_of(workspace, caller.controller_id, campaign_id)
    return page(
        request, "confirm.html", action=action.value, campaign=campaign,
        progress=progress, hours=hours(campaign.windows, chosen(request)),
    )  # fmt: skip


@router.post("/campaigns/{campaign_id}/{action}", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_RUN)
def act(campaign_id: Id, action: Asked, workspace: In, caller: Asking) -> Response:
    """Do it, and go back to the campaign; to what fails, where a launch does."""
    _check(caller, action)
    try:
        launch.act(workspace, caller.controller_id, campaign_id, Action(action), caller.name)
    except NotReady:
        return RedirectResponse(f"/campaigns/{campaign_id}/preflight", 303)
    return RedirectResponse(f"/campaigns/{campaign_id}?done={action}", 303)


def _place(cursor: str) -> tuple[int, int] | None:
    turn, _, id_ = cursor.partition("-")
    return (int(turn), int(id_)) if cursor else None


def _check(caller: Caller, action: Asked) -> None:
    """Launching needs more than the other actions do."""
    if action is Asked.LAUNCH:
        caller.must(Permission.CAMPAIGNS_LAUNCH)


def _shown(progress: Progress, language: Language) -> dict[str, Any]:
    return {
        "progress": progress,
        "figures": figures(progress, language),
        "possible": allowed(progress.state),
    }
