"""One controller as the administrator sees it: its share, its limits, its standing."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from api.caller import Asking, In
from api.dashboard.forms import Filled, checked, faults_of, pointed, text_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.schemas import Id
from campaigns.access import Permission
from campaigns.errors import InvalidInput
from operations import controllers
from operations.controllers import Standing

router = APIRouter(include_in_schema=False)

_NO_FIGURE = 1e9
"""Whatever is typed beyond it, and what is infinite or none, is a mistake."""

_TYPED = ("weight", "max_channels", "max_cps")


@router.get("/controllers/{controller_id}")
@needs(Permission.INSTALLATION)
def one(request: Request, workspace: In, controller_id: Id) -> Response:
    """What is decided about it."""
    found = controllers.one(workspace, controller_id)
    mark = chosen(request).decimal_mark
    typed = {name: _shown(found[name], mark) for name in _TYPED}
    return _page(request, found, typed, public_body=found["public_body"])


@router.post("/controllers/{controller_id}", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def change(
    request: Request, workspace: In, caller: Asking, controller_id: Id, form: Filled
) -> Response:
    """Decide anew; in force within a second."""
    found = controllers.one(workspace, controller_id)
    try:
        controllers.change(workspace, controller_id, _standing(form), caller.name)
    except InvalidInput as error:
        typed = {name: text_of(form, name) for name in _TYPED}
        faults = faults_of(error, chosen(request), {})
        marked = bool(text_of(form, "public_body"))
        return _page(request, found, typed, public_body=marked, faults=faults)
    return RedirectResponse("/users", 303)


def _page(
    request: Request,
    found: Mapping[str, Any],
    typed: Mapping[str, str],
    *,
    public_body: bool,
    faults: Mapping[str, str] | None = None,
) -> Response:
    return page(
        request, "controller.html", 422 if faults else 200, controller=found, typed=typed,
        public_body=public_body, faults=faults or {}, here=f"/controllers/{found['id']}",
    )  # fmt: skip


def _standing(form: FormData) -> Standing:
    channels, cps = _number(form, "max_channels"), _number(form, "max_cps")
    if channels is not None and channels != int(channels):
        raise InvalidInput("max_channels", "it is no whole number.", "Write it as 30.")
    weight = _number(form, "weight")
    if weight is None:
        raise InvalidInput("weight", "there is none.", "Write 1 for a share like the others'.")
    return Standing(
        weight=weight,
        max_channels=None if channels is None else int(channels),
        max_cps=cps,
        public_body=bool(text_of(form, "public_body")),
    )


def _number(form: FormData, name: str) -> float | None:
    text = pointed(text_of(form, name))
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        raise InvalidInput(name, "it is no number.", "Write it as 30, or 2.5.") from None
    if not 0 <= found < _NO_FIGURE:
        raise InvalidInput(name, "it is no number.", "Write it as 30, or 2.5.")
    return found


def _shown(value: float | None, mark: str) -> str:
    return "" if value is None else f"{value:.10g}".replace(".", mark)
