"""The pages on which a campaign is made, step by step; and the sample, ready made."""

import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard import draft_script
from api.dashboard.draft import STEPS, Draft, begun, draft_of
from api.dashboard.draft_check import known
from api.dashboard.draft_page import Shown, draft_page
from api.dashboard.draft_turn import address, go
from api.dashboard.forms import Filled, checked, text_of
from api.dashboard.pages import page
from api.needs import needs
from api.routes.campaigns import one
from api.schemas import LARGEST_ID, Id
from campaigns.access import Permission
from operations import drafts
from operations.drafts import Taken
from operations.rehearse import rehearse
from operations.sample import free_name, prepare_sample
from operations.workspace import Workspace
from store import campaigns as kept_campaigns
from store import recordings
from store.engine import reading

router = APIRouter(include_in_schema=False)

_Known = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]
_KEY = re.compile("[0-9a-f]{32}")

_MOST_OFFERED = 3
"""Drafts that are offered on the page of a new one."""


@router.post("/sample", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def sample(workspace: In, caller: Asking) -> Response:
    """Prepare the sample campaign, and show what is looked at before its launch."""
    made = prepare_sample(workspace, caller.controller_id, caller.name)
    return RedirectResponse(f"/campaigns/{made}/preflight", 303)


@router.post("/campaigns/{campaign_id}/rehearse", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def rehearsal(campaign_id: Id, workspace: In, caller: Asking) -> Response:
    """Prepare a rehearsal of a campaign, and show what is looked at before its launch."""
    made = rehearse(workspace, caller.controller_id, campaign_id, caller.name)
    return RedirectResponse(f"/campaigns/{made}/preflight", 303)


@router.get("/campaigns/new")
@needs(Permission.CAMPAIGNS_WRITE)
def first_step(
    request: Request,
    workspace: In,
    caller: Asking,
    list_id: Annotated[int | None, Query(alias="list", ge=1, le=LARGEST_ID)] = None,
    recording: _Known = None,
    like: _Known = None,
) -> Response:
    """Begin one: with a list, with a recording, or like a campaign there is."""
    given: dict[str, Any] = {}
    if like is not None:
        given = _like(workspace, caller, like)
    if list_id is not None:
        given["lists"] = (str(list_id),)
    if recording is not None:
        given["recording1"] = recording
    own = [one for one in drafts.open_ones(workspace, caller.controller_id)
           if one.changed_by == caller.name]  # fmt: skip
    shown = Shown("people", known(workspace, caller, begun(given)), key=secrets.token_hex(16),
        others=own[:_MOST_OFFERED])  # fmt: skip
    return draft_page(request, workspace, caller, shown)


@router.post("/campaigns/new", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def begin(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Keep what the first page sends, and go on from there."""
    key = text_of(form, "key")
    draft = Draft({}, {})
    for step in STEPS:
        draft = draft.with_step(step, form)
    draft_id = drafts.begin(
        workspace, caller.controller_id, key if _KEY.fullmatch(key) else secrets.token_hex(16),
        draft.plain(), STEPS[0], caller.name,
    )  # fmt: skip
    return go(request, workspace, caller, draft_id, form)


@router.get("/campaigns/new/{draft_id}")
@needs(Permission.CAMPAIGNS_WRITE)
def show(
    request: Request,
    draft_id: Id,
    workspace: In,
    caller: Asking,
    step: str = "",
    list_id: Annotated[int | None, Query(alias="list", ge=1, le=LARGEST_ID)] = None,
    added: _Known = None,
) -> Response:
    """One step of a draft, or the one to go on with; the campaign, where one was made of it."""
    kept = drafts.one(workspace, caller.controller_id, draft_id)
    if kept.campaign_id is not None:
        return RedirectResponse(f"/campaigns/{kept.campaign_id}/preflight", 303)
    if kept.taken_at is not None:
        return page(request, "draft_taken.html", kept=kept)
    draft = draft_of(kept.filled)
    draft = draft if list_id is None else draft.calling(list_id)
    at = step if step in STEPS else kept.step
    name = _name_of(workspace, caller, added) if added is not None else ""
    shown = Shown(at, known(workspace, caller, draft), kept, added=name)
    return draft_page(request, workspace, caller, shown)


@router.post("/campaigns/new/{draft_id}", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def go_on(
    request: Request,
    draft_id: Id,
    workspace: In,
    caller: Asking,
    form: Filled,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Keep what a step sends. Go on, where it is right; back, whatever it is."""
    return go(request, workspace, caller, draft_id, form, file)


@router.get("/campaigns/new/{draft_id}/delete")
@needs(Permission.CAMPAIGNS_WRITE)
def ask_delete(request: Request, draft_id: Id, workspace: In, caller: Asking) -> Response:
    """Say what is deleted, and ask."""
    kept = drafts.one(workspace, caller.controller_id, draft_id)
    if not kept.is_open:
        return RedirectResponse(address(draft_id), 303)
    return page(request, "draft_delete.html", kept=kept)


@router.post("/campaigns/new/{draft_id}/delete", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def delete(draft_id: Id, workspace: In, caller: Asking) -> Response:
    """Delete a draft."""
    try:
        drafts.remove(workspace, caller.controller_id, draft_id, caller.name)
    except Taken:
        return RedirectResponse(address(draft_id), 303)
    return RedirectResponse("/campaigns", 303)


def _name_of(workspace: Workspace, caller: Caller, recording_id: int) -> str:
    with reading(workspace.engine) as connection:
        return str(recordings.one(connection, caller.controller_id, recording_id)["name"])


def _like(workspace: Workspace, caller: Caller, campaign_id: int) -> dict[str, Any]:
    """The values of a campaign there is, under a name that is free."""
    row = one(campaign_id, workspace, caller)
    with reading(workspace.engine) as connection:
        lists = kept_campaigns.lists_of(connection, campaign_id)
        plain = kept_campaigns.row(connection, caller.controller_id, campaign_id)
    places = {f"recording{place}": id_ for place, id_ in enumerate(row.recordings[:4], 1)}
    named = row.name.removesuffix(" (rehearsal)")
    return {
        **draft_script.filled_like(plain),
        **_said_in(workspace, caller, campaign_id),
        "name": free_name(workspace, caller.controller_id, named),
        "purpose": row.purpose,
        "signatory": plain["signatory"] or "",
        "lists": tuple(map(str, lists)),
        "trunk": row.trunk,
        "caller_id": row.caller_id,
        "max_channels": row.max_channels,
        "max_cps": row.max_cps,
        "ring_timeout_s": row.ring_timeout_s,
        "max_attempts": row.retry["max_attempts"],
        "two_persons": "yes" if row.two_persons else "",
        **places,
    }


def _said_in(workspace: Workspace, caller: Caller, campaign_id: int) -> dict[str, Any]:
    """What the draft says of which a campaign was made: all of its script, recordings too."""
    made_of = drafts.of_campaign(workspace, caller.controller_id, campaign_id)
    filled = made_of.filled if made_of else {}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in filled.items()
        if name in draft_script.FIELDS or draft_script.is_says(name)
    }
