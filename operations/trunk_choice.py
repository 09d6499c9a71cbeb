"""Which trunks a campaign may go out by, and the caller id that it shows there."""

from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput
from campaigns.rules.pack import Pack
from campaigns.trunk import Trunk, is_rehearsal
from operations.campaign_file import CampaignValues
from operations.workspace import Workspace


def find_trunk(workspace: Workspace, name: str, field: str = "trunk") -> Trunk:
    """The trunk of that name.

    Raises:
        InvalidInput: the settings have none.
    """
    trunks = {trunk.name: trunk for trunk in workspace.settings.all_trunks()}
    if name not in trunks:
        known = ", ".join(sorted(trunks)) or "none"
        raise InvalidInput(
            field, f"there is no trunk «{name}» in the settings.", f"Known: {known}."
        )
    return trunks[name]


def check_other_trunks(
    workspace: Workspace, values: CampaignValues, pack: Pack, *, rehearsal: bool
) -> None:
    """Each may show the caller id, and all of them lead where the first one does."""
    named = [values.trunk, *values.other_trunks]
    if len(set(named)) < len(named):
        raise InvalidInput("other_trunks", "a trunk is named twice.", "Name each once.")
    for name in values.other_trunks:
        trunk = find_trunk(workspace, name, "other_trunks")
        if is_rehearsal([f"sip:{trunk.host}:{trunk.port}"]) is not rehearsal:
            raise InvalidInput(
                "other_trunks",
                f"«{name}» and «{values.trunk}» are not of one kind: the calls of a rehearsal "
                "reach nobody, by whatever trunk they go.",
            )
        check_caller_id(values.caller_id, trunk, pack, rehearsal=rehearsal)


def check_caller_id(text: str, trunk: Trunk, pack: Pack, *, rehearsal: bool) -> str:
    """The caller id as E.164, where trunk and pack let it be shown.

    Raises:
        InvalidInput: it is no number, or may not be shown.
    """
    number = parse(text)
    if rehearsal and (number.fictional or number.e164 in trunk.caller_ids):
        return number.e164
    if number.e164 not in trunk.caller_ids:
        raise InvalidInput(
            "caller_id",
            f"trunk «{trunk.name}» may not show {number.e164}.",
            "Add it to the trunk's caller_ids once the carrier allows it.",
        )
    if not pack.allows_caller_id(number.e164):
        rule = pack.rules["caller_id"]
        raise InvalidInput(
            "caller_id",
            f"{pack.id} does not allow {number.e164} for automated "
            f"calls ({rule.force}: {rule.source}).",
            "Use a verified multipurpose number.",
        )
    return number.e164
