"""One stop for everything, of every controller."""

from dataclasses import asdict

from fastapi import APIRouter

from api.caller import Asking, Caller, In
from api.needs import needs
from api.schemas import NewStop, StopAnswer
from campaigns.access import Permission
from operations import halt
from operations.workspace import Workspace

router = APIRouter(prefix="/stop", tags=["stop"])


@router.get("", summary="Is everything stopped?")
@needs(Permission.CAMPAIGNS_READ)
def standing(workspace: In, caller: Asking) -> StopAnswer:
    """Whether a stop for everything is in force, since when, and by whom."""
    return _answer(workspace, caller)


@router.post("", summary="Stop everything")
@needs(Permission.STOP)
def stop(wanted: NewStop, workspace: In, caller: Asking) -> StopAnswer:
    """Nobody of any controller is called, and calls that are up are hung up, within a second."""
    halt.stop_everything(workspace, caller.name, wanted.reason, caller.controller_id)
    return _answer(workspace, caller)


@router.delete("", summary="Let calls be placed again")
@needs(Permission.STOP)
def resume(workspace: In, caller: Asking) -> StopAnswer:
    """For the key that stopped everything; anybody else's stop is the operator's to take back."""
    halt.resume_everything(workspace, caller.name, caller.controller_id)
    return _answer(workspace, caller)


def _answer(workspace: Workspace, caller: Caller) -> StopAnswer:
    found = halt.current(workspace)
    if found is None:
        return StopAnswer(stopped=False)
    seen = halt.seen_by(found, caller.controller_id, caller.name)
    return StopAnswer(stopped=True, **asdict(seen))
