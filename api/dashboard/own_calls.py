"""The page on which somebody has a campaign call their own telephone."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import Filled, checked, faults_of, text_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.routes.campaigns import one
from api.schemas import Id
from campaigns.access import Permission
from campaigns.errors import InvalidInput, NotAllowed
from operations import call_me
from operations.call_me import CODE_GOOD_FOR, MOST_A_DAY

router = APIRouter(include_in_schema=False)


@router.get("/campaigns/{campaign_id}/call-me")
@needs(Permission.CAMPAIGNS_LAUNCH)
def ask(request: Request, campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Ask for the number."""
    return _page(request, campaign_id, workspace, caller)


@router.post("/campaigns/{campaign_id}/call-me/code", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def code(
    request: Request, campaign_id: Id, workspace: In, caller: Asking, form: Filled
) -> Response:
    """Have a code spoken there, and ask for it. The number is in no address."""
    number = text_of(form, "number")

    def do() -> int:
        return call_me.send_code(
            workspace, caller.controller_id, campaign_id, number, caller.name, chosen(request).code
        )

    return _tried(request, campaign_id, workspace, caller, number, "spoken", do)


@router.post("/campaigns/{campaign_id}/call-me/confirm", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def confirm(
    request: Request, campaign_id: Id, workspace: In, caller: Asking, form: Filled
) -> Response:
    """Take the code that was heard."""
    number, heard = text_of(form, "number"), text_of(form, "code")

    def do() -> None:
        call_me.confirm(workspace, caller.controller_id, number, heard, caller.name)

    return _tried(request, campaign_id, workspace, caller, number, "confirmed", do, asked="spoken")


@router.post("/campaigns/{campaign_id}/call-me", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def now(request: Request, campaign_id: Id, workspace: In, caller: Asking, form: Filled) -> Response:
    """Place the call, and show it as any campaign."""
    number, variant = text_of(form, "number"), text_of(form, "variant")
    made: list[int] = []

    def do() -> None:
        made.append(
            call_me.call_me(
                workspace, caller.controller_id, campaign_id, number, caller.name, variant
            )
        )

    answer = _tried(request, campaign_id, workspace, caller, number, "confirmed", do)
    return RedirectResponse(f"/campaigns/{made[0]}", 303) if made else answer


def _tried(
    request: Request,
    campaign_id: int,
    workspace: In,
    caller: Asking,
    number: str,
    step: str,
    do: Callable[[], object],
    asked: str = "",
) -> Response:
    """The next step; or the one that was asked for, with what was wrong beside it."""
    language = chosen(request)
    place = "code" if asked else "number"
    try:
        do()
    except InvalidInput as error:
        faults = faults_of(error, language, {error.field: place})
        return _page(request, campaign_id, workspace, caller, number, asked, faults, 422)
    except NotAllowed as error:
        faults = {place: language.say(str(error))}
        return _page(request, campaign_id, workspace, caller, number, asked, faults, 409)
    return _page(request, campaign_id, workspace, caller, number, step)


def _page(
    request: Request,
    campaign_id: int,
    workspace: In,
    caller: Asking,
    number: str = "",
    step: str = "",
    faults: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    campaign = one(campaign_id, workspace, caller)
    return page(
        request, "call_me.html", status, campaign=campaign, number=number, step=step,
        faults=faults or {}, most=MOST_A_DAY, minutes=round(CODE_GOOD_FOR.total_seconds() / 60),
    )  # fmt: skip
