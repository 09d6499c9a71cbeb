"""One's own account: password, second factor, sessions, and on whose behalf one acts."""

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.door import Typed, leave
from api.dashboard.forms import checked, passwords
from api.dashboard.pages import page
from api.needs import needs
from api.schemas import LARGEST_ID
from campaigns.access import Permission
from campaigns.errors import InvalidInput
from campaigns.password import LEAST_SIGNS
from operations import accounts, second_factor, sessions, sign_in

router = APIRouter(include_in_schema=False)

_DONE = {"password", "off"}
"""What the page says was done, by a word of its address."""


@router.get("/account")
@needs(Permission.ACCOUNT)
def account(request: Request, workspace: In, caller: Asking) -> Response:
    """Everything about oneself."""
    return _account(request, workspace, caller)


@router.post("/account/password", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def change_password(
    request: Request,
    workspace: In,
    caller: Asking,
    current: Typed = "",
    password: Typed = "",
    again: Typed = "",
) -> Response:
    """Set another password; every other session ends."""
    try:
        sign_in.change_password(
            workspace, own(caller), caller.token, current, passwords(password, again)
        )
    except InvalidInput as fault:
        return _account(request, workspace, caller, 422, fault)
    return RedirectResponse("/account?done=password", 303)


@router.get("/account/second-factor")
@needs(Permission.ACCOUNT)
def ask_second_factor(request: Request, workspace: In, caller: Asking) -> Response:
    """Offer a secret for an authenticator app."""
    if accounts.user(workspace, own(caller)).account.second_factor:
        return RedirectResponse("/account", 303)
    return _offer(request, caller, second_factor.new_secret())


@router.post("/account/second-factor", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def turn_on(
    request: Request, workspace: In, caller: Asking, secret: Typed = "", code: Typed = ""
) -> Response:
    """Ask for codes from now on, and show recovery codes, this once."""
    if not second_factor.is_secret(secret):
        return RedirectResponse("/account/second-factor", 303)
    try:
        codes = second_factor.enrol(workspace, own(caller), secret, code)
    except InvalidInput as fault:
        return _offer(request, caller, secret, 422, fault)
    return page(request, "recovery_codes.html", codes=codes, here="/account")


@router.post("/account/second-factor/off", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def turn_off(request: Request, workspace: In, caller: Asking, current: Typed = "") -> Response:
    """Ask for the password alone from now on."""
    try:
        second_factor.turn_off(workspace, own(caller), current)
    except InvalidInput as fault:
        return _account(request, workspace, caller, 422, _of_form(fault))
    return RedirectResponse("/account?done=off", 303)


@router.post("/account/recovery-codes", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def renew_codes(request: Request, workspace: In, caller: Asking, current: Typed = "") -> Response:
    """Make other recovery codes, and show them, this once."""
    try:
        codes = second_factor.renew_codes(workspace, own(caller), current)
    except InvalidInput as fault:
        return _account(request, workspace, caller, 422, _of_form(fault))
    return page(request, "recovery_codes.html", codes=codes, here="/account")


@router.post("/account/sessions/end", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def sign_out_everywhere(workspace: In, caller: Asking) -> Response:
    """End every session, this one too."""
    sessions.close_all(workspace, own(caller), caller.name)
    return leave()


@router.post("/controller", dependencies=[Depends(checked)])
@needs(Permission.ACCOUNT)
def act_for(
    workspace: In, caller: Asking, controller_id: Annotated[int, Form(ge=1, le=LARGEST_ID)]
) -> Response:
    """Act on behalf of another controller."""
    sessions.act_for(workspace, caller.token, own(caller), controller_id)
    return RedirectResponse("/welcome", 303)


def own(caller: Caller) -> int:
    """The account of a person, which whoever has `Permission.ACCOUNT` has."""
    assert caller.account_id is not None  # noqa: S101 -- only accounts are granted it
    return caller.account_id


def qr_code(text: str) -> str:
    """A QR code as SVG within the page, hidden from who cannot see it: the text is beside it."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _of_form(fault: InvalidInput) -> InvalidInput:
    """The same beside the field of the second factor's own form."""
    return InvalidInput("password_now", fault.why, fault.remedy)


def _offer(
    request: Request,
    caller: Caller,
    secret: str,
    status: int = 200,
    fault: InvalidInput | None = None,
) -> Response:
    shown = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    qr = qr_code(second_factor.address(secret, caller.name))
    return page(
        request, "second_factor.html", status, secret=secret, shown=shown, qr=qr, fault=fault
    )


def _account(
    request: Request,
    workspace: In,
    caller: Caller,
    status: int = 200,
    fault: InvalidInput | None = None,
) -> Response:
    done = request.query_params.get("done", "")
    return page(
        request,
        "account.html",
        status,
        user=accounts.user(workspace, own(caller)),
        sessions=sessions.open_ones(workspace, own(caller)),
        codes_left=second_factor.codes_left(workspace, own(caller)),
        fault=fault,
        done=done if done in _DONE and not fault else "",
        least=LEAST_SIGNS,
        here="/account",
    )
