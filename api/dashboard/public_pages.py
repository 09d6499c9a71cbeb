"""The page on which a controller's officer publishes its public page, or withdraws it."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import checked
from api.dashboard.pages import page
from api.needs import needs
from campaigns.access import Permission
from operations import callback_line, controllers, public_pages

router = APIRouter(include_in_schema=False)


@router.get("/public-page")
@needs(Permission.PRIVACY)
def one(request: Request, workspace: In, caller: Asking) -> Response:
    """Where it is, and whether everybody sees it."""
    name = controllers.names(workspace).get(caller.controller_id, "")
    return page(
        request,
        "public_page.html",
        found=public_pages.standing(workspace, caller.controller_id),
        contact=workspace.settings.privacy.contacts.get(name, ""),
        lines=len(callback_line.listed(workspace, caller.controller_id)),
    )


@router.post("/public-page/publish", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def publish(workspace: In, caller: Asking) -> Response:
    """Let everybody see it from now on."""
    public_pages.publish(workspace, caller.controller_id, caller.name)
    return RedirectResponse("/public-page", 303)


@router.post("/public-page/withdraw", dependencies=[Depends(checked)])
@needs(Permission.PRIVACY)
def withdraw(workspace: In, caller: Asking) -> Response:
    """Show it to nobody."""
    public_pages.withdraw(workspace, caller.controller_id, caller.name)
    return RedirectResponse("/public-page", 303)
