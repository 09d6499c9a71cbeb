"""The sample campaign, ready to be rehearsed: people who do not exist, on the simulated network."""

from pathlib import Path

from campaigns.errors import NotFound
from operations.campaign_file import CampaignFile, ListFile, read_campaign_file
from operations.import_list import import_list
from operations.prepare import prepare_campaign
from operations.record import keep_recording
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

FILE = Path(__file__).parent.parent / "examples" / "campaign.toml"


def load_sample(workspace: Workspace, controller_id: int, by: str) -> int:
    """The id of the controller's sample campaign, prepared where it is not there; takes seconds.

    It is on the trunk `rehearsal`, which reaches nobody.

    Raises:
        InvalidInput: the sample's files are not where they were installed.
    """
    values = read_campaign_file(FILE)
    known = _known(workspace, controller_id, values.name)
    if known is not None:
        return known
    lists = [_import(workspace, controller_id, one, by) for one in values.lists]
    return prepare_campaign(
        workspace, controller_id, values, _recordings(workspace, controller_id, values, by),
        lists, by,
    )  # fmt: skip


def _known(workspace: Workspace, controller_id: int, name: str) -> int | None:
    with reading(workspace.engine) as connection:
        try:
            return kept.id_of(connection, controller_id, name)
        except NotFound:
            return None


def _import(workspace: Workspace, controller_id: int, one: ListFile, by: str) -> int:
    with one.file.open("rb") as file:
        report = import_list(
            workspace.engine, controller_id, file, name=one.name, file_name=one.file.name,
            provenance=one.provenance(), by=by,
        )  # fmt: skip
    return report.list_id


def _recordings(
    workspace: Workspace, controller_id: int, values: CampaignFile, by: str
) -> list[int]:
    kept_ones = [
        keep_recording(workspace, controller_id, path, name=path.stem, file_name=path.name, by=by)
        for path in values.recordings
    ]
    return [int(one["id"]) for one in kept_ones]
