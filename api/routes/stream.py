"""Progress as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.caller import Asking
from api.needs import needs
from api.progress import Hub
from api.routes.campaigns import Known
from campaigns.access import Permission

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


Watching = Annotated[Hub, Depends(_hub)]


@router.get(
    "/{campaign_id}/progress/stream",
    response_class=EventSourceResponse,
    summary="Progress as it changes",
)
@needs(Permission.CAMPAIGNS_READ)
async def follow(
    campaign_id: Known, caller: Asking, hub: Watching
) -> AsyncIterator[ServerSentEvent]:
    """An event `progress` whenever something changed, at most each second; `end` with the campaign.

    Each holds what `progress` answers. Connect again when the stream ends without `end`.
    """
    with hub.listening(caller.controller_id, campaign_id) as snapshots:
        async for snapshot in snapshots:
            yield ServerSentEvent(raw_data=snapshot.json, event="progress", retry=2000)
            if snapshot.final:
                yield ServerSentEvent(raw_data="{}", event="end")
