"""The pages on which a list is imported: the file, a look at it, where it comes from, progress."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.caller import Asking, In
from api.dashboard.forms import Filled, checked, faults_of
from api.dashboard.pages import chosen, page
from api.dashboard.provenance import PURPOSES, mapping_of, provenance_of, typed
from api.headers import by_script, elsewhere
from api.needs import needs
from api.routes.lists import Importing
from campaigns.access import Permission
from campaigns.contacts.basis import BasisKind
from campaigns.errors import InvalidInput
from operations import uploads
from operations.columns import CONTACT_FIELDS, Field, unique_names
from operations.import_list import import_list
from operations.preview_list import preview_list
from operations.spreadsheet import open_sheet
from operations.uploads import Upload
from operations.values import file_name_of

router = APIRouter(include_in_schema=False)


@router.get("/lists/new")
@needs(Permission.CAMPAIGNS_WRITE)
def ask_file(request: Request, caller: Asking) -> Response:  # noqa: ARG001 -- only who may ask
    """Ask for the file."""
    return page(request, "list_file.html", faults={})


@router.post("/lists/new", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def take_file(
    request: Request, workspace: In, caller: Asking, file: Annotated[UploadFile, File()]
) -> Response:
    """Keep it aside, and show what is in it; refuse at once what is no list."""
    upload = uploads.keep(
        workspace.settings.home, caller.controller_id, file.file,
        file_name_of(file.filename, "list.csv"),
    )  # fmt: skip
    try:
        _look(upload, None)
    except InvalidInput as error:
        if error.field != "header":  # a column of numbers can be named on the next page
            uploads.forget(upload)
            faults = faults_of(error, chosen(request), {error.field: "file"})
            return page(request, "list_file.html", 422, faults=faults)
    return RedirectResponse(f"/lists/new/{upload.token}", 303)


@router.get("/lists/new/{token}")
@needs(Permission.CAMPAIGNS_WRITE)
def look(request: Request, token: str, workspace: In, caller: Asking) -> Response:
    """What its columns are taken for, its first rows, and where it comes from."""
    upload = uploads.find(workspace.settings.home, caller.controller_id, token)
    return _looked(request, upload, None, {}, {})


@router.post("/lists/new/{token}", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def begin(
    request: Request, token: str, workspace: In, caller: Asking, form: Filled, imports: Importing
) -> Response:
    """Look again with other columns; or import it, which goes on by itself."""
    upload = uploads.find(workspace.settings.home, caller.controller_id, token)
    mapping = mapping_of(form)
    if "again" in form:
        return _looked(request, upload, mapping, typed(form), {})
    try:
        _look(upload, mapping)
        provenance = provenance_of(form)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {"header": "column:phone"})
        return _looked(request, upload, mapping, typed(form), faults, 422)
    name = provenance.name or upload.name.rpartition(".")[0] or upload.name

    def work(tell: Any) -> Any:
        with upload.opened() as file:
            report = import_list(
                workspace.engine, caller.controller_id, file, name=name, file_name=upload.name,
                provenance=provenance.provenance(), by=caller.name, mapping=mapping, progress=tell,
            )  # fmt: skip
        uploads.forget(upload)
        return report

    imports.begin(token, caller.controller_id, work)
    return RedirectResponse(f"/lists/new/{token}/progress", 303)


@router.get("/lists/new/{token}/progress")
@needs(Permission.CAMPAIGNS_WRITE)
def progress(
    request: Request, token: str, workspace: In, caller: Asking, imports: Importing
) -> Response:
    """How far it is; its list once it is over; the form again where it failed."""
    running = imports.of(token, caller.controller_id)
    if by_script(request) and (running is None or running.report or running.fault):
        return elsewhere(request.url.path)
    if running is not None and running.report is not None:
        return RedirectResponse(f"/lists/{running.report.list_id}", 303)
    upload = uploads.find(workspace.settings.home, caller.controller_id, token)
    if running is None:
        return RedirectResponse(f"/lists/new/{token}", 303)
    if running.fault is None:
        return page(request, "list_progress.html", upload=upload, progress=running.progress)
    if isinstance(running.fault, InvalidInput):
        faults = faults_of(running.fault, chosen(request), {})
        return _looked(request, upload, None, {}, faults, 422)
    raise running.fault


def _look(upload: Upload, mapping: dict[Field, str] | None) -> Any:
    with upload.opened() as file:
        return preview_list(file, mapping=mapping, count=12)


def _looked(
    request: Request,
    upload: Upload,
    mapping: dict[Field, str] | None,
    values: Any,
    faults: dict[str, str],
    status: int = 200,
) -> Response:
    language = chosen(request)
    try:
        preview, names = _look(upload, mapping), None
    except InvalidInput as error:
        preview, names = None, _header(upload)
        faults = {**faults_of(error, language, {"header": "column:phone"}), **faults}
        status = 422
    columns = [one.name for one in preview.columns] if preview else names or []
    taken = {one.field.value: one.name for one in preview.columns if one.field} if preview else {}
    return page(
        request, "list_look.html", status, upload=upload, preview=preview,
        taken=taken, fields_known=[one.value for one in CONTACT_FIELDS], given=values,
        columns_choice=[(name, name) for name in columns], faults=faults,
        purpose_choice=[(one, language.word("purpose", one), "") for one in PURPOSES],
        basis_choice=[(one, language.word("list_basis", one), "") for one in BasisKind],
        wordings=_wordings(preview, values),
    )  # fmt: skip


def _header(upload: Upload) -> list[str]:
    """Its column names, where none is known to be that of the numbers."""
    try:
        with upload.opened() as file:
            return list(unique_names(open_sheet(file).header))
    except InvalidInput:
        return []


def _wordings(preview: Any, values: Any) -> dict[str, str]:
    """Ids of texts that the first rows name, with what was typed of them."""
    named = {one.wording_id for one in preview.contacts if one.wording_id} if preview else set()
    given: dict[str, str] = values.get("wordings", {})
    return {name: given.get(name, "") for name in sorted(named)} | given
