"""Progress as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

FastAPI's own streams take three tasks and two queues for each listener. With hundreds of them that
is felt by everybody else, so an event is made once here, and written as it is.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from typing import Any

from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from api.progress import Hub
from operations.progress import Progress

RETRY_MS = 2000
"""How soon a browser connects again."""

_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Nothing on the way keeps events back (the second is nginx's)."""

_TEXT = {"type": "string"}
_ITEM = {
    "type": "object",
    "properties": {
        "data": _TEXT, "event": _TEXT, "id": _TEXT, "retry": {"type": "integer", "minimum": 0},
    },
}  # fmt: skip

EVENTS: Mapping[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"itemSchema": _ITEM}}}
}
"""What the schema says of such an answer (OpenAPI 3.2, 4.14.4)."""


class EventStream(StreamingResponse):
    """Each change of a campaign as an event `progress`, then `end`.

    Args:
        hub: what is watched.
        controller_id: whose campaign.
        campaign_id: which.
        form: names what `render` makes, which is made once for all who ask for it.
        render: the data of an event.
        end: the data of the last.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: Hub,
        controller_id: int,
        campaign_id: int,
        form: Hashable,
        render: Callable[[Progress], str],
        *,
        end: str,
    ) -> None:
        def event(progress: Progress) -> str:
            return format_sse_event(
                data_str=render(progress), event="progress", retry=RETRY_MS
            ).decode()

        async def events() -> AsyncIterator[str | bytes]:
            with hub.listening(controller_id, campaign_id) as snapshots:
                async for snapshot in snapshots:
                    if snapshot is None:
                        yield KEEPALIVE_COMMENT
                        continue
                    yield snapshot.rendered(("event", form), event)
                    if snapshot.final:
                        yield format_sse_event(data_str=end, event="end")

        super().__init__(events(), headers=_HEADERS)
