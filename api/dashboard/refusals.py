"""The pages over refusals: numbers that are not called, one by one and by the file."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.forms import Filled, checked, faults_of, text_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.routes.exports import Format, download
from campaigns.access import Permission
from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression_key import is_digest
from campaigns.errors import InvalidInput
from operations import call_exports
from operations.suppress import Owner, import_suppressions, listed, suppress
from operations.values import file_name_of
from store import suppressions
from store.engine import reading

router = APIRouter(include_in_schema=False)

_ROWS = 25


@router.get("/refusals")
@needs(Permission.PEOPLE_READ)
def refusals(
    request: Request,
    workspace: In,
    caller: Asking,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    added: str = "",
) -> Response:
    """Those of this controller, a page at a time."""
    return _page(request, workspace, caller, after=after, added=added)


@router.post("/refusals/search", dependencies=[Depends(checked)])
@needs(Permission.PEOPLE_READ)
def search(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Whether a number is refused, and since when; it is not in the address, which is kept."""
    text = text_of(form, "number")
    try:
        number = parse(text).e164
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "number"})
        return _page(request, workspace, caller, 422, faults=faults, asked=text)
    with reading(workspace.engine) as connection:
        found = suppressions.of_number(connection, caller.controller_id, number, operators=True)
    return _page(request, workspace, caller, asked=text, found=found, number=number)


@router.post("/refusals", dependencies=[Depends(checked)])
@needs(Permission.REFUSALS_WRITE)
def add(request: Request, workspace: In, caller: Asking, form: Filled) -> Response:
    """Refuse calls to a number, from this instant on and in every campaign."""
    text, note = text_of(form, "new"), text_of(form, "note")[:200]
    try:
        added = suppress(
            workspace.engine, Owner.controller(caller.controller_id), text,
            source=f"page, {caller.name}" + (f": {note}" if note else ""), by=caller.name,
            expires_on=_day(text_of(form, "expires_on")),
        )  # fmt: skip
    except InvalidInput as error:
        names = {error.field: "new", "expires_on": "expires_on"}
        faults = faults_of(error, chosen(request), names)
        return _page(request, workspace, caller, 422, faults=faults, given=dict(form))
    return RedirectResponse(f"/refusals?added={'new' if added else 'known'}", 303)


@router.post("/refusals/import", dependencies=[Depends(checked)])
@needs(Permission.REFUSALS_WRITE)
def add_file(
    request: Request, workspace: In, caller: Asking, file: Annotated[UploadFile, File()]
) -> Response:
    """Refuse calls to every number of a file, and say what became of its rows."""
    name = file_name_of(file.filename, "refusals.csv")
    try:
        report = import_suppressions(
            workspace.engine, Owner.controller(caller.controller_id), file.file, file_name=name,
            by=caller.name,
        )  # fmt: skip
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "file"})
        return _page(request, workspace, caller, 422, faults=faults)
    return _page(request, workspace, caller, report=report)


@router.get("/refusals.csv")
@needs(Permission.PEOPLE_READ)
def export(workspace: In, caller: Asking) -> Response:
    """All of them, for a spreadsheet; those of people who were erased have no number left."""
    found = call_exports.suppressions(workspace, caller.controller_id, caller.name)
    return download(found, Format.CSV)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput("expires_on", "it is no day.", "Write it as 2026-12-31.") from None


def _page(
    request: Request,
    workspace: In,
    caller: Caller,
    status: int = 200,
    *,
    after: int = 0,
    added: str = "",
    **values: Any,
) -> Response:
    rows = listed(workspace.engine, Owner.controller(caller.controller_id), after, _ROWS)
    shown: dict[str, Any] = {
        "rows": [{**row, "number": masked(row["number"])} for row in rows],
        "next": rows[-1]["id"] if len(rows) == _ROWS else None,
        "after": after,
        "added": added if added in {"new", "known"} else "",
        "faults": {}, "asked": "", "found": None, "number": "", "given": {}, "report": None,
        "today": datetime.now(UTC), "hidden": is_digest,
    }  # fmt: skip
    return page(request, "refusals.html", status, **{**shown, **values})
