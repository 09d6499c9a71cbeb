"""Hearing a campaign before it calls anybody: in a file, or by a real call to one's own number."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.caller import Asking, In, not_permitted
from api.needs import needs
from api.once import DoneOnce
from api.paging import Asked, PhoneText
from api.schemas import Id
from campaigns.access import Permission
from operations import call_me, message_preview
from operations.call_me import CODE_DIGITS, MOST_A_DAY
from operations.values import Line

router = APIRouter(tags=["before a launch"])


class PreviewQuery(Asked):
    """Whose message."""

    variant: Line = Field("", max_length=200, description="The campaign's own if absent.")
    contact: int | None = Field(None, ge=1, le=2**63 - 1, description="Who hears it.")


class NewCode(BaseModel):
    """A number to which a code is spoken."""

    model_config = ConfigDict(extra="forbid")

    number: PhoneText = Field(examples=["06 39 98 00 42"])
    language: str = Field("fr", max_length=2, description="In which it is spoken: fr or en.")


class ToldCode(BaseModel):
    """A code, told back by whoever heard it."""

    model_config = ConfigDict(extra="forbid")

    number: PhoneText = Field(examples=["06 39 98 00 42"])
    code: Line = Field(max_length=20, examples=["0" * CODE_DIGITS])


class NewOwnCall(BaseModel):
    """A call to a number that was shown to be one's own."""

    model_config = ConfigDict(extra="forbid")

    number: PhoneText = Field(examples=["06 39 98 00 42"])
    variant: Line = Field("", max_length=200, description="Whose message; the campaign's if empty.")


class OwnCallAnswer(BaseModel):
    """The call: a campaign of its own, with one person in it."""

    id: int = Field(description="Of that campaign: its progress is that of the call.")


@router.get(
    "/campaigns/{campaign_id}/preview.wav",
    response_class=Response,
    summary="Hear its message as a phone plays it",
    responses={200: {"content": {"audio/wav": {}}}},
)
@needs(Permission.CAMPAIGNS_READ)
def preview(
    campaign_id: Id, workspace: In, caller: Asking, asked: Annotated[PreviewQuery, Query()]
) -> Response:
    """Its own, that of a variant, or what one person hears; for that, `people:read` is needed."""
    if asked.contact is not None and not caller.may(Permission.PEOPLE_READ):
        raise not_permitted()
    wav = message_preview.of_campaign(
        workspace, caller.controller_id, campaign_id, asked.variant, asked.contact
    )
    return Response(wav, media_type="audio/wav")


@router.post(
    "/campaigns/{campaign_id}/call-me/code",
    status_code=201,
    response_model=OwnCallAnswer,
    summary="Have a code spoken to one's number",
)
@needs(Permission.CAMPAIGNS_LAUNCH)
def code(
    campaign_id: Id, values: NewCode, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """One real call over the campaign's trunk; the code is good for a quarter of an hour."""

    def do() -> OwnCallAnswer:
        made = call_me.send_code(
            workspace, caller.controller_id, campaign_id, values.number, caller.name,
            values.language,
        )  # fmt: skip
        return OwnCallAnswer(id=made)

    return once(values, do, location="/api/v1/campaigns/{id}")


@router.post(
    "/call-me/confirm", status_code=204, response_class=Response, summary="Tell the code back"
)
@needs(Permission.CAMPAIGNS_LAUNCH)
def confirm(values: ToldCode, workspace: In, caller: Asking) -> Response:
    """The number is one's own from now on, for whoever asks with this key or name."""
    call_me.confirm(workspace, caller.controller_id, values.number, values.code, caller.name)
    return Response(status_code=204)


@router.post(
    "/campaigns/{campaign_id}/call-me",
    status_code=201,
    response_model=OwnCallAnswer,
    summary="Hear a campaign on one's own telephone",
    description="One real call, with its script, through every gate and limit; a number is called "
    f"{MOST_A_DAY} times in 24 hours at most, codes included.",
)
@needs(Permission.CAMPAIGNS_LAUNCH)
def now(
    campaign_id: Id, values: NewOwnCall, workspace: In, caller: Asking, once: DoneOnce
) -> Response:
    """Place it."""

    def do() -> OwnCallAnswer:
        made = call_me.call_me(
            workspace, caller.controller_id, campaign_id, values.number, caller.name,
            values.variant,
        )  # fmt: skip
        return OwnCallAnswer(id=made)

    return once(values, do, location="/api/v1/campaigns/{id}")
