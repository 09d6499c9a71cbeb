"""Slots and tokens: how many calls each campaign may start now, and at what instants."""

from collections.abc import Iterable, Mapping

from campaigns.campaign import Campaign, Limits
from campaigns.pacing import Pace, Slots, plan


class Throttle:
    """Every limit in force: the whole system's, each trunk's, each campaign's.

    All limits are counted on the monotonic clock, so that a step of the wall clock makes no burst.
    """

    def __init__(self, system: Limits) -> None:
        self._system = _Gauge(system)
        self._trunks: dict[str, _Gauge] = {}
        self._campaigns: dict[int, _Gauge] = {}
        self._owners: dict[str, tuple[str, int]] = {}

    @property
    def channels(self) -> int:
        """Slots taken in all."""
        return self._system.slots.used

    def channels_of(self, campaign_id: int) -> int:
        """Slots taken by one campaign."""
        gauge = self._campaigns.get(campaign_id)
        return gauge.slots.used if gauge else 0

    def rate_of(self, campaign_id: int, now: float) -> int:
        """Calls of one campaign started in the last second (monotonic s)."""
        gauge = self._campaigns.get(campaign_id)
        return gauge.pace.started_since(now - 1.0, now) if gauge else 0

    def set_trunks(self, limits: Mapping[str, Limits]) -> None:
        """Put trunk limits in force."""
        for name, one in limits.items():
            self._trunks.setdefault(name, _Gauge(one)).change(one)

    def set_campaigns(self, campaigns: Iterable[Campaign]) -> None:
        """Put campaign limits in force; forget campaigns that are over."""
        current = {campaign.id: campaign.limits for campaign in campaigns}
        for gone in self._campaigns.keys() - current.keys():
            if not self._campaigns[gone].slots.used:
                del self._campaigns[gone]
        for campaign_id, limits in current.items():
            self._campaigns.setdefault(campaign_id, _Gauge(limits)).change(limits)

    def reserve(self, campaign: Campaign, now: float, until: float) -> list[float]:
        """Instants in [now, until] (monotonic s) at which this campaign may start calls.

        The tokens are counted; `take` a slot for each that is claimed and `give_back` the rest.
        """
        gauges = self._gauges(campaign.trunk, campaign.id)
        return plan([g.pace for g in gauges], [g.slots for g in gauges], now, until)

    def take(self, attempt_id: str, campaign: Campaign) -> None:
        """Hold a slot of every limit for a claimed attempt."""
        self._owners[attempt_id] = (campaign.trunk, campaign.id)
        for gauge in self._gauges(campaign.trunk, campaign.id):
            gauge.slots.take(attempt_id)

    def release(self, attempt_id: str) -> None:
        """Free the slots of an attempt, at its Hangup and no sooner."""
        owner = self._owners.pop(attempt_id, None)
        if owner is None:
            return
        for gauge in self._gauges(*owner):
            gauge.slots.release(attempt_id)

    def give_back(self, campaign: Campaign, instants: Iterable[float]) -> None:
        """Return tokens that were reserved and not used."""
        gauges = self._gauges(campaign.trunk, campaign.id)
        for at in instants:
            for gauge in gauges:
                gauge.pace.give_back(at)

    def _gauges(self, trunk: str, campaign_id: int) -> list["_Gauge"]:
        found = [self._system, self._trunks.get(trunk), self._campaigns.get(campaign_id)]
        return [gauge for gauge in found if gauge is not None]


class _Gauge:
    """One limit's pace and slots."""

    def __init__(self, limits: Limits) -> None:
        self.pace = Pace(limits.max_cps)
        self.slots = Slots(limits.max_channels)

    def change(self, limits: Limits) -> None:
        self.pace.change(limits.max_cps)
        self.slots.limit = limits.max_channels
