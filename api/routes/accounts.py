"""What campaigns spent, by day, trunk and campaign: for the campaign account."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from api.caller import Asking, In
from api.needs import needs
from api.paging import Asked
from api.schemas import LARGEST_ID
from campaigns.access import Permission
from operations.budget import statement
from operations.values import plausible_day

router = APIRouter(prefix="/account", tags=["account"])

Day = Annotated[date, AfterValidator(plausible_day)]


class AccountLine(BaseModel):
    """Calls of one campaign, of one day, over one trunk."""

    campaign_id: int
    day: date = Field(description="Of the answer, in Paris.")
    trunk: str
    calls: int = Field(description="Answered.")
    seconds: int
    cost: int = Field(description="Micro-euros.")
    unpriced: int = Field(description="Of the calls, those without a tariff.")


class AccountAnswer(BaseModel):
    """What was spent; sums are in micro-euros."""

    campaigns: dict[int, str] = Field(description="Their names, by id.")
    lines: list[AccountLine]
    calls: int
    seconds: int
    cost: int
    unpriced: int
    reserved: int = Field(description="That calls in flight or in doubt can cost at most.")


class AccountQuery(Asked):
    """Which days, and of which campaign."""

    campaign_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        None, description="Absent: all but rehearsals."
    )
    since: Day | None = Field(None, description="First day, in Paris.")
    until: Day | None = Field(None, description="Last day.")


@router.get("", summary="What was spent")
@needs(Permission.CAMPAIGNS_READ)
def account(
    workspace: In, caller: Asking, asked: Annotated[AccountQuery, Query()]
) -> AccountAnswer:
    """By day, trunk and campaign (Code électoral, L.52-8)."""
    found = statement(
        workspace, caller.controller_id, asked.campaign_id, asked.since, asked.until
    )  # fmt: skip
    return AccountAnswer(
        campaigns=found.names,
        lines=[AccountLine(**asdict(one)) for one in found.lines],
        calls=found.calls,
        seconds=found.seconds,
        cost=found.cost,
        unpriced=found.unpriced,
        reserved=found.reserved,
    )
