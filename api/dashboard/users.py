"""Users as the administrator sees them: who there is, what they may do, who is let in no more."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.door import Typed
from api.dashboard.forms import checked
from api.dashboard.pages import page
from api.needs import needs
from api.schemas import Id
from campaigns.access import Permission, Role
from campaigns.errors import InvalidInput
from operations import accounts, controllers, second_factor, sign_in

router = APIRouter(include_in_schema=False)

Chosen = Annotated[list[str], Form(max_length=1000)]
"""Roles as the form sends them: `3:manager` for controller 3."""


@router.get("/users")
@needs(Permission.INSTALLATION)
def every(request: Request, workspace: In) -> Response:
    """Everybody, with their roles."""
    return _every(request, workspace)


@router.post("/controllers", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def add_controller(
    request: Request, workspace: In, caller: Asking, controller: Typed = ""
) -> Response:
    """Add somebody on whose behalf calls are made."""
    try:
        controllers.add(workspace, controller, caller.name)
    except InvalidInput as fault:
        return _every(request, workspace, 422, fault)
    return RedirectResponse("/users", 303)


@router.post("/users", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def add(request: Request, workspace: In, caller: Asking, email: Typed = "") -> Response:
    """Add somebody, and show the link with which they set their password, this once."""
    try:
        account_id = accounts.add_user(workspace, email, caller.name)
    except InvalidInput as fault:
        return _every(request, workspace, 422, fault, email)
    return _linked(request, workspace, account_id, caller.name)


@router.get("/users/{account_id}")
@needs(Permission.INSTALLATION)
def one(request: Request, workspace: In, account_id: Id) -> Response:
    """Somebody, and what can be changed."""
    return _one(request, workspace, account_id)


@router.post("/users/{account_id}/roles", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def set_roles(
    workspace: In,
    caller: Asking,
    account_id: Id,
    role: Chosen = [],  # noqa: B006 -- FastAPI copies it
    administrator: Typed = "",
) -> Response:
    """Give exactly the roles that are ticked."""
    accounts.set_administrator(
        workspace, account_id, caller.name, administrator=bool(administrator)
    )
    for controller_id in controllers.names(workspace):
        wanted = {one for one in Role if f"{controller_id}:{one}" in role}
        accounts.set_roles(workspace, account_id, controller_id, wanted, caller.name)
    return RedirectResponse(f"/users/{account_id}", 303)


@router.post("/users/{account_id}/link", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def link(request: Request, workspace: In, caller: Asking, account_id: Id) -> Response:
    """Make another link that sets the password, and show it, this once."""
    return _linked(request, workspace, account_id, caller.name)


@router.post("/users/{account_id}/disable", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def disable(workspace: In, caller: Asking, account_id: Id) -> Response:
    """Let them in no more."""
    accounts.disable(workspace, account_id, caller.name)
    return RedirectResponse(f"/users/{account_id}", 303)


@router.post("/users/{account_id}/enable", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def enable(workspace: In, caller: Asking, account_id: Id) -> Response:
    """Let them in again."""
    accounts.enable(workspace, account_id, caller.name)
    return RedirectResponse(f"/users/{account_id}", 303)


@router.post("/users/{account_id}/second-factor/remove", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def remove_second_factor(workspace: In, caller: Asking, account_id: Id) -> Response:
    """Take it away, for who lost phone and recovery codes."""
    second_factor.remove(workspace, account_id, caller.name)
    return RedirectResponse(f"/users/{account_id}", 303)


@router.post("/users/{account_id}/identity/forget", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def forget_identity(workspace: In, caller: Asking, account_id: Id) -> Response:
    """Know them by their e-mail address again, for who got another account at the provider."""
    sign_in.forget_identity(workspace, account_id, caller.name)
    return RedirectResponse(f"/users/{account_id}", 303)


def _every(
    request: Request,
    workspace: In,
    status: int = 200,
    fault: InvalidInput | None = None,
    email: str = "",
) -> Response:
    return page(
        request, "users.html", status, users=accounts.users(workspace),
        controllers=controllers.names(workspace), fault=fault, email=email,
        here="/users",
    )  # fmt: skip


def _linked(request: Request, workspace: In, account_id: int, by: str) -> Response:
    token = accounts.make_link(workspace, account_id, by)
    return _one(request, workspace, account_id, f"{request.base_url}password/{token}")


def _one(request: Request, workspace: In, account_id: int, link: str = "") -> Response:
    return page(
        request, "user.html", user=accounts.user(workspace, account_id), link=link,
        controllers=controllers.names(workspace), roles=list(Role),
        days=accounts.LINK_LASTS.days, here=f"/users/{account_id}",
    )  # fmt: skip
