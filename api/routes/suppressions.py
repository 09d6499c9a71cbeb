"""Numbers not to be called. Nothing here takes one away."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import Response
from pydantic import Field as PydanticField
from pydantic import Json

from api.caller import Asking, Caller, In
from api.needs import needs
from api.once import DoneOnce, sha256_of
from api.paging import AttemptId, InOrder, PhoneText, Since, Until, next_of, number_of
from api.schemas import LARGEST_ID, NewSuppression, Page, SuppressionAdded, SuppressionAnswer
from campaigns.access import Permission
from campaigns.contacts.suppression import SuppressionReason
from operations.columns import Field
from operations.suppress import SuppressionReport, import_suppressions, listed, owner_of, suppress
from operations.values import file_name_of
from store.suppressions import SuppressionFilter

router = APIRouter(prefix="/suppressions", tags=["suppressions"])

CampaignId = Annotated[int, PydanticField(ge=1, le=LARGEST_ID)]


class SuppressionQuery(InOrder):
    """Which suppressions."""

    reason: SuppressionReason | None = None
    number: PhoneText | None = None
    attempt_id: AttemptId | None = PydanticField(None, description="The call it was asked in.")
    since: Since = None
    until: Until = None
    in_force: bool = PydanticField(False, description="Only those that have not expired.")
    campaign_id: CampaignId | None = PydanticField(
        None, description="Those of this campaign alone, instead of the controller's."
    )


def asked_of(asked: SuppressionQuery) -> SuppressionFilter:
    """As the store knows it.

    Raises:
        InvalidNumber: the number is none that could be called.
    """
    return SuppressionFilter(
        reason=asked.reason,
        number=number_of(asked.number),
        attempt_id=asked.attempt_id,
        since=asked.since,
        until=asked.until,
        in_force_at=datetime.now(UTC) if asked.in_force else None,
    )


@router.get("", summary="List suppressions")
@needs(Permission.PEOPLE_READ)
def page(
    workspace: In, caller: Asking, asked: Annotated[SuppressionQuery, Query()]
) -> Page[SuppressionAnswer]:
    """Those of this controller, oldest first, expired ones too unless asked otherwise."""
    owner = owner_of(workspace.engine, caller.controller_id, asked.campaign_id)
    rows = listed(workspace.engine, owner, asked.after, asked.limit, asked_of(asked))
    items = [SuppressionAnswer(**row) for row in rows]
    return Page(items=items, next=next_of(rows, asked.limit))


@router.post("", status_code=201, response_model=SuppressionAdded, summary="Suppress a number")
@needs(Permission.REFUSALS_WRITE)
def add(values: NewSuppression, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """In force at once for every campaign of the controller, those that run included.

    With a `campaign_id`, for that one alone.
    """

    def do() -> SuppressionAdded:
        added = suppress(
            workspace.engine,
            owner_of(workspace.engine, caller.controller_id, values.campaign_id),
            values.number,
            source=_source(caller, values.note),
            by=caller.name,
            reason=SuppressionReason.API,
            expires_on=values.expires_on,
        )
        return SuppressionAdded(added=added)

    return once(values, do)


@router.post(
    "/import",
    status_code=201,
    response_model=SuppressionReport,
    summary="Suppress a file",
)
@needs(Permission.REFUSALS_WRITE)
def add_file(
    workspace: In,
    caller: Asking,
    once: DoneOnce,
    file: Annotated[UploadFile, File(description="CSV or XLSX with a column of numbers.")],
    mapping: Annotated[Json[dict[Field, str]] | None, Form()] = None,
    campaign_id: Annotated[
        int | None, Form(ge=1, le=LARGEST_ID, description="In this campaign alone.")
    ] = None,
) -> Response:
    """Every number of a CSV or XLSX file; a row that cannot be read is named by its line."""
    file_name = file_name_of(file.filename, "suppressions.csv")

    def do() -> SuppressionReport:
        return import_suppressions(
            workspace.engine,
            owner_of(workspace.engine, caller.controller_id, campaign_id),
            file.file,
            file_name=file_name,
            by=caller.name,
            mapping=mapping,
        )

    return once([sha256_of(file.file), file_name, mapping, campaign_id], do)


def _source(caller: Caller, note: str) -> str:
    return f"API, {caller.name}" + (f": {note}" if note else "")
