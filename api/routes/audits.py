"""The audit: what people, programs and clocks did for a controller."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.caller import Asking, In
from api.needs import needs
from api.paging import ACTS_FROM, Paged, Since, Until, act_cursor, act_place
from api.schemas import Page
from campaigns.access import Permission
from store import audit
from store.audit import AuditFilter
from store.engine import reading

router = APIRouter(prefix="/audit", tags=["audit"])


class ActAnswer(BaseModel):
    """One act. It stands in a chain of hashes that `portevoix audit verify` proves."""

    event: str = Field(description="Its place in the record.", examples=["1:12"])
    at: datetime
    actor: str
    act: str = Field(examples=["campaign.launch"])
    subject: str
    detail: dict[str, Any]
    hash: str


class AuditQuery(Paged):
    """Which acts."""

    after: Annotated[str, Field(pattern=f"^{ACTS_FROM}$")] | None = Field(
        None, description="The `next` of the page before."
    )
    act: Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+)?$", max_length=40)] | None = Field(
        None,
        description="One act, such as list.import, or all of a kind, such as list.",
        examples=["campaign"],
    )
    since: Since = None
    until: Until = None
    calls: bool = Field(False, description="The calls allowed too: several a second.")


@router.get("", summary="What was done")
@needs(Permission.AUDIT_READ)
def acts(workspace: In, caller: Asking, asked: Annotated[AuditQuery, Query()]) -> Page[ActAnswer]:
    """Acts for this controller, newest first; no number stands whole in them."""
    wanted = AuditFilter(asked.act or "", asked.since, asked.until, asked.calls)
    with reading(workspace.engine) as connection:
        rows = audit.page(
            connection, caller.controller_id, act_place(asked.after), asked.limit, wanted
        )  # fmt: skip
    whole = len(rows) == asked.limit
    return Page(items=[_answer(row) for row in rows], next=act_cursor(rows[-1]) if whole else None)


def _answer(row: dict[str, Any]) -> ActAnswer:
    return ActAnswer(**row, event=f"{row['segment_id']}:{row['sequence']}")
