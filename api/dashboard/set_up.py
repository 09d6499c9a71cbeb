"""The first set-up, a password by link, and the sample to begin with.

Forms under an address that holds a secret carry no token of their own: who can send them knows it.
"""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import In
from api.dashboard.door import Typed, enter
from api.dashboard.forms import passwords
from api.dashboard.pages import page
from api.problems import Refusal
from campaigns.errors import InvalidInput
from campaigns.password import LEAST_SIGNS
from operations import accounts, set_up

router = APIRouter(include_in_schema=False)


@router.get("/setup/{token}")
def ask_set_up(request: Request, workspace: In, token: str) -> Response:
    """Ask who looks after the installation, and on whose behalf calls are made."""
    if not set_up.is_open(workspace, token):
        raise Refusal("not_found", "The set-up is done, or this address is not in force any more.")
    return _set_up_form(request)


@router.post("/setup/{token}")
def begin(
    request: Request,
    workspace: In,
    token: str,
    email: Typed = "",
    password: Typed = "",
    again: Typed = "",
    controller: Typed = "",
) -> Response:
    """Make the first user and controller, and sign them in."""
    try:
        opened = set_up.begin(workspace, token, email, passwords(password, again), controller)
    except InvalidInput as fault:
        return _set_up_form(request, 422, email=email, controller=controller, fault=fault)
    return enter(request, opened, "/welcome")


@router.get("/password/{token}")
def ask_password(request: Request, workspace: In, token: str) -> Response:
    """Ask somebody who was given a link for their password."""
    return _password_form(request, workspace, token)


@router.post("/password/{token}")
def choose_password(
    request: Request, workspace: In, token: str, password: Typed = "", again: Typed = ""
) -> Response:
    """Set it; then they sign in with it."""
    try:
        accounts.set_password_by_link(workspace, token, passwords(password, again))
    except InvalidInput as fault:
        return _password_form(request, workspace, token, 422, fault)
    return RedirectResponse("/login", 303)


def _set_up_form(
    request: Request,
    status: int = 200,
    *,
    email: str = "",
    controller: str = "",
    fault: InvalidInput | None = None,
) -> Response:
    return page(
        request, "set_up.html", status, email=email, controller=controller, fault=fault,
        least=LEAST_SIGNS,
    )  # fmt: skip


def _password_form(
    request: Request,
    workspace: In,
    token: str,
    status: int = 200,
    fault: InvalidInput | None = None,
) -> Response:
    whose = accounts.owner_of_link(workspace, token)
    if whose is None:
        raise Refusal("not_found", "This link is not in force any more. Ask for another one.")
    return page(request, "password.html", status, email=whose.email, fault=fault, least=LEAST_SIGNS)
