"""Launching a campaign and what else people ask of one that runs."""

from dataclasses import asdict
from datetime import UTC, datetime

from campaigns.campaign import Campaign, Limits
from campaigns.errors import InvalidInput, NotAllowed, NotReady
from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState
from campaigns.trunk import is_rehearsal
from operations.filling import complete
from operations.launch_record import record_launch
from operations.preflight import Preflight, preflight
from operations.trunk_choice import find_trunk
from operations.workspace import Workspace
from store import audit, halts, tallies, trunks
from store import campaigns as kept
from store.engine import reading, writing
from store.halts import Halt


def act(
    workspace: Workspace, controller_id: int, campaign_id: int, action: Action, by: str
) -> CampaignState:
    """Launch, pause, resume, drain or stop a campaign; the state it is in afterwards.

    The dialer learns of it from the database: what is asked here holds within a second.

    A first launch is recorded with everything that was looked at before it.

    Raises:
        NotFound: the controller has no such campaign.
        NotAllowed: the action makes no sense now, or something needed is missing.
    """
    found: Preflight | None = None
    if action is Action.LAUNCH:
        complete(workspace, controller_id, campaign_id)
        found = _looked_at(workspace, controller_id, campaign_id, by)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        if action in {Action.LAUNCH, Action.RESUME}:
            _check_halt(halts.current(connection))
        if action is Action.LAUNCH:
            transfer = ((row["script"] or {}).get("transfer") or {}).get("trunk")
            for name in (row["trunk"], *row["other_trunks"], *([transfer] if transfer else [])):
                _check_trunk(workspace, name, trunks.all_of(connection))
            _check_pack(kept.by_id(connection, campaign_id), row["start_at"], now)
            _check_targets(tallies.of_campaign(connection, campaign_id)[tallies.STATE])
            _check_preflight(found, row["name"])
        if action is Action.LAUNCH and row["start_at"] and row["start_at"] > now:
            action = Action.SCHEDULE
        before, after = kept.act(connection, campaign_id, action, now)
        if after is not before:
            detail: dict[str, str] = {"before": before, "after": after}
            if found is not None:
                detail["record"] = record_launch(connection, workspace, row, found, by, now)
            audit.record(
                connection,
                now,
                by,
                f"campaign.{action}",
                f"campaign {campaign_id}",
                controller_id,
                detail,
            )
    return after


def acknowledge(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> None:
    """Let a campaign be launched though its pack must be read again, in a named person's name.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidInput: nobody is named.
        NotAllowed: its pack need not be read again yet, or somebody has answered for it.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        found = kept.by_id(connection, campaign_id)
        if not found.awaits_reading(_begins(row["start_at"], now).date()):
            raise NotAllowed("Nobody needs to answer for the rules of this campaign.")
        kept.acknowledge(connection, campaign_id, by)
        audit.record(
            connection,
            now,
            by,
            "campaign.acknowledge",
            f"campaign {campaign_id}",
            controller_id,
            {"gate": Gate.PACK_EXPIRED, "pack": found.pack, "verify_by": f"{found.verify_by}"},
        )


def limit(
    workspace: Workspace, controller_id: int, campaign_id: int, limits: Limits, by: str
) -> None:
    """Change how fast and how wide a campaign calls, also while it runs.

    Raises:
        NotFound: the controller has no such campaign.
    """
    with writing(workspace.engine) as connection:
        kept.row(connection, controller_id, campaign_id)
        kept.limit(connection, campaign_id, limits)
        audit.record(
            connection,
            datetime.now(UTC),
            by,
            "campaign.limit",
            f"campaign {campaign_id}",
            controller_id,
            asdict(limits),
        )


def _looked_at(
    workspace: Workspace, controller_id: int, campaign_id: int, by: str
) -> Preflight | None:
    """The preflight of a campaign that is launched for the first time; else None.

    Before the writing transaction: counting millions of contacts takes seconds, in which nobody
    else could write.
    """
    with reading(workspace.engine) as connection:
        state = kept.row(connection, controller_id, campaign_id)["state"]
    if state != CampaignState.DRAFT:
        return None
    return preflight(workspace, controller_id, campaign_id, by)


def _check_preflight(found: Preflight | None, name: str) -> None:
    if found is not None and found.failed:
        reasons = " ".join(one.in_english() for one in found.failed)
        raise NotReady(f"«{name}» cannot be launched. {reasons}")


def _check_halt(found: Halt | None) -> None:
    if found is not None:
        raise NotAllowed(
            f"Everything is stopped since {found.at:%Y-%m-%d %H:%M} UTC: nobody is called before "
            "calls are let through again."
        )


def _check_pack(found: Campaign, start_at: datetime | None, now: datetime) -> None:
    if found.awaits_reading(_begins(start_at, now).date()):
        raise NotAllowed(
            f"The rules of {found.pack} had to be read again by {found.verify_by} "
            f"({Gate.PACK_EXPIRED}). Have a lawyer say whether they still hold, then: "
            f"portevoix campaign acknowledge {found.id} --by NAME."
        )


def _begins(start_at: datetime | None, now: datetime) -> datetime:
    """When the first call may be placed of a campaign launched now."""
    return max(start_at or now, now)


def _check_trunk(
    workspace: Workspace, trunk_name: str, records: dict[str, trunks.TrunkRecord]
) -> None:
    trunk = find_trunk(workspace, trunk_name)
    record = records.get(trunk_name)
    armed = record is not None and record.armed_by is not None
    if not armed and not is_rehearsal([f"sip:{trunk.host}:{trunk.port}"]):
        raise NotAllowed(
            f"Trunk «{trunk_name}» reaches real telephones and nobody has armed it. "
            f"Arm it first: portevoix trunk arm {trunk_name} --by NAME."
        )


def _check_targets(states: dict[str, int]) -> None:
    if not states:
        raise NotAllowed("The campaign has nobody to call: its lists hold no contact.")
