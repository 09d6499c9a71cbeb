"""On whose behalf a key asks, and the keys there are."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import NewestFirst, Paged, next_of
from api.schemas import Id, Page
from campaigns.access import Permission
from operations.keys import make_own_key, revoke_own_key
from operations.values import Name, When
from store import api_keys, controllers
from store.engine import reading

router = APIRouter(tags=["controllers and keys"])


class ControllerAnswer(BaseModel):
    """A controller, on whose behalf calls are made."""

    id: int
    name: str
    weight: float = Field(description="Of its share of every limit.")
    created_at: datetime
    public_body: bool = Field(description="Some rule packs are for public bodies alone.")
    contact: str = Field(description="How people reach it, as receipts say; empty: not set.")


class NewKey(BaseModel):
    """A key to make."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "crm",
                "expires_at": "2027-06-30T22:00:00Z",
                "scopes": ["campaigns:read", "people:read"],
            }
        },
    )

    name: Name = Field(
        description="What or who it is for: its acts are signed «key » and this name."
    )
    expires_at: When | None = Field(None, description="Absent: it has no end.")
    scopes: list[Name] | None = Field(
        None,
        max_length=50,
        description="What it may do, no more than whoever asks; absent: as much as they.",
    )


class KeyAnswer(BaseModel):
    """A key; not the key itself, which nobody can read back."""

    id: int
    name: str
    created_at: datetime
    expires_at: datetime | None
    scopes: list[str] | None = Field(
        description="What it may do; null: all that can be done for the controller."
    )
    revoked_at: datetime | None


class MadeKey(KeyAnswer):
    """A key that was made now."""

    key: str | None = Field(
        description="Shown this once; null where the answer is repeated for an Idempotency-Key."
    )


@router.get("/controllers", summary="List controllers")
@needs()
def mine(workspace: In, caller: Asking, asked: Annotated[Paged, Query()]) -> Page[ControllerAnswer]:
    """Those on whose behalf this key asks: its own."""
    del asked
    with reading(workspace.engine) as connection:
        row = controllers.one(connection, caller.controller_id)
    contact = workspace.settings.privacy.contacts.get(row["name"], "")
    return Page(items=[ControllerAnswer(**row, contact=contact)], next=None)


@router.get("/keys", summary="List keys")
@needs(Permission.PROGRAMS)
def every(workspace: In, caller: Asking, asked: Annotated[NewestFirst, Query()]) -> Page[KeyAnswer]:
    """Keys of the controller, newest first, those out of force too."""
    with reading(workspace.engine) as connection:
        rows = api_keys.page(connection, caller.controller_id, asked.after, asked.limit)
    return Page(items=[KeyAnswer(**row) for row in rows], next=next_of(rows, asked.limit))


@router.post("/keys", status_code=201, response_model=MadeKey, summary="Make a key")
@needs(Permission.PROGRAMS)
def make(values: NewKey, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """A key of this controller, which may do no more than whoever asks for it."""

    def do() -> MadeKey:
        made = make_own_key(
            workspace, caller.controller_id, values.name, caller.name, caller.permissions,
            scopes=values.scopes, expires_at=values.expires_at,
        )  # fmt: skip
        return MadeKey(**made.row, key=made.key)

    return once(values, do, location="/api/v1/keys/{id}", secrets=("key",))


@router.get("/keys/{key_id}", summary="One key")
@needs(Permission.PROGRAMS)
def one(key_id: Id, workspace: In, caller: Asking) -> KeyAnswer:
    """A key's name and until when it is in force."""
    with reading(workspace.engine) as connection:
        return KeyAnswer(**api_keys.one(connection, caller.controller_id, key_id))


@router.delete("/keys/{key_id}", summary="Revoke a key")
@needs(Permission.PROGRAMS)
def revoke(key_id: Id, workspace: In, caller: Asking) -> KeyAnswer:
    """Put it out of force at once, and sessions opened with it. Asking twice does no harm."""
    revoke_own_key(workspace, caller.controller_id, key_id, caller.name)
    return one(key_id, workspace, caller)
