"""The pages of the one stop for everything."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import checked
from api.dashboard.pages import page
from api.needs import needs
from campaigns.access import Permission
from operations import halt

router = APIRouter(include_in_schema=False)


@router.get("/stop")
@needs(Permission.STOP)
def ask_stop(request: Request, workspace: In) -> Response:
    """Say what it will do, and ask."""
    if halt.current(workspace) is not None:
        return RedirectResponse("/campaigns", 303)
    return page(request, "stop.html", longest=halt.LONGEST_REASON)


@router.post("/stop", dependencies=[Depends(checked)])
@needs(Permission.STOP)
def stop(workspace: In, caller: Asking, reason: Annotated[str, Form()] = "") -> Response:
    """Stop everything; every page then says so."""
    halt.stop_everything(workspace, caller.name, reason, caller.controller_id)
    return RedirectResponse("/campaigns", 303)


@router.get("/resume")
@needs(Permission.STOP)
def ask_resume(request: Request, workspace: In) -> Response:
    """Say what it will do, and ask; or who may."""
    if halt.current(workspace) is None:
        return RedirectResponse("/campaigns", 303)
    return page(request, "resume.html")


@router.post("/resume", dependencies=[Depends(checked)])
@needs(Permission.STOP)
def resume(workspace: In, caller: Asking) -> Response:
    """Let calls be placed again."""
    halt.resume_everything(workspace, caller.name, caller.controller_id)
    return RedirectResponse("/campaigns", 303)
