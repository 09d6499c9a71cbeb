"""Progress: now, and as server-sent events. Both are asked for often, and cost little."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.routing import BaseRoute

from api.caller import Asking
from api.events import EVENTS, EventStream
from api.lately import Lately
from api.needs import needs
from api.progress import Hub, Key, Snapshot, as_json
from api.routes.campaigns import Known
from api.schemas import Id
from campaigns.access import Permission
from operations.progress import Progress

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


async def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


async def _lately(request: Request) -> Lately[Key, Snapshot]:
    lately: Lately[Key, Snapshot] = request.app.state.progress
    return lately


Watching = Annotated[Hub, Depends(_hub)]


@router.get("/{campaign_id}/progress", summary="Progress now", response_model=Progress)
@needs(Permission.CAMPAIGNS_READ)
async def progress(
    campaign_id: Id, caller: Asking, lately: Annotated[Lately[Key, Snapshot], Depends(_lately)]
) -> Response:
    """Counts kept with every move, so that the answer is as quick at a million targets."""
    snapshot = await lately.of((caller.controller_id, campaign_id))
    return Response(snapshot.json, media_type="application/json")


def now() -> BaseRoute:
    """The route of a campaign's progress."""
    return next(one for one in router.routes if getattr(one, "endpoint", None) is progress)


@router.get(
    "/{campaign_id}/progress/stream",
    response_class=Response,  # of no media type: the schema says more than "a string"
    responses={**EVENTS},
    summary="Progress as it changes",
)
@needs(Permission.CAMPAIGNS_READ)
async def follow(campaign_id: Known, caller: Asking, hub: Watching) -> EventStream:
    """An event `progress` whenever something changed, at most each second; `end` with the campaign.

    Each holds what `progress` answers. Connect again when the stream ends without `end`.
    """
    return EventStream(hub, caller.controller_id, campaign_id, "json", as_json, end="{}")
