"""Keeping a recording that somebody gives."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from operations.workspace import Workspace
from store import audit, recordings
from store.engine import writing


def keep_recording(
    workspace: Workspace,
    controller_id: int,
    source: Path | BinaryIO,
    *,
    name: str,
    file_name: str,
    by: str,
) -> dict[str, Any]:
    """Probe, keep and register a recording; the same one twice is kept once.

    Raises:
        InvalidInput: no message can be made of it; nothing is kept.
    """
    stored = workspace.library.add(source, file_name)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        recording_id = recordings.add(
            connection,
            controller_id,
            name,
            file_name,
            stored.sha256,
            str(stored.path.relative_to(workspace.library.root)),
            stored.probe.seconds,
            by,
            now,
        )
        audit.record(
            connection,
            now,
            by,
            "recording.add",
            f"recording {recording_id}",
            controller_id,
            {"sha256": stored.sha256, "seconds": stored.probe.seconds},
        )
        return recordings.one(connection, controller_id, recording_id)
