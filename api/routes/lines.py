"""Callback lines: numbers that the PBX answers when the people called ring back."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce
from api.paging import NewestFirst, Paged, PhoneText, next_of
from api.schemas import LARGEST_ID, Page
from campaigns.access import Permission
from campaigns.callback import CallerAct
from operations import callback_line
from operations.callback_line import NewLine
from store import recordings
from store.engine import reading

router = APIRouter(prefix="/callback-lines", tags=["callback lines"])


class NewCallbackLine(BaseModel):
    """A number to answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"number": "01 99 00 00 01", "recording_ids": [1], "language": "fr"}
        },
    )

    number: PhoneText
    recording_ids: list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] = Field(
        min_length=1,
        max_length=50,
        description="What is spoken: who calls and why, 9 to stop, 1 to ask what is held.",
    )
    language: Literal["fr", "en"] = Field("fr", description="Of what is said besides.")
    form: Annotated[str, Field(max_length=64)] = Field(
        "", description="Consent form whose text is spoken; 5 agrees to it."
    )


class LineAnswer(BaseModel):
    """A number that is answered."""

    number: str
    language: str
    installed_at: datetime
    installed_by: str
    heard_at: datetime | None = Field(description="When somebody last heard it.")


class CallAnswer(BaseModel):
    """What somebody did who called."""

    id: int
    at: datetime
    line: str
    act: CallerAct
    number: str = Field(description="Masked; empty where nobody can tell.")
    keyed: bool = Field(description="The number was keyed in, not named by the network.")


class CallQuery(NewestFirst):
    """Which acts."""

    act: CallerAct | None = None


@router.get("", summary="List callback lines")
@needs(Permission.CAMPAIGNS_READ)
def every(workspace: In, caller: Asking, asked: Annotated[Paged, Query()]) -> Page[LineAnswer]:
    """Numbers of the controller that are answered."""
    del asked
    found = callback_line.listed(workspace, caller.controller_id)
    return Page(items=[_answer(one) for one in found], next=None)


@router.post("", status_code=201, response_model=LineAnswer, summary="Have a number answered")
@needs(Permission.CAMPAIGNS_WRITE)
def install(values: NewCallbackLine, workspace: In, caller: Asking, once: DoneOnce) -> Response:
    """From the next call on, with the dialer up or not; again changes what it says."""

    def do() -> LineAnswer:
        root = workspace.library.root
        with reading(workspace.engine) as connection:
            files = [
                root / recordings.one(connection, caller.controller_id, one)["path"]
                for one in values.recording_ids
            ]
        asked = NewLine(values.number, files, values.language, values.form)
        return _answer(
            callback_line.install(workspace, caller.controller_id, asked, caller.name)
        )  # fmt: skip

    return once(values, do)


@router.get("/calls", summary="What callers did")
@needs(Permission.PEOPLE_READ)
def calls(workspace: In, caller: Asking, asked: Annotated[CallQuery, Query()]) -> Page[CallAnswer]:
    """Calls to the controller's lines and what was done in them, newest first."""
    rows = callback_line.acts(
        workspace, caller.controller_id, asked.limit, asked.after, asked.act
    )  # fmt: skip
    return Page(items=[CallAnswer(**row) for row in rows], next=next_of(rows, asked.limit))


@router.delete("/{number}", status_code=204, response_class=Response, summary="Answer it no more")
@needs(Permission.CAMPAIGNS_WRITE)
def remove(
    number: Annotated[str, Path(max_length=40, examples=["0199000001"])],
    workspace: In,
    caller: Asking,
) -> Response:
    """What was asked on it before is carried out all the same."""
    callback_line.remove(workspace, caller.controller_id, number, caller.name)
    return Response(status_code=204)


def _answer(row: dict[str, Any]) -> LineAnswer:
    return LineAnswer(**{name: row[name] for name in LineAnswer.model_fields})
