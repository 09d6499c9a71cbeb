"""Whom segments of lists mean, before a campaign is prepared."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.schemas import LARGEST_ID
from campaigns.access import Permission
from operations.campaign_file import MOST_VARIANTS, SegmentValues, VariantValues
from operations.segments import look

router = APIRouter(prefix="/segments", tags=["segments"])


class SegmentQuestion(SegmentValues):
    """Segments and variants, as a new campaign has them, and the lists to look at."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "list_ids": [1],
                "segments": {"orne": {"place": "postcode", "starts_with": "61"}},
                "segment": "orne",
            }
        },
    )

    list_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(min_length=1, max_length=100)
    variants: list[VariantValues] = Field([], max_length=MOST_VARIANTS)
    people: int = Field(10, ge=0, le=100, description="How many of each list to show.")


class PersonAnswer(BaseModel):
    """One of those looked at."""

    list_id: int
    line: int
    number: str = Field(description="Masked.")
    postcode: str
    commune: str
    fate: str


class LookAnswer(BaseModel):
    """Whom a campaign would call."""

    people: int = Field(description="Of the lists; who is in two of them counts twice.")
    segments: dict[str, int] = Field(description="How many are of each segment.")
    fates: dict[str, int] = Field(
        description="How many hear each variant's message or the campaign's own, are not called, "
        "or are held back for a doubtful address."
    )
    some: list[PersonAnswer]


@router.post("/preview", summary="Count whom segments mean")
@needs(Permission.PEOPLE_READ)
def preview(asked: SegmentQuestion, workspace: In, caller: Asking) -> LookAnswer:
    """Counts, and the first people of each list with what becomes of them; nothing is kept."""
    list_ids = list(dict.fromkeys(asked.list_ids))
    found: dict[str, Any] = asdict(
        look(workspace, caller.controller_id, asked, asked.variants, list_ids, asked.people)
    )
    return LookAnswer(**found)
