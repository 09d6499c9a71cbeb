"""The pages over recordings: what was sent, and what a phone makes of it."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import FileResponse, RedirectResponse, Response

from api.caller import Asking, Caller, In
from api.dashboard.forms import checked, faults_of
from api.dashboard.holdings import recordings_of
from api.dashboard.pages import chosen, page
from api.needs import needs
from api.routes.recordings import one
from api.schemas import Id
from audio.container import container_of
from audio.probe import probe
from audio.waveform import drawn, outline
from campaigns.access import Permission
from campaigns.errors import InvalidInput, PortevoixError
from operations.record import keep_recording
from operations.recording_check import remarks
from operations.values import file_name_of
from operations.workspace import Workspace
from store import recordings as kept
from store.engine import reading

router = APIRouter(include_in_schema=False)

BARS = 160
"""Of a waveform."""

_TYPES = {
    "WAV": "audio/wav",
    "FLAC": "audio/flac",
    "MP3": "audio/mpeg",
    "OGG": "audio/ogg",
    "M4A": "audio/mp4",
    "AAC": "audio/aac",
}


@router.get("/recordings")
@needs(Permission.CAMPAIGNS_READ)
def recordings(request: Request, workspace: In, caller: Asking) -> Response:
    """Every recording, and the form for another."""
    return _all(request, workspace, caller)


@router.post("/recordings", dependencies=[Depends(checked)])
@needs(Permission.CAMPAIGNS_WRITE)
def add(
    request: Request,
    workspace: In,
    caller: Asking,
    file: Annotated[UploadFile, File()],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Keep it, and let it be heard."""
    try:
        found = keep_upload(workspace, caller, file, name)
    except InvalidInput as error:
        faults = faults_of(error, chosen(request), {error.field: "file"})
        return _all(request, workspace, caller, 422, faults, name)
    return RedirectResponse(f"/recordings/{found['id']}", 303)


def keep_upload(
    workspace: Workspace, caller: Caller, file: UploadFile, name: str
) -> dict[str, Any]:
    """Keep a file that was sent, under a name or else the file's own, ready to be played.

    Raises:
        InvalidInput: no message can be made of it; nothing is kept.
    """
    file_name = file_name_of(file.filename, "recording.wav")
    found = keep_recording(
        workspace, caller.controller_id, file.file, file_name=file_name, by=caller.name,
        name=" ".join(name.split()) or Path(file_name).stem,
    )  # fmt: skip
    workspace.library.prepare([workspace.library.root / found["path"]], found["name"])
    return found


@router.get("/recordings/{recording_id}")
@needs(Permission.CAMPAIGNS_READ)
def recording(request: Request, recording_id: Id, workspace: In, caller: Asking) -> Response:
    """Both sounds of one, and what is to be said of it."""
    original = _original(recording_id, workspace, caller)
    found = one(recording_id, workspace, caller)
    prepared = workspace.library.prepare([original], found.name)
    measures = probe(original)
    return page(
        request,
        "recording.html",
        recording=found,
        measures=measures,
        prepared=prepared,
        remarks=remarks(measures),
        before=outline(original, BARS),
        after=played(workspace, str(prepared.base.relative_to(workspace.library.root))),
    )


@router.get("/recordings/{recording_id}/original")
@needs(Permission.CAMPAIGNS_READ)
def original_sound(recording_id: Id, workspace: In, caller: Asking) -> Response:
    """What was sent, byte for byte."""
    path = _original(recording_id, workspace, caller)
    return FileResponse(path, media_type=_TYPES[container_of(path)])


def played(workspace: Workspace, message: str) -> tuple[float, ...]:
    """The outline of what a phone plays of a message; nothing where it is not there any more."""
    found = (workspace.library.root / message).parent
    try:
        files = workspace.library.message(found.name).files
        return drawn(files["alaw"], BARS)
    except (PortevoixError, FileNotFoundError):
        return ()


def _all(
    request: Request,
    workspace: In,
    caller: Asking,
    status: int = 200,
    faults: dict[str, str] | None = None,
    name: str = "",
) -> Response:
    found = recordings_of(workspace, caller)
    return page(
        request, "recordings.html", status, recordings=found, faults=faults or {}, typed=name
    )


def _original(recording_id: int, workspace: In, caller: Any) -> Path:
    with reading(workspace.engine) as connection:
        row = kept.one(connection, caller.controller_id, recording_id)
    return workspace.library.root / str(row["path"])
