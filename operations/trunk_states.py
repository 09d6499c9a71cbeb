"""Every trunk as it stands: what the settings say, what people decided, how it fares now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaigns.campaign import Limits
from campaigns.trunk import Trunk, is_loopback
from operations.trunks import in_force
from operations.workspace import Workspace
from store import leases, trunks
from store.engine import reading
from store.trunks import TrunkRecord


@dataclass(frozen=True, slots=True)
class TrunkState:
    """One trunk.

    Attributes:
        trunk: as the settings have it.
        rehearsal: it leads to the simulated network.
        armed_by, armed_at: who lets it place calls; None for nobody.
        limits: as people have set them.
        factor: the share of its rate at which it is called now; None where no dialer runs.
        breaker: `closed` while it is used, `open` while it is left alone, `half_open` while it is
            probed; None where no dialer runs.
        why: what was wrong where it is not closed.
    """

    trunk: Trunk
    rehearsal: bool
    tariffs: int
    armed_by: str | None
    armed_at: datetime | None
    limits: Limits
    factor: float | None
    breaker: str | None
    why: str | None

    @property
    def usable(self) -> bool:
        """Calls may go out by it, as far as people are concerned."""
        return self.rehearsal or self.armed_by is not None


def every(workspace: Workspace) -> tuple[TrunkState, ...]:
    """All trunks of the settings, as they stand now."""
    with reading(workspace.engine) as connection:
        dialer = leases.holder(connection, datetime.now(UTC)) or {}
    return trunk_states(workspace, dialer)


def trunk_states(workspace: Workspace, dialer: Mapping[str, Any]) -> tuple[TrunkState, ...]:
    """All trunks of the settings.

    Args:
        workspace: where.
        dialer: what the running one shows of itself; empty where none runs.
    """
    with reading(workspace.engine) as connection:
        records = trunks.all_of(connection)
    shown = dialer.get("trunks", {})
    return tuple(
        _state(one, records.get(one.name, TrunkRecord(one.name)), shown.get(one.name, {}))
        for one in workspace.settings.all_trunks()
    )


def _state(trunk: Trunk, record: TrunkRecord, live: Mapping[str, Any]) -> TrunkState:
    return TrunkState(
        trunk=trunk,
        rehearsal=is_loopback(trunk.host),
        tariffs=len(list(trunk.tariffs)),
        armed_by=record.armed_by,
        armed_at=record.armed_at,
        limits=in_force(trunk, record),
        factor=live.get("factor"),
        breaker=live.get("breaker"),
        why=live.get("why"),
    )
