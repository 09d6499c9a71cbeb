"""The sample campaign, ready to be rehearsed: 1,000 people who do not exist, and a recording."""

import re
from pathlib import Path

from campaigns.errors import InvalidInput
from campaigns.states import CampaignState
from operations import public_pages
from operations.campaign_file import CampaignFile, ListFile, read_campaign_file
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

SAMPLE = Path(__file__).parent.parent / "examples" / "campaign.toml"


def prepare_sample(workspace: Workspace, controller_id: int, by: str) -> int:
    """Import the sample's list, keep its recording and prepare its campaign; the campaign's id.

    The controller's public page comes with it, where nobody has decided about it yet.

    One that nobody has launched yet is given again, so that who clicks twice has one; then it is
    another campaign, of the same list and recording.

    Raises:
        InvalidInput: the settings leave no room for it.
    """
    values = read_campaign_file(SAMPLE)
    public_pages.begin(workspace, controller_id, by)
    waiting = _waiting(workspace, controller_id, values.name)
    if waiting is not None:
        return waiting
    lists = [_imported(workspace, controller_id, one, by) for one in values.lists]
    recordings = [
        int(keep_recording(
            workspace, controller_id, path, name=path.stem, file_name=path.name, by=by
        )["id"])
        for path in values.recordings
    ]  # fmt: skip
    named = _named(workspace, controller_id, values)
    return prepare_campaign(workspace, controller_id, named, recordings, lists, by)


def _waiting(workspace: Workspace, controller_id: int, name: str) -> int | None:
    with reading(workspace.engine) as connection:
        rows = kept.rows_of(connection, controller_id)
    drafts = (row for row in rows if row["state"] == CampaignState.DRAFT.value)
    ours = re.compile(rf"{re.escape(name)}( \(\d+\))?")
    return next((row["id"] for row in drafts if ours.fullmatch(row["name"])), None)


def _imported(workspace: Workspace, controller_id: int, one: ListFile, by: str) -> int:
    with one.file.open("rb") as file:
        return import_list(
            workspace.engine,
            controller_id,
            file,
            name=one.name or one.file.stem,
            file_name=one.file.name,
            provenance=one.provenance(),
            by=by,
        ).list_id


def _named(workspace: Workspace, controller_id: int, values: CampaignFile) -> CampaignFile:
    """The same under a name that is not taken."""
    return values.model_copy(update={"name": free_name(workspace, controller_id, values.name)})


def free_name(workspace: Workspace, controller_id: int, name: str) -> str:
    """A name like this one that no campaign of the controller has: `Réunion`, `Réunion (2)`.

    Raises:
        InvalidInput: a thousand have it.
    """
    with reading(workspace.engine) as connection:
        taken = {row["name"] for row in kept.rows_of(connection, controller_id)}
    tried = (name, *(f"{name} ({number})" for number in range(2, 1000)))
    found = next((one for one in tried if one not in taken), None)
    if found is None:
        raise InvalidInput("name", "a thousand campaigns are called so.", "Choose another name.")
    return found
