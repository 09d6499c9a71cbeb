"""The number that a campaign shows, answered with the campaign's own message.

Carriers let a multipurpose number be shown where it stays callable and tells who called (their
conditions under ARCEP's decision 2022-1583), so it does not wait for somebody to think of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from operations import callback_line
from operations.callback_line import Spoken
from operations.workspace import Workspace
from store import callbacks
from store.engine import writing

log = structlog.get_logger()


def answer(
    workspace: Workspace, campaign_id: int, row: Mapping[str, Any], language: str, by: str
) -> None:
    """Have a campaign's number answered from now on, unless a line of its own answers it.

    What a campaign put there before gives way to this one. A number that is another controller's
    stays theirs, and a PBX that shares no directory, or cannot be written to, is not reached: that
    nobody heard the line is told before the launch (`operations.route_checks`).

    Args:
        workspace: where.
        campaign_id: which campaign.
        row: what is kept of it.
        language: of what the line says besides the message.
        by: who prepared it.
    """
    if not callback_line.is_within_reach(workspace.settings):
        return
    message = workspace.library.message(Path(_heard(row)).parent.name)
    spoken = Spoken(message, language, campaign_id=campaign_id)
    number, controller_id = row["caller_id"], row["controller_id"]
    try:
        with writing(workspace.engine) as connection:
            if _is_free(callbacks.line(connection, number), controller_id):
                callback_line.put(connection, workspace, controller_id, number, spoken, by)
    except OSError as error:
        log.warning("the callback line was not installed", campaign=campaign_id, why=str(error))


def _heard(row: Mapping[str, Any]) -> str:
    """The campaign's own message, or the one of its first variant."""
    own: str = row["message"]
    return own or str(next(iter(row["variants"].values()))["message"])


def _is_free(line: Mapping[str, Any] | None, controller_id: int) -> bool:
    if line is None:
        return True
    if line["controller_id"] != controller_id:
        return False
    return line["removed_at"] is not None or line["campaign_id"] is not None
