"""Contact lists: importing them, and what became of their rows."""

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Annotated

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import Response, StreamingResponse
from pydantic import Json

from api.caller import Asking, In
from api.imports import Imports
from api.needs import needs
from api.once import DoneOnce, sha256_of
from api.paging import InOrder, NewestFirst, next_of
from api.problems import language_of
from api.schemas import (
    ContactList,
    Id,
    ImportState,
    ListRelease,
    Page,
    ProvenanceValues,
    RejectedRow,
)
from campaigns.access import Permission
from operations import call_exports
from operations import import_list as importing
from operations.columns import Field
from operations.exports import ENCODING
from operations.import_list import ImportReport
from operations.list_hold import release_list
from operations.preview_list import MOST_ROWS, Preview, preview_list
from operations.rejects import Reject, write_rejects
from operations.undo_import import Undone, undo_import
from operations.values import file_name_of
from store import lists
from store.engine import reading
from store.lists import ListState

router = APIRouter(prefix="/lists", tags=["lists"])

_EXAMPLE = json.dumps({
    "supplier": "Élan Valbourg", "method": "web form", "collected_on": "2026-01-31",
    "purposes": ["political"], "wordings": {"w1": "I agree to be called by Élan Valbourg."},
}, ensure_ascii=False)  # fmt: skip
_CHUNK = 1 << 16
File_ = Annotated[UploadFile, File(description="CSV or XLSX, as a spreadsheet writes it.")]
Mapping_ = Annotated[
    Json[dict[Field, str]] | None,
    Form(description='JSON, where columns are not found by name: {"phone": "Portable"}.'),
]
_IN_MEMORY = 1 << 20


def imports_of(request: Request) -> Imports:
    """Those that go on in this process."""
    found: Imports = request.app.state.imports
    return found


Importing = Annotated[Imports, Depends(imports_of)]


@router.post("", status_code=201, response_model=ImportReport, summary="Import a list")
@needs(Permission.CAMPAIGNS_WRITE)
def add(
    workspace: In,
    caller: Asking,
    once: DoneOnce,
    imports: Importing,
    file: File_,
    provenance: Annotated[Json[ProvenanceValues], Form(description="JSON.", examples=[_EXAMPLE])],
    mapping: Mapping_ = None,
) -> Response:
    """Keep every row as a contact or as a refused row with its reason.

    The same file again changes nothing, and goes on where an import was cut short. The answer comes
    when it is done; meanwhile the list is among the lists, and its import says how far it is.
    """
    file_name = file_name_of(file.filename, "list.csv")

    def do() -> ImportReport:
        with imports.watching() as tell:
            return importing.import_list(
                workspace.engine,
                caller.controller_id,
                file.file,
                name=provenance.name or Path(file_name).stem,
                file_name=file_name,
                provenance=provenance.provenance(),
                by=caller.name,
                mapping=mapping,
                progress=tell,
            )

    asked = [sha256_of(file.file), file_name, provenance, mapping]
    return once(asked, do, location="/api/v1/lists/{list_id}")


@router.post("/preview", summary="Look at a file before importing it")
@needs(Permission.CAMPAIGNS_WRITE)
def preview(
    request: Request,
    caller: Asking,  # noqa: ARG001 -- only whoever has a key may ask
    file: File_,
    mapping: Mapping_ = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows, at most.")] = 20,
) -> Preview:
    """What its columns are taken for and what its first rows would become; nothing is kept."""
    say = language_of(request).say
    found = preview_list(file.file, mapping=mapping, count=limit)
    return replace(
        found,
        columns=tuple(replace(one, reason=say(one.reason)) for one in found.columns),
        missing=tuple(replace(one, consequence=say(one.consequence)) for one in found.missing),
        rejects=tuple(_in_words(one, say) for one in found.rejects),
    )


@router.get("", summary="List the lists")
@needs(Permission.CAMPAIGNS_READ)
def every(
    workspace: In, caller: Asking, asked: Annotated[NewestFirst, Query()]
) -> Page[ContactList]:
    """Lists, newest first."""
    with reading(workspace.engine) as connection:
        rows = lists.page(connection, caller.controller_id, asked.after, asked.limit)
    return Page(items=[ContactList(**row) for row in rows], next=next_of(rows, asked.limit))


@router.get("/{list_id}", summary="One list")
@needs(Permission.CAMPAIGNS_READ)
def one(list_id: Id, workspace: In, caller: Asking) -> ContactList:
    """A list, with its provenance and its counts."""
    with reading(workspace.engine) as connection:
        return ContactList(**lists.one(connection, caller.controller_id, list_id))


@router.get("/{list_id}/import", summary="How far its import is")
@needs(Permission.CAMPAIGNS_READ)
def how_far(list_id: Id, workspace: In, caller: Asking, imports: Importing) -> ImportState:
    """What is kept so far; while it goes on here, also how much of the file was read."""
    with reading(workspace.engine) as connection:
        row = lists.one(connection, caller.controller_id, list_id)
    importing_now = row["state"] == ListState.IMPORTING.value
    far = imports.far(list_id) if importing_now else None
    return ImportState(
        list_id=list_id,
        state=row["state"],
        goes_on=far is not None,
        rows=row["rows"],
        accepted=row["accepted"],
        rejected=row["rejected"],
        percent=round(100 * far.share, 1) if far else None if importing_now else 100.0,
        finish_at=far.finish_at if far else None,
    )


@router.post("/{list_id}/release", summary="Answer for a list that looks generated")
@needs(Permission.CAMPAIGNS_LAUNCH)
def release(list_id: Id, answer: ListRelease, workspace: In, caller: Asking) -> ContactList:
    """Let real campaigns call it, in the name of the key and for the reason given."""
    release_list(workspace.engine, caller.controller_id, list_id, caller.name, answer.reason)
    return one(list_id, workspace, caller)


@router.delete("/{list_id}", summary="Undo an import")
@needs(Permission.CAMPAIGNS_WRITE)
def undo(list_id: Id, workspace: In, caller: Asking) -> Undone:
    """Remove its people, where no campaign has them; its file can then be imported again.

    Asking twice does no harm.
    """
    return undo_import(workspace.engine, caller.controller_id, list_id, caller.name)


@router.get("/{list_id}/report", summary="What became of its rows")
@needs(Permission.CAMPAIGNS_READ)
def report(list_id: Id, workspace: In, caller: Asking) -> ImportReport:
    """The answer its import gave, counted again."""
    return importing.report(workspace.engine, caller.controller_id, list_id)


@router.get("/{list_id}/rejects", summary="Refused rows")
@needs(Permission.PEOPLE_READ)
def rejects(
    request: Request,
    list_id: Id,
    workspace: In,
    caller: Asking,
    asked: Annotated[InOrder, Query()],
) -> Page[RejectedRow]:
    """Refused rows in the order of the file, each with its line, reason and remedy."""
    say = language_of(request).say
    with reading(workspace.engine) as connection:
        lists.one(connection, caller.controller_id, list_id)
        rows = lists.rejected(connection, list_id, asked.after, asked.limit)
    items = [
        RejectedRow(**{**row, "reason": say(row["reason"]), "remedy": say(row["remedy"])})
        for row in rows
    ]
    return Page(items=items, next=next_of(rows, asked.limit, "line"))


@router.get(
    "/{list_id}/rejects.csv",
    response_class=StreamingResponse,
    summary="Refused rows as CSV",
    responses={200: {"content": {"text/csv": {}}}},
)
@needs(Permission.PEOPLE_READ)
def rejects_csv(request: Request, list_id: Id, workspace: In, caller: Asking) -> Response:
    """For a spreadsheet: mend the rows there and import them."""
    say = language_of(request).say
    found = call_exports.refused_rows(workspace, caller.controller_id, list_id, caller.name)
    file = _written(_in_words(one, say) for one in found)
    headers = {"Content-Disposition": f'attachment; filename="rejects-{list_id}.csv"'}
    return StreamingResponse(_pieces(file), headers=headers, media_type="text/csv; charset=utf-8")


def _written(rejects: Iterator[Reject]) -> IO[bytes]:
    """A reject file, on disk where it is large; closed by whoever reads it."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 -- closed once it is sent
    text = io.TextIOWrapper(file, encoding=ENCODING, newline="")
    write_rejects(text, rejects)
    text.flush()
    text.detach()
    file.seek(0)
    return file


def _in_words(reject: Reject, say: Callable[[str], str]) -> Reject:
    return replace(reject, reason=say(reject.reason), remedy=say(reject.remedy))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_CHUNK):
            yield piece
