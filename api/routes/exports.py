"""Attempts, targets and suppressions as CSV and XLSX, streamed in flat memory."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from api.caller import Asking, In
from api.needs import needs
from api.schemas import Id
from campaigns.access import Permission
from operations import call_exports
from operations.call_exports import Export
from operations.exports import csv_pieces
from operations.xlsx.writing import xlsx_pieces

router = APIRouter(tags=["exports"])


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    XLSX = "xlsx"


_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WRITERS: dict[Format, Callable[..., Iterator[bytes]]] = {
    Format.CSV: csv_pieces,
    Format.XLSX: xlsx_pieces,
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole table; no cell of it is taken for a formula",
        "content": {media.partition(";")[0]: {} for media in _TYPES.values()},
    }
}
As = Annotated[Format, Path(description="For spreadsheets either; for programs CSV.")]


@router.get(
    "/campaigns/{campaign_id}/attempts.{form}",
    response_class=StreamingResponse,
    summary="Every attempt as a table",
    responses=_FILES,
)
@needs(Permission.PEOPLE_READ)
def attempts(campaign_id: Id, form: As, workspace: In, caller: Asking) -> StreamingResponse:
    """In order of time; calls that begin while it is written are in it too."""
    found = call_exports.attempts(workspace, caller.controller_id, campaign_id, caller.name)
    return download(found, form)


@router.get(
    "/campaigns/{campaign_id}/targets.{form}",
    response_class=StreamingResponse,
    summary="Every target as a table",
    responses=_FILES,
)
@needs(Permission.PEOPLE_READ)
def targets(campaign_id: Id, form: As, workspace: In, caller: Asking) -> StreamingResponse:
    """In the order of the lists, each as it stands when its row is written."""
    found = call_exports.targets(workspace, caller.controller_id, campaign_id, caller.name)
    return download(found, form)


@router.get(
    "/suppressions.{form}",
    response_class=StreamingResponse,
    summary="Every suppression as a table",
    responses=_FILES,
)
@needs(Permission.PEOPLE_READ)
def suppressions(form: As, workspace: In, caller: Asking) -> StreamingResponse:
    """Those of the controller, oldest first, expired ones too."""
    return download(call_exports.suppressions(workspace, caller.controller_id, caller.name), form)


def media_type(form: Format) -> str:
    """What a file of that kind is served as."""
    return _TYPES[form]


def download(table: Export, form: Format) -> StreamingResponse:
    """A table as a file, written while it is read."""
    pieces = _WRITERS[form](table.header, table.pages)
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.{form}"'}
    return StreamingResponse(pieces, headers=headers, media_type=_TYPES[form])
