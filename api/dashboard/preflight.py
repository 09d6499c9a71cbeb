"""The pages before a launch: what is looked at, who may be called, the budget, old rules."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api import spoken
from api.caller import Asking, In
from api.dashboard.forms import checked, faults_of, pointed
from api.dashboard.pages import chosen, page
from api.language import Language
from api.needs import needs
from api.routes.campaigns import one
from api.schemas import CampaignAnswer, Id
from campaigns.access import Permission, is_key
from campaigns.check import Subject
from campaigns.errors import InvalidInput
from campaigns.money import to_micros
from campaigns.readiness import Readiness
from campaigns.states import Action
from operations import launch, readiness
from operations.budget import change_budget
from operations.no_election import attest_no_election, may_be_attested
from operations.preflight import preflight as look
from operations.progress import progress_of

router = APIRouter(include_in_schema=False)


@router.get("/campaigns/{campaign_id}/preflight")
@needs(Permission.CAMPAIGNS_READ)
def preflight(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Everything a launch needs, on one page."""
    campaign = one(campaign_id, workspace, caller)
    found = look(workspace, caller.controller_id, campaign_id, caller.name)
    language = chosen(request)
    return page(
        request,
        "preflight.html",
        campaign=campaign,
        found=found,
        checks=spoken.told(language, found.checks),
        days=spoken.calendar(language, found.forecast.days),
        may_launch=(
            caller.may(Permission.CAMPAIGNS_LAUNCH)
            and Action.LAUNCH in campaign.actions
            and not found.failed
        ),
        past=_is_past(campaign, [check.subject for check in found.failed]),
        no_calendar=Subject.ELECTIONS in [check.subject for check in found.failed],
        **listed(language, found.readiness),
    )


@router.get("/lists/{list_id}/readiness/{pack}/{purpose}")
@needs(Permission.CAMPAIGNS_READ)
def list_readiness(
    request: Request, list_id: Id, workspace: In, caller: Asking, pack: str, purpose: str
) -> Response:
    """Who of a list may be called for a purpose."""
    found = readiness.of_lists(workspace, caller.controller_id, [list_id], pack, purpose)
    return page(request, "readiness.html", found=found, **listed(chosen(request), found))


@router.get("/campaigns/{campaign_id}/acknowledge")
@needs(Permission.CAMPAIGNS_LAUNCH)
def ask_acknowledge(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Say what is answered for, and ask."""
    campaign = one(campaign_id, workspace, caller)
    if campaign.acknowledged_by or campaign.verify_by is None:
        return RedirectResponse(f"/campaigns/{campaign_id}/preflight", 303)
    return page(request, "acknowledge.html", campaign=campaign, name=caller.name)


@router.post("/campaigns/{campaign_id}/acknowledge", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def acknowledge(campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Answer for it in the name of the key, and go back to what is looked at."""
    launch.acknowledge(workspace, caller.controller_id, campaign_id, caller.name)
    return RedirectResponse(f"/campaigns/{campaign_id}/preflight", 303)


@router.get("/campaigns/{campaign_id}/no-election")
@needs(Permission.CAMPAIGNS_LAUNCH)
def ask_no_election(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Say what is answered for, and ask."""
    campaign = one(campaign_id, workspace, caller)
    if not may_be_attested(campaign.state, campaign.elections, campaign.no_election_by):
        return RedirectResponse(f"/campaigns/{campaign_id}/preflight", 303)
    name = "" if is_key(caller.name) else caller.name
    return page(request, "no_election.html", campaign=campaign, name=name, faults={})


@router.post("/campaigns/{campaign_id}/no-election", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def no_election(
    request: Request,
    campaign_id: Id,
    workspace: In,
    caller: Asking,
    by: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Answer for it in a person's name, and go back to what is looked at."""
    try:
        attest_no_election(workspace, caller.controller_id, campaign_id, by, caller.name)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {})
        campaign = one(campaign_id, workspace, caller)
        return page(request, "no_election.html", 422, campaign=campaign, name=by, faults=faults)
    return RedirectResponse(f"/campaigns/{campaign_id}/preflight", 303)


@router.get("/campaigns/{campaign_id}/budget")
@needs(Permission.CAMPAIGNS_READ)
def ask_budget(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """How the money stands, and the form for another budget."""
    return _budget(request, campaign_id, workspace, caller)


@router.post("/campaigns/{campaign_id}/budget", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def budget(
    request: Request,
    campaign_id: Id,
    workspace: In,
    caller: Asking,
    euros: Annotated[str, Form(max_length=30)] = "",
) -> Response:
    """Set it in the name of the key; a higher one lets calls go on."""
    try:
        micros = _micros(euros)
    except (InvalidOperation, ValueError):
        return _budget(request, campaign_id, workspace, caller, 422, wrong=euros)
    try:
        change_budget(workspace, caller.controller_id, campaign_id, micros, caller.name)
    except InvalidInput as error:
        why = faults_of(error, chosen(request), {error.field: "euros"})["euros"]
        return _budget(request, campaign_id, workspace, caller, 422, wrong=euros, why=why)
    return RedirectResponse(f"/campaigns/{campaign_id}/budget", 303)


def _budget(
    request: Request,
    campaign_id: int,
    workspace: In,
    caller: Asking,
    status: int = 200,
    wrong: str | None = None,
    why: str = "",
) -> Response:
    campaign = one(campaign_id, workspace, caller)
    stands = progress_of(workspace, caller.controller_id, campaign_id).money
    return page(
        request, "budget.html", status, campaign=campaign, stands=stands, typed=wrong,
        wrong=wrong is not None, why=why,
    )  # fmt: skip


def _micros(text: str) -> int | None:
    """What was typed, with a comma or a point; nothing is no budget."""
    bare = pointed(text)
    return to_micros(Decimal(bare)) if bare else None


def _is_past(campaign: CampaignAnswer, failed: list[Any]) -> bool:
    """Whether somebody has to answer for its rules."""
    return "pack" in failed and not campaign.acknowledged_by


def listed(language: Language, found: Readiness) -> dict[str, Any]:
    """Readiness as the part of a page takes it."""
    return {
        "readiness": found,
        "unready": {
            one.list_id: spoken.unready(language, one, found.purpose) for one in found.lists
        },
    }
