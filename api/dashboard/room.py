"""The control room: the first page."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.caller import Asking, In
from api.dashboard.figures import figures
from api.dashboard.pages import chosen, page
from api.needs import needs
from campaigns.access import Permission
from operations.calls_made import CallsMade
from operations.control_room import Shown, room_of

router = APIRouter(include_in_schema=False)


def calls_made(request: Request) -> CallsMade:
    """The sums that this process keeps."""
    found: CallsMade = request.app.state.calls_made
    return found


@router.get("/")
@needs(Permission.CAMPAIGNS_READ)
def room(request: Request, workspace: In, caller: Asking) -> Response:
    """What is going on now."""
    found = room_of(workspace, caller.controller_id, calls_made(request))
    language = chosen(request)

    def drawn(one: Shown) -> dict[str, Any]:
        return {"one": one, "figures": figures(one.progress, language)}

    return page(request, "room.html", room=found, campaigns=[drawn(one) for one in found.campaigns])
