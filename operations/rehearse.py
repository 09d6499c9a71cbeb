"""A rehearsal of a campaign: the same lists and recordings on the simulated network."""

from collections.abc import Mapping
from typing import Any

from campaigns.contacts.phone import parse
from campaigns.errors import NotAllowed
from campaigns.script import script_of
from operations.campaign_file import CampaignValues
from operations.prepare import prepare_campaign
from operations.sample import free_name
from operations.script_trial import rehearsed
from operations.settings import REHEARSAL
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading

REHEARSAL_CALLER_ID = "+33199000000"
"""Shown in a rehearsal of a campaign whose own caller id is a real one."""

SWIFT: Mapping[str, Any] = {
    "schedule": {"any_hour": True},
    "launch": {"watch": False},
    "retry": {
        "max_attempts": 2,
        "network_tries": 3,
        "network_delay": "00:00:05",
        "delays": {"busy": "00:00:10", "silent_call": "00:00:10"},
    },
}
"""Nobody is reached, so it waits for no hour and calls again after seconds; what simulated people
do says nothing of those on the list, so it is not held for it."""


def rehearse(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> int:
    """Prepare a rehearsal of a prepared campaign; its id.

    Raises:
        NotFound: the controller has no such campaign.
        NotAllowed: it has several messages, which only its file says to whom, or its script puts
            calls through to people.
    """
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        lists = kept.lists_of(connection, campaign_id)
    if row["selection"] is not None:
        raise NotAllowed(
            "A campaign for segments is rehearsed from its file: portevoix campaign run --rehearse."
        )
    script = script_of(row["script"]) if row["script"] is not None else None
    machines = row["machines"] or {}
    shown = row["caller_id"] if parse(row["caller_id"]).fictional else REHEARSAL_CALLER_ID
    values = CampaignValues.model_validate({
        "name": free_name(workspace, controller_id, f"{row['name']} (rehearsal)"),
        "purpose": row["purpose"],
        "pack": row["pack"].partition("@")[0],
        "trunk": REHEARSAL,
        "caller_id": shown,
        "ring_timeout_s": row["ring_timeout_s"],
        "limits": {"max_channels": row["max_channels"], "max_cps": row["max_cps"]},
        "machines": {"mode": machines.get("mode", "off")},
        **SWIFT,
    })  # fmt: skip
    return prepare_campaign(
        workspace, controller_id, values, row["recordings"], lists, by,
        machine_recording_ids=machines.get("recordings", []),
        script=script and rehearsed(workspace, script, REHEARSAL),
    )  # fmt: skip
