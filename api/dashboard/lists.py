"""The pages over contact lists: all of them, one, its release and its undoing."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.forms import checked, faults_of
from api.dashboard.holdings import lists_of
from api.dashboard.pages import chosen, page
from api.dashboard.provenance import PURPOSES
from api.needs import needs
from api.routes.lists import one
from api.schemas import Id
from campaigns.access import Permission
from campaigns.errors import InvalidInput
from operations import drafts, packs
from operations import import_list as importing
from operations.list_hold import release_list, suspected
from operations.undo_import import undo_import
from operations.workspace import Workspace
from store import list_uses, lists
from store.drafts import KeptDraft
from store.engine import reading
from store.lists import ListState

router = APIRouter(include_in_schema=False)

_ROWS = 50
"""Refused rows on a page."""

_PURPOSE_OF = {"fr-political": "political", "fr-public-info": "public_info",
    "fr-commercial": "commercial", "fr-emergency": "emergency"}  # fmt: skip


@router.get("/lists")
@needs(Permission.CAMPAIGNS_READ)
def lists_page(request: Request, workspace: In, caller: Asking) -> Response:
    """Every list, newest first."""
    found = lists_of(workspace, caller)
    return page(request, "lists.html", lists=[row for row in found if row.state != "removed"])


@router.get("/lists/{list_id}")
@needs(Permission.CAMPAIGNS_READ)
def list_page(
    request: Request,
    list_id: Id,
    workspace: In,
    caller: Asking,
    after: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> Response:
    """One list: where it comes from, what became of its rows, who of it may be called."""
    return _list(request, list_id, workspace, caller, after=after)


@router.post("/lists/{list_id}/release", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_LAUNCH)
def release(
    request: Request,
    list_id: Id,
    workspace: In,
    caller: Asking,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Answer for a list that looks generated, in the name of the key."""
    try:
        release_list(workspace.engine, caller.controller_id, list_id, caller.name, reason)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {})
        return _list(request, list_id, workspace, caller, 422, faults=faults)
    return RedirectResponse(f"/lists/{list_id}", 303)


@router.get("/lists/{list_id}/undo")
@needs(Permission.CAMPAIGNS_WRITE)
def ask_undo(request: Request, list_id: Id, workspace: In, caller: Asking) -> Response:
    """Say what undoing does, and ask."""
    found = one(list_id, workspace, caller)
    with reading(workspace.engine) as connection:
        campaigns = list_uses.campaigns_of(connection, list_id)
    return page(request, "list_undo.html", list=found, campaigns=campaigns)


@router.post("/lists/{list_id}/undo", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def undo(list_id: Id, workspace: In, caller: Asking) -> Response:
    """Remove its people."""
    undo_import(workspace.engine, caller.controller_id, list_id, caller.name)
    return RedirectResponse("/lists", 303)


def _list(
    request: Request,
    list_id: int,
    workspace: In,
    caller: Asking,
    status: int = 200,
    after: int = 0,
    faults: dict[str, str] | None = None,
) -> Response:
    found = one(list_id, workspace, caller)
    with reading(workspace.engine) as connection:
        row = lists.one(connection, caller.controller_id, list_id)
        seen = caller.may(Permission.PEOPLE_READ)  # what was refused may be somebody's number
        rejected = lists.rejected(connection, list_id, after, _ROWS) if seen else []
        campaigns = list_uses.campaigns_of(connection, list_id)
    more = len(rejected) == _ROWS
    suspicion = suspected(row)
    return page(
        request,
        "list.html",
        status,
        list=found,
        report=importing.report(workspace.engine, caller.controller_id, list_id),
        rejected=rejected,
        next=rejected[-1]["line"] if more else None,
        after=after,
        campaigns=campaigns,
        suspicion=suspicion.said if suspicion else "",
        faults=faults or {},
        packs=[(name, _PURPOSE_OF.get(name, PURPOSES[0])) for name in packs.names()],
        interrupted=found.state is ListState.IMPORTING,
        draft=_draft(workspace, caller),
    )


def _draft(workspace: Workspace, caller: Caller) -> KeptDraft | None:
    """The campaign that whoever looks is making, which the list may have been imported for."""
    if not caller.may(Permission.CAMPAIGNS_WRITE):
        return None
    found = drafts.open_ones(workspace, caller.controller_id)
    return next((one for one in found if one.changed_by == caller.name), None)
