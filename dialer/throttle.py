"""Slots and tokens: how many calls each campaign may claim now, and when each may be sent."""

from collections.abc import Iterable, Mapping

from campaigns.campaign import Campaign, Limits
from campaigns.pacing import Backlog, Lag, Pace, Slots


class Throttle:
    """Every limit in force: the whole system's, each trunk's, each campaign's.

    All limits are counted on the monotonic clock, so that a step of the wall clock makes no
    burst. A slot is held from the claim to Hangup; a token is spent when the call is sent.
    """

    def __init__(self, system: Limits) -> None:
        self._system = _Gauge(system)
        self._trunks: dict[str, _Gauge] = {}
        self._campaigns: dict[int, _Gauge] = {}
        self._owners: dict[str, tuple[str, int]] = {}
        self._lag = Lag()
        self._backlog = Backlog()

    @property
    def channels(self) -> int:
        """Slots taken in all."""
        return self._system.slots.used

    def channels_of(self, campaign_id: int) -> int:
        """Slots taken by one campaign."""
        gauge = self._campaigns.get(campaign_id)
        return gauge.slots.used if gauge else 0

    def rate_of(self, campaign_id: int, now: float) -> int:
        """Calls of one campaign sent in the last second (monotonic s)."""
        gauge = self._campaigns.get(campaign_id)
        return gauge.pace.started_since(now - 1.0) if gauge else 0

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

    def reserve(self, campaign: Campaign, now: float, until: float) -> int:
        """How many calls this campaign may claim, to be sent by `until` (monotonic s).

        They are held for it until `settle`, so that two campaigns never claim one slot.
        """
        if self._backlog.earliest(now) > now:
            return 0
        gauges = self._gauges(campaign.trunk, campaign.id)
        count = max(0, min(gauge.room(now, until) for gauge in gauges))
        for gauge in gauges:
            gauge.held += count
        return count

    def settle(self, campaign: Campaign, reserved: int, claimed: Iterable[str]) -> None:
        """The claim is made: attempts take their slots, and what was reserved beyond is free."""
        gauges = self._gauges(campaign.trunk, campaign.id)
        for gauge in gauges:
            gauge.held -= reserved
        for attempt_id in claimed:
            self.take(attempt_id, campaign)
            for gauge in gauges:
                gauge.waiting.add(attempt_id)

    def take(self, attempt_id: str, campaign: Campaign) -> None:
        """Hold a slot of every limit for an attempt; one that was adopted waits no longer."""
        self._backlog.forget(attempt_id)
        self._owners[attempt_id] = (campaign.trunk, campaign.id)
        for gauge in self._gauges(campaign.trunk, campaign.id):
            gauge.slots.take(attempt_id)

    def earliest(self, campaign: Campaign, now: float) -> float:
        """When this campaign's next call may be sent: `now`, or later (monotonic s)."""
        gauges = self._gauges(campaign.trunk, campaign.id)
        return max(self._backlog.earliest(now), *(gauge.pace.earliest(now) for gauge in gauges))

    def sent(self, attempt_id: str, at: float) -> None:
        """A claimed call was sent: its token is spent."""
        self._backlog.sent(attempt_id, at)
        for gauge in self._gauges(*self._owners[attempt_id]):
            gauge.waiting.discard(attempt_id)
            gauge.pace.start(at)

    def release(self, attempt_id: str) -> None:
        """Free the slots of an attempt, at its Hangup and no sooner."""
        self._backlog.forget(attempt_id)
        owner = self._owners.pop(attempt_id, None)
        if owner is None:
            return
        for gauge in self._gauges(*owner):
            gauge.waiting.discard(attempt_id)
            gauge.slots.release(attempt_id)

    def begun(self, attempt_id: str, at: float) -> None:
        """The PBX started a call (monotonic s): how late tells how much to allow for."""
        owner = self._owners.get(attempt_id)
        if owner is None:
            return
        window = max(gauge.pace.window for gauge in self._gauges(*owner))
        delay = self._backlog.begun(attempt_id, at, window)
        if delay is not None:
            self._lag.note(at, delay)

    def adapt(self) -> None:
        """Allow for what the PBX's delay varies by now."""
        allowance = self._lag.allowance()
        for gauge in (self._system, *self._trunks.values(), *self._campaigns.values()):
            gauge.pace.allow_for(allowance)

    def _gauges(self, trunk: str, campaign_id: int) -> list["_Gauge"]:
        found = [self._system, self._trunks.get(trunk), self._campaigns.get(campaign_id)]
        return [gauge for gauge in found if gauge is not None]


class _Gauge:
    """One limit's pace and slots, and the calls claimed under it that are not sent yet."""

    def __init__(self, limits: Limits) -> None:
        self.pace = Pace(limits.max_cps)
        self.slots = Slots(limits.max_channels)
        self.waiting: set[str] = set()
        self.held = 0

    def change(self, limits: Limits) -> None:
        self.pace.change(limits.max_cps)
        self.slots.limit = limits.max_channels

    def room(self, now: float, until: float) -> int:
        tokens = self.pace.room(now, until) - len(self.waiting)
        return min(self.slots.free, tokens) - self.held
