"""Scripts held against what they are to be used for, before a campaign has them."""

from collections.abc import Sequence

from campaigns.errors import NotAllowed
from campaigns.script import Script, script_to_plain
from campaigns.trunk import is_rehearsal
from operations import packs
from operations.campaign_file import CampaignValues
from operations.script import check_kept_says, prepare_script
from operations.script_values import ScriptValues
from operations.trunk_choice import find_trunk
from operations.workspace import Workspace
from store import recordings
from store.engine import reading


def check_script(
    workspace: Workspace,
    controller_id: int,
    values: ScriptValues[int],
    campaign: CampaignValues,
    recording_ids: Sequence[int],
) -> None:
    """Refuse a script that no campaign of these recordings could have, before there is one.

    Raises:
        InvalidInput: names the value that is wrong and why.
        NotFound: a recording or a consent form that the controller does not have.
    """
    trunk = find_trunk(workspace, campaign.trunk)
    rehearsal = is_rehearsal([f"sip:{trunk.host}:{trunk.port}"])
    made = prepare_script(workspace, controller_id, values, campaign, rehearsal=rehearsal)
    with reading(workspace.engine) as connection:
        found = [recordings.one(connection, controller_id, one) for one in recording_ids]
    parts = [workspace.library.root / one["path"] for one in found]
    message = workspace.library.prepare(parts, campaign.name)
    path = str(message.base.relative_to(workspace.library.root))
    row = {
        "message": path, "variants": {}, "script": script_to_plain(made), "rehearsal": rehearsal,
        "says": {path: [list(map(str, one)) for one in values.says]},
    }  # fmt: skip
    check_kept_says(workspace, row, packs.load(campaign.pack, workspace.settings.rules_directory))


def rehearsed(workspace: Workspace, script: Script, trunk_name: str) -> Script:
    """A prepared script as a rehearsal over that trunk can have it.

    Raises:
        NotAllowed: its transfer would reach people, or leave no room for calls.
    """
    if script.transfer is None:
        return script
    trunk = find_trunk(workspace, script.transfer.trunk or trunk_name)
    reaches = not is_rehearsal([f"sip:{trunk.host}:{trunk.port}"])
    if reaches or script.transfer.limit >= trunk.max_channels:
        raise NotAllowed(
            f"A rehearsal reaches nobody, and the script puts calls through over «{trunk.name}», "
            "or too many of them. Rehearse it from its file: portevoix campaign run --rehearse."
        )
    return script
