"""What a restored copy does not do before a person has it do so: call, tell, let programs in.

What was done after the backup is not known to it, and it may be a drill beside a machine that runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from campaigns.stages import Cause
from campaigns.states import CampaignState
from operations.backup import Manifest
from operations.workspace import Workspace
from store import api_keys, audit, leases, recovered, sessions, webhooks
from store import campaigns as kept
from store.engine import writing

_MAY_CALL = (
    CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED,
)  # fmt: skip
"""States from which calls may come, or have come since the backup: a draft may have been launched
after it."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """How much waits for a person.

    Attributes:
        campaigns: that are held.
        webhooks: that rest.
        keys: API keys that were in force and are no more; None where they were kept.
    """

    campaigns: int
    webhooks: int
    keys: int | None


def stand_still(
    workspace: Workspace, manifest: Manifest, by: str, *, keep_keys: bool
) -> Standstill:
    """Have everything wait for a person, and forget the old machine's dialer and who is signed in.

    Args:
        workspace: just restored.
        manifest: of its backup.
        by: who asks, for the audit.
        keep_keys: leave API keys in force.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        leases.forget(connection, now)
        sessions.forget_all(connection)
        made = Standstill(
            _hold_campaigns(connection, manifest, now, by),
            _rest_webhooks(connection, now, by),
            None if keep_keys else _revoke_keys(connection, now, by),
        )
        detail = {
            "record_until": manifest.record_until.isoformat(), "host": manifest.host,
            "campaigns_held": made.campaigns, "webhooks_paused": made.webhooks,
            "keys_revoked": made.keys,
        }  # fmt: skip
        audit.record(connection, now, by, "backup.restore", "backup", None, detail)
    return made


def _hold_campaigns(connection: Connection, manifest: Manifest, now: datetime, by: str) -> int:
    plain = {
        "measure": Cause.RESTORED.value, "share": 0.0, "bound": 0.0, "calls": 0,
        "at": manifest.record_until.isoformat(),
    }  # fmt: skip
    found = recovered.campaigns_in(connection, _MAY_CALL)
    for id_, before, controller_id in found:
        if before and before["measure"] == Cause.RESTORED:
            continue  # nobody has released it since: its record is missing from then on
        kept.hold_as(connection, id_, {**plain, "before": before} if before else plain)
        audit.record(connection, now, by, "campaign.hold", f"campaign {id_}", controller_id, plain)
    return len(found)


def _rest_webhooks(connection: Connection, now: datetime, by: str) -> int:
    for id_, controller_id in webhooks.pause_all(connection, now):
        audit.record(connection, now, by, "webhook.pause", f"webhook {id_}", controller_id)
    return len(webhooks.in_use(connection))


def _revoke_keys(connection: Connection, now: datetime, by: str) -> int:
    """One that was revoked after the backup would open everything again."""
    found = api_keys.revoke_all(connection, now)
    for name, controller_id in found:
        detail = {"cause": Cause.RESTORED.value}
        audit.record(connection, now, by, "key.revoke", f"key {name}", controller_id, detail)
    return len(found)
