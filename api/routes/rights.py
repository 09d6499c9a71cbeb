"""What the people called may ask: a receipt of what is held of them, objection, erasure."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import InOrder, PhoneText, next_of
from api.problems import language_of
from api.receipt import pdf, words
from api.schemas import Id, Page
from campaigns.access import Permission
from campaigns.contacts.request import RequestKind
from operations import requests
from operations.erase import Erased
from operations.erase import erase as erase_person
from operations.receipt import issue
from operations.receipt_parts import Receipt
from operations.requests import LONGEST_TEXT
from operations.values import Line
from store import requests as kept
from store.engine import reading

router = APIRouter(tags=["rights of the people called"])


class WhoseNumber(BaseModel):
    """The number of whoever asks."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"number": "06 39 98 00 01"}}
    )

    number: PhoneText = Field(description="Written in any French way.")


class NewRequest(BaseModel):
    """What a person asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "objection",
                "number": "06 39 98 00 01",
                "note": "By letter of 20 November.",
            }
        },
    )

    kind: RequestKind = Field(description="An objection is in force at once.")
    number: PhoneText
    received_on: date | None = Field(None, description="The day it came in; today if absent.")
    note: Line = Field("", max_length=LONGEST_TEXT, description="How it came.")


class RequestClosing(BaseModel):
    """That a person was answered."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"answer": "Receipt sent by post."}}
    )

    answer: Line = Field(min_length=1, max_length=LONGEST_TEXT, description="What was answered.")


class RequestAnswer(BaseModel):
    """A request, with the day by which it must be answered."""

    id: int
    kind: RequestKind
    number: str = Field(description="Empty where the person was erased.")
    received_on: date
    due_on: date = Field(description="A month after it came in (GDPR, article 12(3)).")
    days_left: int = Field(description="Until then; below 0 where that is over.")
    note: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None
    answer: str | None


class RequestQuery(InOrder):
    """Which requests."""

    kind: RequestKind | None = None
    open: bool | None = Field(None, description="Only open ones, or only closed ones.")


@router.post("/receipts", summary="What is held of a number")
@needs(Permission.PRIVACY)
def receipt(asked: WhoseNumber, workspace: In, caller: Asking) -> Receipt:
    """Everything that the controller holds of it, for the person whose it is. That is audited."""
    return issue(workspace, caller.controller_id, asked.number, caller.name, "json")


@router.post(
    "/receipts/pdf",
    response_class=Response,
    summary="What is held of a number, as a PDF",
    responses={200: {"content": {"application/pdf": {}}}},
)
@needs(Permission.PRIVACY)
def receipt_pdf(request: Request, asked: WhoseNumber, workspace: In, caller: Asking) -> Response:
    """The same as a tagged PDF, in the language of Accept-Language."""
    found = issue(workspace, caller.controller_id, asked.number, caller.name, "pdf")
    content = pdf.drawn(words.sheet_of(found, language_of(request)))
    headers = {"Content-Disposition": 'attachment; filename="receipt.pdf"'}
    return Response(content, headers=headers, media_type="application/pdf")


@router.get("/requests", summary="List requests")
@needs(Permission.PRIVACY)
def every(
    workspace: In, caller: Asking, asked: Annotated[RequestQuery, Query()]
) -> Page[RequestAnswer]:
    """Requests of people, in the order in which they were noted."""
    with reading(workspace.engine) as connection:
        rows = kept.page(
            connection, caller.controller_id, asked.after, asked.limit, kind=asked.kind,
            is_open=asked.open,
        )  # fmt: skip
    items = [RequestAnswer(**requests.shown(row)) for row in rows]
    return Page(items=items, next=next_of(rows, asked.limit))


@router.post("/requests", status_code=201, response_model=RequestAnswer, summary="Note a request")
@needs(Permission.PRIVACY)
def note(values: NewRequest, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """It must be answered within a month; an objection suppresses the number at once."""

    def do() -> RequestAnswer:
        row = requests.open_request(
            workspace, caller.controller_id, values.kind, values.number, by=caller.name,
            received_on=values.received_on, note=values.note,
        )  # fmt: skip
        return RequestAnswer(**requests.shown(row))

    return once(values, do, location="/api/v1/requests/{id}")


@router.get("/requests/{request_id}", summary="One request")
@needs(Permission.PRIVACY)
def one(request_id: Id, workspace: In, caller: Asking) -> RequestAnswer:
    """A request, and how it was answered."""
    with reading(workspace.engine) as connection:
        row = kept.one(connection, caller.controller_id, request_id)
    return RequestAnswer(**requests.shown(row))


@router.post("/requests/{request_id}/close", summary="Note that it was answered")
@needs(Permission.PRIVACY)
def close(request_id: Id, values: RequestClosing, workspace: In, caller: Asking) -> RequestAnswer:
    """In the name of the key. A request for erasure is closed by the erasure."""
    requests.close_request(
        workspace, caller.controller_id, request_id, values.answer, caller.name
    )  # fmt: skip
    return one(request_id, workspace, caller)


@router.post("/erasures", summary="Erase a person")
@needs(Permission.PRIVACY)
def erase(asked: WhoseNumber, workspace: In, caller: Asking) -> Erased:
    """What the controller holds of a number goes, but for the refusal, kept as a digest.

    It cannot be undone; twice does no harm. While a call to the number is up, nothing is done.
    """
    return erase_person(workspace, caller.controller_id, asked.number, caller.name)
