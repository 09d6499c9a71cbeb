"""Why a number is, or is not, being called."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.caller import Asking, In
from api.needs import needs
from campaigns.access import Permission
from operations.explain import Explanation, why

router = APIRouter(tags=["why"])


@router.get("/why", summary="Why is this number not being called?")
@needs(Permission.PEOPLE_READ)
def explain(
    workspace: In,
    caller: Asking,
    number: Annotated[str, Query(max_length=40, examples=["06 39 98 00 01"])],
) -> list[Explanation]:
    """For each campaign it is in: its state, the exact gate, and when that opens if it is known."""
    return why(workspace, caller.controller_id, number)
