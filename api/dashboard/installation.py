"""The installation: what its settings say, and the dialers that work for it."""

from importlib.metadata import version

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import checked
from api.dashboard.pages import page
from api.needs import needs
from campaigns.access import Permission
from operations import nodes

router = APIRouter(include_in_schema=False)

_HERE = "/settings"


@router.get(_HERE)
@needs(Permission.TRUNKS_READ)
def shown(request: Request, workspace: In, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """Limits over everything, how long people are kept, and each dialer with what it does."""
    several = workspace.engine.dialect.name == "postgresql"
    return page(
        request, "settings.html", settings=workspace.settings, version=version("portevoix"),
        nodes=nodes.every(workspace), several=several,
    )  # fmt: skip


@router.post(f"{_HERE}/dialers/{{name}}/drain", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def drain(workspace: In, caller: Asking, name: str) -> Response:
    """Have a dialer place no more calls; the others take its share."""
    nodes.drain(workspace, name, caller.name)
    return RedirectResponse(_HERE, 303)


@router.post(f"{_HERE}/dialers/{{name}}/resume", dependencies=[Depends(checked)])
@needs(Permission.INSTALLATION)
def resume(workspace: In, caller: Asking, name: str) -> Response:
    """Have it place calls again."""
    nodes.resume(workspace, name, caller.name)
    return RedirectResponse(_HERE, 303)
