"""The calls of a campaign, and the people it concerns."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import In
from api.needs import needs
from api.paging import (
    AttemptId,
    InOrder,
    Paged,
    PhoneText,
    Since,
    Until,
    next_of,
    number_of,
)
from api.routes.campaigns import Known
from api.schemas import LARGEST_ID, Attempt, Page, Target
from campaigns.access import Permission
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.states import AttemptState, TargetState
from store import attempt_reports, targets
from store.attempt_reports import AttemptFilter
from store.engine import reading
from store.targets import TargetFilter

router = APIRouter(prefix="/campaigns", tags=["campaigns"])

ExternalId = Annotated[str, Field(max_length=200)]


class AttemptsAsked(Paged):
    """Which attempts, and from where on; a page begins behind an attempt's id."""

    after: AttemptId | None = Field(None, description="The `next` of the page before.")
    state: AttemptState | None = None
    outcome: Outcome | None = None
    number: PhoneText | None = None
    external_id: ExternalId | None = None
    target_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    trunk: Annotated[str, Field(max_length=32)] | None = None
    since: Since = None
    until: Until = None

    def wanted(self) -> AttemptFilter:
        """As the store knows it.

        Raises:
            InvalidNumber: the number is none that could be called.
        """
        return AttemptFilter(
            state=self.state,
            outcome=self.outcome,
            number=number_of(self.number),
            external_id=self.external_id,
            target_id=self.target_id,
            trunk=self.trunk,
            since=self.since,
            until=self.until,
        )


class TargetsAsked(InOrder):
    """Which targets."""

    state: TargetState | None = None
    outcome: Outcome | None = None
    gate: Gate | None = None
    list_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    number: PhoneText | None = None
    external_id: ExternalId | None = None

    def wanted(self) -> TargetFilter:
        """As the store knows it.

        Raises:
            InvalidNumber: the number is none that could be called.
        """
        return TargetFilter(
            state=self.state,
            outcome=self.outcome,
            gate=self.gate,
            list_id=self.list_id,
            number=number_of(self.number),
            external_id=self.external_id,
        )


@router.get("/{campaign_id}/attempts", summary="Attempts, in order of time")
@needs(Permission.PEOPLE_READ)
def placed(
    campaign_id: Known, workspace: In, asked: Annotated[AttemptsAsked, Query()]
) -> Page[Attempt]:
    """Every call that was placed, with what the network said and what was heard."""
    after, wanted = asked.after or "", asked.wanted()
    with reading(workspace.engine) as connection:
        rows = attempt_reports.page(connection, campaign_id, after, asked.limit, wanted)
    items = [Attempt(**row, **derived(row)) for row in rows]
    return Page(items=items, next=next_of(rows, asked.limit))


@router.get("/{campaign_id}/targets", summary="Targets, in the order of the lists")
@needs(Permission.PEOPLE_READ)
def people(
    campaign_id: Known, workspace: In, asked: Annotated[TargetsAsked, Query()]
) -> Page[Target]:
    """Everyone the campaign concerns, and where each stands."""
    with reading(workspace.engine) as connection:
        rows = targets.page(connection, campaign_id, asked.after, asked.limit, asked.wanted())
    return Page(items=[Target(**row) for row in rows], next=next_of(rows, asked.limit))


def derived(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is reckoned from what is kept of an attempt."""
    heard = row["heard_ms"]
    rang = row["ringing_at"] or row["answered_at"]
    delay = (rang - row["sent_at"]) / timedelta(milliseconds=1) if rang and row["sent_at"] else None
    return {
        "heard_s": None if heard is None else heard / 1000,
        "post_dial_delay_ms": None if delay is None else max(0, round(delay)),
    }
