"""Trunks: what they may do and how they fare. They are the operator's, and are only read here."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.caller import Asking, In
from api.needs import needs
from api.paging import Paged
from api.schemas import Page
from campaigns.access import Permission
from operations.trunk_states import TrunkState
from operations.trunk_states import every as every_trunk

router = APIRouter(prefix="/trunks", tags=["trunks"])


class TrunkAnswer(BaseModel):
    """A route to the telephone network; its address and who logs in there are not told."""

    name: str
    rehearsal: bool = Field(description="It ends in the simulated network and reaches nobody.")
    armed: bool = Field(description="A named person lets it place calls.")
    caller_ids: list[str] = Field(description="Numbers that it may show.")
    priority: int
    weight: float
    max_channels: int = Field(description="Concurrent calls.")
    max_cps: float = Field(description="Calls started in a second.")
    breaker: str | None = Field(
        description="closed, open: left alone, half_open: probed; null without a dialer."
    )
    factor: float | None = Field(description="The share of its limit at which it is called.")
    why: str | None = Field(description="What was wrong where the breaker is not closed.")


@router.get("", summary="List trunks")
@needs(Permission.TRUNKS_READ)
def every(
    workspace: In,
    caller: Asking,  # noqa: ARG001 -- only whoever has a key may ask
    asked: Annotated[Paged, Query()],
) -> Page[TrunkAnswer]:
    """Every trunk of the settings, with the limits in force."""
    del asked
    return Page(items=[_answer(one) for one in every_trunk(workspace)], next=None)


def _answer(one: TrunkState) -> TrunkAnswer:
    return TrunkAnswer(
        name=one.trunk.name,
        rehearsal=one.rehearsal,
        armed=one.armed_by is not None,
        caller_ids=list(one.trunk.caller_ids),
        priority=one.trunk.priority,
        weight=one.trunk.weight,
        max_channels=one.limits.max_channels,
        max_cps=one.limits.max_cps,
        breaker=one.breaker,
        factor=one.factor,
        why=one.why,
    )
