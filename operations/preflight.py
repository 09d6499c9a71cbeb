"""Everything looked at before a launch, in one go; whatever fails keeps it from being launched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign, Limits
from campaigns.check import Check, Verdict
from campaigns.errors import InvalidInput, NotFound
from campaigns.forecast import Cost, Forecast
from campaigns.readiness import Readiness
from campaigns.rules.pack import Pack
from operations import checks, packs, prospect, trunks
from operations import readiness as ready
from operations.prepared import Prepared, Way
from operations.script import check_kept_says
from operations.workspace import Workspace
from store import audit, callbacks, controllers, halts, leases, recordings
from store import campaigns as kept
from store import trunks as trunk_records
from store.engine import reading
from store.trunks import TrunkRecord


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found.

    Attributes:
        checks: in the order in which they are read.
        readiness: who may be called, list by list.
        forecast: when, day by day.
        cost: and for how much.
    """

    checks: tuple[Check, ...]
    readiness: Readiness
    forecast: Forecast
    cost: Cost

    @property
    def failed(self) -> tuple[Check, ...]:
        """What keeps it from being launched."""
        return tuple(one for one in self.checks if one.verdict is Verdict.FAIL)

    @property
    def verdict(self) -> Verdict:
        """The worst that was found."""
        found = {one.verdict for one in self.checks}
        return next(one for one in (Verdict.FAIL, Verdict.WARN, Verdict.PASS) if one in found)


def preflight(
    workspace: Workspace, controller_id: int, campaign_id: int, by: str = ""
) -> Preflight:
    """Look at a prepared campaign as if it were launched now.

    Args:
        workspace: where.
        controller_id: whose.
        campaign_id: which.
        by: who would launch it; empty where nobody is about to.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidInput: the site's own version of its pack loosens what has force of law.
    """
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        campaign = kept.by_id(connection, campaign_id)
        ways = _ways(connection, workspace, campaign)
    rehearsal = all(way.rehearsal for way in ways)
    found = ready.of_campaign(workspace, controller_id, campaign_id, rehearsal=rehearsal)
    with reading(workspace.engine) as connection:
        prepared = _prepared(connection, workspace, row, campaign, ways, found, by)
    return Preflight(tuple(checks.every(prepared)), found, prepared.forecast, prepared.cost)


def _prepared(
    connection: Connection,
    workspace: Workspace,
    row: Mapping[str, Any],
    campaign: Campaign,
    ways: tuple[Way, ...],
    found: Readiness,
    by: str,
) -> Prepared:
    begins = max(datetime.now(UTC), row["start_at"] or datetime.min.replace(tzinfo=UTC))
    span = prospect.from_to(begins, row["end_at"])
    limits = _limits(workspace, ways)
    pack = _pack(workspace, campaign)
    return Prepared(
        row=row,
        campaign=campaign,
        by=by,
        begins=begins,
        halted=halts.current(connection) is not None,
        ways=ways,
        readiness=found,
        suppressed_at=audit.last_at(connection, campaign.controller_id, "suppression.import"),
        orders=_orders(connection, campaign.controller_id, row),
        left=_recordings(
            connection, campaign.controller_id, (row["machines"] or {}).get("recordings", [])
        ),
        message=_message(workspace, _played(campaign)),
        pack=pack,
        controller=controllers.one(connection, campaign.controller_id),
        says=_says(workspace, row, pack),
        forecast=prospect.foreseen(connection, campaign, found.callable_people, limits, span),
        costs={way.name: _cost(connection, campaign, way, found) for way in ways},
    )


def _pack(workspace: Workspace, campaign: Campaign) -> Pack | None:
    """The version of its pack that is in force, which may be newer than the one it has."""
    if packs.id_of(campaign.pack) not in packs.names():
        return None
    return packs.of_label(campaign.pack, workspace.settings.rules_directory)


def _says(workspace: Workspace, row: Mapping[str, Any], pack: Pack | None) -> str:
    """Whether it is known what its recordings say, and that the pack has nothing against it."""
    if pack is None or not pack.script.needed:
        return "said"
    if row["says"] is None:
        return "unsaid"
    try:
        check_kept_says(workspace, row, pack)
    except (InvalidInput, NotFound, LookupError):
        return "wrong"
    return "said"


def _cost(connection: Connection, campaign: Campaign, way: Way, found: Readiness) -> Cost:
    """What it costs over one of its trunks."""
    if way.trunk is None:
        return Cost(unpriced=found.callable_people)
    return prospect.cost(connection, campaign, way.trunk, found, rehearsal=way.rehearsal)


def _ways(connection: Connection, workspace: Workspace, campaign: Campaign) -> tuple[Way, ...]:
    known = {one.name: one for one in workspace.settings.all_trunks()}
    records = trunk_records.all_of(connection)
    status = leases.holder(connection, datetime.now(UTC))
    shown = (status or {}).get("trunks", {})
    return tuple(
        Way(
            name,
            known.get(name),
            records.get(name, TrunkRecord(name)),
            trunk_records.attestation(connection, name, campaign.caller_id),
            _heard_at(connection, campaign),
            shown.get(name),
        )
        for name in campaign.trunks
    )


def _heard_at(connection: Connection, campaign: Campaign) -> datetime | None:
    """When somebody last heard the controller's line say what it says now."""
    number = campaign.caller_id
    line = callbacks.line(connection, number)
    heard = callbacks.last_answered(connection, [number]).get(number)
    if line is None or line["removed_at"] or line["controller_id"] != campaign.controller_id:
        return None
    return heard if heard is not None and heard >= line["installed_at"] else None


def _limits(workspace: Workspace, ways: tuple[Way, ...]) -> list[Limits]:
    system = workspace.settings.limits
    found = [trunks.in_force(way.trunk, way.record) for way in ways if way.trunk is not None]
    return [
        Limits(system.max_channels, system.max_cps),
        *([prospect.together(found)] if found else []),
    ]


def _orders(
    connection: Connection, controller_id: int, row: Mapping[str, Any]
) -> tuple[tuple[str, ...], ...]:
    """What is heard one after the other: of the campaign's own message, and of each variant's."""
    asked = [row["recordings"], *(one["recordings"] for one in row["variants"].values())]
    return tuple(_recordings(connection, controller_id, ids) for ids in asked if ids)


def _recordings(connection: Connection, controller_id: int, ids: list[int]) -> tuple[str, ...]:
    """Their names, in the order heard; a number stands for one that is gone."""
    names = []
    for one in ids:
        try:
            names.append(str(recordings.one(connection, controller_id, one)["name"]))
        except NotFound:
            names.append(f"{one}")
    return tuple(names)


def _played(campaign: Campaign) -> list[str]:
    """Everything that anybody or any machine hears."""
    left = campaign.machines.message
    return [*(one.path for one in campaign.messages), *([left] if left else [])]


def _message(workspace: Workspace, bases: Sequence[str]) -> str:
    """Whether every prepared message is there as it was prepared."""
    try:
        found = [workspace.library.message(base.rpartition("/")[0]) for base in bases]
    except NotFound:
        return "missing"
    return "damaged" if any(one.damaged() for one in found) else "whole"
