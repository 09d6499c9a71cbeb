"""A prepared campaign with everything that is looked at before its launch."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.campaign import Campaign
from campaigns.forecast import Cost, Forecast
from campaigns.readiness import Readiness
from campaigns.rules.pack import Pack
from campaigns.trunk import Trunk, is_loopback
from store.trunks import Attestation, TrunkRecord


@dataclass(frozen=True, slots=True)
class Way:
    """A trunk that a campaign's calls may go out by.

    Attributes:
        name: as the campaign names it.
        trunk: as the settings have it; None where they have it no more.
        record: what people decided about it.
        attested: who answers for the caller id on it.
        heard_at: when somebody last called that number and heard what our line says now; None for
            never.
        live: what the running dialer shows of it; None where none runs.
    """

    name: str
    trunk: Trunk | None
    record: TrunkRecord
    attested: Attestation | None
    heard_at: datetime | None
    live: Mapping[str, Any] | None

    @property
    def rehearsal(self) -> bool:
        """Whether it leads to the simulated network."""
        return self.trunk is not None and is_loopback(self.trunk.host)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared campaign with everything that is looked at.

    Attributes:
        row: as it is kept.
        by: who would launch it; empty where nobody is about to.
        begins: the earliest instant of its first call.
        halted: everything is stopped.
        ways: its trunks.
        suppressed_at: when refusals were last imported.
        orders: names of recordings in the order heard, of its own message and of each variant's.
        left: the same of what is left on an answering machine; empty where nothing is.
        message: `whole`, `missing` or `damaged`.
        pack: the rules of its pack that are in force; None where it is shipped no more.
        controller: on whose behalf it calls, as it is kept.
        says: `said`, `unsaid` or `wrong`: whether its recordings say what the pack asks, in order.
        costs: what it costs by trunk, were all calls to go out by that one.
    """

    row: Mapping[str, Any]
    campaign: Campaign
    by: str
    begins: datetime
    halted: bool
    ways: tuple[Way, ...]
    readiness: Readiness
    suppressed_at: datetime | None
    orders: tuple[tuple[str, ...], ...]
    left: tuple[str, ...]
    message: str
    pack: Pack | None
    controller: Mapping[str, Any]
    says: str
    forecast: Forecast
    costs: Mapping[str, Cost]

    @property
    def cost(self) -> Cost:
        """As expected over the trunk used first; otherwise the worst of any of its trunks."""
        found = list(self.costs.values())
        return Cost(
            expected=found[0].expected,
            worst=max(one.worst for one in found),
            least=max(one.least for one in found),
            unpriced=max(one.unpriced for one in found),
        )

    @property
    def unpriced_trunk(self) -> str:
        """The trunk that lacks a tariff for the most people."""
        return max(self.costs, key=lambda name: self.costs[name].unpriced)

    @property
    def rehearsal(self) -> bool:
        """Whether every trunk of it reaches nobody, whatever it was prepared for."""
        return all(way.rehearsal for way in self.ways)
