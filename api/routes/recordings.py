"""Recordings: keeping them, and hearing them as a phone plays them."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import Response

from api.caller import Asking, In
from api.needs import needs
from api.once import DoneOnce, sha256_of
from api.paging import NewestFirst, next_of
from api.schemas import Id, Page, Recording
from audio.preview import preview
from campaigns.access import Permission
from operations.record import keep_recording
from operations.values import Line, file_name_of
from store import recordings
from store.engine import reading

router = APIRouter(prefix="/recordings", tags=["recordings"])


@router.post("", status_code=201, response_model=Recording, summary="Upload a recording")
@needs(Permission.CAMPAIGNS_WRITE)
def add(
    workspace: In,
    caller: Asking,
    once: DoneOnce,
    file: Annotated[UploadFile, File(description="WAV, FLAC, MP3, Ogg, M4A or AAC.")],
    name: Annotated[Line, Form(max_length=200, description="The file's if absent.")] = "",
) -> Response:
    """Keep it unchanged; the same one again under the same name is the same recording."""
    file_name = file_name_of(file.filename, "recording.wav")

    def do() -> Recording:
        kept = keep_recording(
            workspace,
            caller.controller_id,
            file.file,
            name=name or Path(file_name).stem,
            file_name=file_name,
            by=caller.name,
        )
        return Recording(**kept)

    asked = [sha256_of(file.file), file_name, name]
    return once(asked, do, location="/api/v1/recordings/{id}")


@router.get("", summary="List recordings")
@needs(Permission.CAMPAIGNS_READ)
def every(workspace: In, caller: Asking, asked: Annotated[NewestFirst, Query()]) -> Page[Recording]:
    """Recordings, newest first."""
    with reading(workspace.engine) as connection:
        rows = recordings.page(connection, caller.controller_id, asked.after, asked.limit)
    return Page(items=[Recording(**row) for row in rows], next=next_of(rows, asked.limit))


@router.get("/{recording_id}", summary="One recording")
@needs(Permission.CAMPAIGNS_READ)
def one(recording_id: Id, workspace: In, caller: Asking) -> Recording:
    """A recording's name, length and hash."""
    with reading(workspace.engine) as connection:
        return Recording(**recordings.one(connection, caller.controller_id, recording_id))


@router.get(
    "/{recording_id}/preview.wav",
    response_class=Response,
    summary="Hear it as a phone plays it",
    responses={200: {"content": {"audio/wav": {}}}},
)
@needs(Permission.CAMPAIGNS_READ)
def heard(recording_id: Id, workspace: In, caller: Asking) -> Response:
    """8 kHz A-law decoded sample for sample: made once, then kept."""
    with reading(workspace.engine) as connection:
        kept = recordings.one(connection, caller.controller_id, recording_id)
    message = workspace.library.prepare([workspace.library.root / kept["path"]], kept["name"])
    return Response(preview(message), media_type="audio/wav")
