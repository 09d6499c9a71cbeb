"""Trunks as people see them: settings, what was decided about them, and how they fare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.trunk import Trunk, is_loopback
from operations.trunks import in_force
from operations.workspace import Workspace
from store import leases, trunks
from store.engine import reading
from store.trunks import TrunkRecord


@dataclass(frozen=True, slots=True)
class TrunkState:
    """A trunk.

    Attributes:
        trunk: as the settings have it.
        rehearsal: it reaches nobody.
        armed_by: who lets it place calls; None for nobody.
        max_channels, max_cps: in force.
        breaker, factor, why: as the running dialer shows them; None where none runs.
    """

    trunk: Trunk
    rehearsal: bool
    armed_by: str | None
    armed_at: datetime | None
    max_channels: int
    max_cps: float
    breaker: str | None
    factor: float | None
    why: str | None


def trunk_states(workspace: Workspace) -> list[TrunkState]:
    """Every trunk of the settings."""
    with reading(workspace.engine) as connection:
        records = trunks.all_of(connection)
        shown = (leases.holder(connection, datetime.now(UTC)) or {}).get("trunks", {})
    return [
        _state(one, records.get(one.name, TrunkRecord(one.name)), shown.get(one.name) or {})
        for one in workspace.settings.all_trunks()
    ]


def _state(trunk: Trunk, record: TrunkRecord, live: Mapping[str, Any]) -> TrunkState:
    limits = in_force(trunk, record)
    return TrunkState(
        trunk=trunk,
        rehearsal=is_loopback(trunk.host),
        armed_by=record.armed_by,
        armed_at=record.armed_at,
        max_channels=limits.max_channels,
        max_cps=limits.max_cps,
        breaker=live.get("breaker"),
        factor=live.get("factor"),
        why=live.get("why"),
    )
