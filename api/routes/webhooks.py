"""Webhooks: programs that are told of events, and how each telling went."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import InOrder, NewestFirst, next_of
from api.schemas import Id, Page
from campaigns.access import Permission
from campaigns.webhook import DeliveryState, EventKind
from operations.webhook_address import LONGEST_URL
from operations.webhooks import make_webhook, remove_webhook, replay, resume
from store import webhooks
from store.engine import reading

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

_URL = "https://crm.example/porte-voix"


class NewWebhook(BaseModel):
    """An endpoint to tell of events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"url": _URL, "events": ["person.opted_out"]}},
    )

    url: str = Field(max_length=LONGEST_URL, description="https.", examples=[_URL])
    events: list[EventKind] = Field(min_length=1, max_length=20)


class WebhookAnswer(BaseModel):
    """An endpoint, and whether it answers."""

    id: int
    url: str
    events: list[EventKind]
    created_at: datetime
    created_by: str
    failures: int = Field(description="One after the other; 0 while it answers.")
    rests_until: datetime | None = Field(description="Nothing is sent before.")
    paused_at: datetime | None = Field(
        description="Since a backup was restored: nothing is sent before `POST /resume`."
    )


class MadeWebhook(WebhookAnswer):
    """An endpoint that was made now."""

    secret: str | None = Field(
        description="Signs what is sent. Shown this once; null where the answer is repeated for an "
        "Idempotency-Key."
    )


class DeliveryAnswer(BaseModel):
    """How the telling of an event went."""

    event_id: str
    type: EventKind
    subject: str = Field(description="Of one subject events are told in order.")
    at: datetime
    state: DeliveryState
    tries: int
    due_at: datetime = Field(description="When it is sent next, while it waits.")
    status: int | None = Field(description="Of the last answer.")
    error: str | None = Field(description="Why there was none.")
    told_at: datetime | None


class Replay(BaseModel):
    """Events to tell once more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"event_ids": ["01JD0Z3K7N8Q4R5S6T7V8W9XYZ"]}}
    )

    event_ids: list[Annotated[str, Field(pattern="^[0-9A-Z]{1,26}$")]] | None = Field(
        None, min_length=1, max_length=1000, description="Absent: all that were given up."
    )


class Replayed(BaseModel):
    """How many events are told once more."""

    events: int


class DeliveryQuery(NewestFirst):
    """Which deliveries."""

    state: DeliveryState | None = None


@router.get("", summary="List webhooks")
@needs(Permission.PROGRAMS)
def every(workspace: In, caller: Asking, asked: Annotated[InOrder, Query()]) -> Page[WebhookAnswer]:
    """Endpoints of the controller; their secrets cannot be read back."""
    with reading(workspace.engine) as connection:
        rows = webhooks.page(connection, caller.controller_id, asked.after, asked.limit)
    return Page(items=[WebhookAnswer(**row) for row in rows], next=next_of(rows, asked.limit))


@router.post("", status_code=201, response_model=MadeWebhook, summary="Tell a program of events")
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def make(values: NewWebhook, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """Of what happens from now on; over https, and never into a private network."""

    def do() -> MadeWebhook:
        made = make_webhook(
            workspace, caller.controller_id, values.url, values.events, caller.name
        )  # fmt: skip
        return MadeWebhook(**{**made.row, "secret": made.secret})

    return once(values, do, location="/api/v1/webhooks/{id}", secrets=("secret",))


@router.get("/{webhook_id}", summary="One webhook")
@needs(Permission.PROGRAMS)
def one(webhook_id: Id, workspace: In, caller: Asking) -> WebhookAnswer:
    """An endpoint, and whether it answers."""
    with reading(workspace.engine) as connection:
        return WebhookAnswer(**webhooks.one(connection, caller.controller_id, webhook_id))


@router.delete(
    "/{webhook_id}", status_code=204, response_class=Response, summary="Tell it nothing any more"
)
@needs(Permission.PROGRAMS)
def remove(webhook_id: Id, workspace: In, caller: Asking) -> Response:
    """What waits for it is given up."""
    remove_webhook(workspace, caller.controller_id, webhook_id, caller.name)
    return Response(status_code=204)


@router.get("/{webhook_id}/deliveries", summary="How each telling went")
@needs(Permission.PROGRAMS)
def deliveries(
    webhook_id: Id, workspace: In, caller: Asking, asked: Annotated[DeliveryQuery, Query()]
) -> Page[DeliveryAnswer]:
    """The newest event first; they are kept for 30 days."""
    with reading(workspace.engine) as connection:
        webhooks.one(connection, caller.controller_id, webhook_id)
        rows = webhooks.deliveries(connection, webhook_id, asked.after, asked.limit, asked.state)
    items = [
        DeliveryAnswer(**{**row, "event_id": row["told_as"], "type": row["kind"]}) for row in rows
    ]
    return Page(items=items, next=next_of(rows, asked.limit, "event_id"))


@router.post("/{webhook_id}/replay", summary="Tell events once more")
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def again(webhook_id: Id, asked: Replay, workspace: In, caller: Asking) -> Replayed:
    """Under their own ids, at once; those that wait already go on waiting."""
    return Replayed(
        events=replay(workspace, caller.controller_id, webhook_id, asked.event_ids, caller.name)
    )


@router.post("/{webhook_id}/resume", summary="Tell it again after a restore")
@needs(Permission.PROGRAMS, Permission.PEOPLE_READ)
def go_on(webhook_id: Id, workspace: In, caller: Asking) -> WebhookAnswer:
    """What waits is sent, from the first on. Asking twice does no harm."""
    resume(workspace, caller.controller_id, webhook_id, caller.name)
    return one(webhook_id, workspace, caller)
