"""Rule packs: what the law asks of campaigns, as data."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from api.caller import Asking, In
from api.needs import needs
from api.paging import Paged
from api.schemas import Page
from campaigns.access import Permission
from campaigns.errors import NotFound
from campaigns.rules.pack import Pack
from campaigns.rules.pack_changes import described
from operations import packs
from operations.rules import in_force

router = APIRouter(prefix="/rule-packs", tags=["rule packs"])

PackId = Annotated[str, Path(max_length=100, examples=["fr-political"])]


class PackAnswer(BaseModel):
    """A pack, in the version that a campaign prepared now would have."""

    id: str
    version: str
    as_of: date = Field(description="The day the law was read.")
    verify_by: date = Field(description="The day by which it must be read again.")
    past: bool = Field(description="That day is over: a named person answers before a launch.")
    rules: dict[str, str] = Field(description="Each in a line, with its force and source.")


@router.get("", summary="List rule packs")
@needs(Permission.CAMPAIGNS_READ)
def every(
    workspace: In,
    caller: Asking,  # noqa: ARG001 -- only whoever has a key may ask
    asked: Annotated[Paged, Query()],
) -> Page[PackAnswer]:
    """Every pack there is."""
    del asked
    found = [_answer(in_force(workspace, name)) for name in packs.names()]
    return Page(items=found, next=None)


@router.get("/{pack_id}", summary="One rule pack")
@needs(Permission.CAMPAIGNS_READ)
def one(
    pack_id: PackId,
    workspace: In,
    caller: Asking,  # noqa: ARG001 -- only whoever has a key may ask
) -> PackAnswer:
    """A pack with each of its rules."""
    if pack_id not in packs.names():
        raise NotFound(f"There is no rule pack «{pack_id}».")
    return _answer(in_force(workspace, pack_id))


def _answer(pack: Pack) -> PackAnswer:
    return PackAnswer(
        id=pack.id,
        version=pack.version,
        as_of=pack.as_of,
        verify_by=pack.verify_by,
        past=pack.is_expired(datetime.now(UTC).date()),
        rules=described(pack),
    )
