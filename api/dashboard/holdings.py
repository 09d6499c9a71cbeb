"""All lists and recordings of a controller, for pages that show or offer them whole."""

from api.caller import Caller
from api.schemas import ContactList, Recording
from operations.workspace import Workspace
from store import lists, recordings
from store.engine import reading


def lists_of(workspace: Workspace, caller: Caller) -> list[ContactList]:
    """Every list, newest first."""
    with reading(workspace.engine) as connection:
        return [ContactList(**row) for row in lists.all_of(connection, caller.controller_id)]


def recordings_of(workspace: Workspace, caller: Caller) -> list[Recording]:
    """Every recording, newest first."""
    with reading(workspace.engine) as connection:
        return [Recording(**row) for row in recordings.all_of(connection, caller.controller_id)]
