"""Slots and tokens: how many calls each campaign may claim now, and when each may be sent."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from campaigns.campaign import Campaign, Limits
from campaigns.pacing import Backlog, Lag, Pace, Ramp, Slots
from dialer.portions import ALONE, Portions
from store.portions import SYSTEM, Limited, of_campaign, of_controller, of_trunk

SLOWEST_START = 1.0
"""Calls per second with which everything begins: what a trunk takes that nobody knows yet."""


class Throttle:
    """Every limit in force: the system's, each trunk's, each campaign's, those of controllers.

    All limits are counted on the monotonic clock, so that a step of the wall clock makes no
    burst. A slot is held from the claim to Hangup; a token is spent when the call is sent.
    """

    def __init__(self, system: Limits) -> None:
        self._system = _Gauge(system)
        self._trunks: dict[str, _Gauge] = {}
        self._campaigns: dict[int, _Gauge] = {}
        self._controllers: dict[int, _Gauge] = {}
        self._limited: dict[int, _Gauge] = {}  # of the controller of a campaign, by its id
        self._owners: dict[str, tuple[str, int]] = {}
        self._lag = Lag()
        self._ramp = Ramp()
        self._backlog = Backlog()
        self._uninvited: dict[str, float] = {}  # when the order of a call left, by its attempt

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

    def set_system(self, limits: Limits | None) -> None:
        """Put the limit of the whole system in force; None lets nothing begin."""
        self._system.change(limits)

    def set_trunks(self, limits: Mapping[str, Limits | None]) -> None:
        """Put trunk limits in force."""
        for name, one in limits.items():
            self._trunks.setdefault(name, _Gauge(one)).change(one)

    def set_campaigns(self, campaigns: Collection[Campaign], portions: Portions = ALONE) -> None:
        """Put limits of campaigns and of their controllers in force; forget those over.

        As far as this dialer's portions go.
        """
        current = {one.id: portions.of(of_campaign(one.id), one.limits) for one in campaigns}
        for gone in self._campaigns.keys() - current.keys():
            if not self._campaigns[gone].in_use:
                del self._campaigns[gone]
                self._limited.pop(gone, None)
        for campaign_id, limits in current.items():
            self._campaigns.setdefault(campaign_id, _Gauge(limits)).change(limits)
        self._set_controllers(campaigns, portions)
        self._reserve(campaigns, portions)

    def _set_controllers(self, campaigns: Collection[Campaign], portions: Portions) -> None:
        """Put the limits of those controllers in force that have one."""
        limits = {one.controller_id: one.controller_limits for one in campaigns}
        for id_, own in limits.items():
            if own is None:
                self._controllers.pop(id_, None)
                continue
            allowed = portions.of(of_controller(id_), own)
            self._controllers.setdefault(id_, _Gauge(allowed)).change(allowed)
        for one in campaigns:
            self._put_under(one.id, self._controllers.get(one.controller_id))
        used = {id(gauge) for gauge in self._limited.values()}
        self._controllers = {
            id_: gauge for id_, gauge in self._controllers.items() if id(gauge) in used
        }

    def _put_under(self, campaign_id: int, gauge: "_Gauge | None") -> None:
        """Have the calls of a campaign count under a limit of its controller, those in hand too."""
        if gauge is None:
            self._limited.pop(campaign_id, None)
        elif self._limited.get(campaign_id) is not gauge:
            self._limited[campaign_id] = gauge
            gauge.count_too(self._campaigns[campaign_id])

    def _reserve(self, campaigns: Collection[Campaign], portions: Portions) -> None:
        """Keep room for those who ask to be put through: the PBX asks nobody then."""
        kept: Counter[str] = Counter()
        for one in campaigns:
            transfer = one.script.transfer if one.script else None
            if transfer is not None:
                most = portions.transfers(one.id, transfer.limit)
                for trunk in [transfer.trunk] if transfer.trunk else one.trunks:
                    kept[trunk] += most
                kept[""] += most
        self._system.kept = kept[""]
        for name, gauge in self._trunks.items():
            gauge.kept = kept[name]

    def in_use(self) -> dict[Limited, int]:
        """Slots taken under each limit, and those of claims that are being made."""
        return {
            SYSTEM: self._system.in_use,
            **{of_trunk(name): one.in_use for name, one in self._trunks.items()},
            **{of_campaign(id_): one.in_use for id_, one in self._campaigns.items()},
            **{of_controller(id_): one.in_use for id_, one in self._controllers.items()},
        }

    def room(self, now: float, soon: float, until: float) -> "Room":
        """What may be claimed in one cycle, to be sent by `until` (monotonic s).

        Nothing under a limit whose claimed calls last until `soon`: few claims of many cost less
        than many of few.
        """
        closed = self._backlog.earliest(now) > now
        return Room(self, (now, soon, until), closed=closed)

    def settle(self, trunk: str, campaign_id: int, reserved: int, claimed: Iterable[str]) -> None:
        """The claim is made: attempts take their slots, and what was reserved beyond is free."""
        gauges = self.gauges(trunk, campaign_id)
        for gauge in gauges:
            gauge.held -= reserved
        for attempt_id in claimed:
            self.take(attempt_id, trunk, campaign_id)
            for gauge in gauges:
                gauge.waiting.add(attempt_id)

    def take(
        self, attempt_id: str, trunk: str, campaign_id: int = 0, *, transfer: bool = False
    ) -> None:
        """Hold a slot of every limit for a call; one that was adopted waits no longer.

        Args:
            attempt_id: the attempt, or the channel of a call that is nobody's attempt.
            trunk: by which it goes.
            campaign_id: whose it is; 0 for a call that belongs to no campaign, such as one that
                comes in.
            transfer: it is the far leg of one, for which room is kept.
        """
        self._backlog.forget(attempt_id)
        self._uninvited.pop(attempt_id, None)
        self._owners[attempt_id] = (trunk, campaign_id)
        for gauge in self.gauges(trunk, campaign_id):
            gauge.slots.take(attempt_id)
            if transfer:
                gauge.transfers.add(attempt_id)

    def started(self, attempt_id: str, at: float) -> None:
        """A call began that waited for no token, as transfers do: others wait for it (mono s)."""
        for gauge in self.gauges(*self._owners[attempt_id]):
            gauge.pace.start(at)

    def earliest(self, trunk: str, campaign_id: int, now: float) -> float:
        """When the next call of a campaign over a trunk may be sent: `now`, or later (mono s)."""
        gauges = self.gauges(trunk, campaign_id)
        return max(self._backlog.earliest(now), *(gauge.pace.earliest(now) for gauge in gauges))

    def sent(self, attempt_id: str, at: float) -> None:
        """A claimed call was sent: its token is spent."""
        self._backlog.sent(attempt_id, at)
        for gauge in self.gauges(*self._owners[attempt_id]):
            gauge.waiting.discard(attempt_id)
            gauge.pace.start(at)

    def release(self, attempt_id: str) -> None:
        """Free the slots of an attempt, at its Hangup and no sooner."""
        self._backlog.forget(attempt_id)
        self._uninvited.pop(attempt_id, None)
        owner = self._owners.pop(attempt_id, None)
        if owner is None:
            return
        for gauge in self.gauges(*owner):
            gauge.waiting.discard(attempt_id)
            gauge.transfers.discard(attempt_id)
            gauge.slots.release(attempt_id)

    def release_others(self) -> None:
        """Forget every call that belongs to no campaign."""
        for id_ in [id_ for id_, (_, campaign_id) in self._owners.items() if not campaign_id]:
            self.release(id_)

    def made(self, attempt_id: str, at: float) -> None:
        """The PBX made the channel of a call: all there is to hear of one that tells no more."""
        sent = None if self._lag.is_known else self._begun(attempt_id, at)
        if sent is not None:
            self._uninvited[attempt_id] = sent

    def invited(self, attempt_id: str, said: float, heard: float) -> None:
        """The INVITE of a call has left: by what the PBX's clock said, heard then (monotonic s)."""
        owner = self._owners.get(attempt_id)
        sent = self._uninvited.pop(attempt_id, None) or self._begun(attempt_id, heard)
        if owner is None or sent is None:
            return
        at = self._lag.counted(sent, said, heard)
        for gauge in self.gauges(*owner):
            gauge.pace.began(sent, at)

    def _begun(self, attempt_id: str, at: float) -> float | None:
        """When the order left of a call that is held up no longer; None where that is unknown."""
        owner = self._owners.get(attempt_id)
        if owner is None:
            return None
        window = max(gauge.pace.window for gauge in self.gauges(*owner))
        return self._backlog.begun(attempt_id, at, window)

    def adapt(self, now: float) -> None:
        """Follow how soon the PBX's INVITEs leave, and go on with the ramp (monotonic s)."""
        spare, share = self._lag.spare, self._ramp.share(now)
        inner = (*self._campaigns.values(), *self._controllers.values())
        for gauge in (self._system, *self._trunks.values(), *inner):
            gauge.pace.allow_for(spare)
        for gauge in (self._system, *self._trunks.values()):
            gauge.ease(share)

    def ramp_up(self, now: float) -> None:
        """Begin slowly: after a start, a lost link, a step of the clock (monotonic s)."""
        self._ramp.begin(now)
        self.adapt(now)

    def gauges(self, trunk: str, campaign_id: int) -> list["_Gauge"]:
        """The limits that a call of this campaign over this trunk is under."""
        found = [
            self._system, self._trunks.get(trunk), self._campaigns.get(campaign_id),
            self._limited.get(campaign_id),
        ]  # fmt: skip
        return [gauge for gauge in found if gauge is not None]


class Room:
    """What each limit still allows in one cycle; what is taken is held until it is settled."""

    def __init__(
        self, throttle: Throttle, span: tuple[float, float, float], *, closed: bool
    ) -> None:
        self._throttle = throttle
        self._span = span
        self._closed = closed
        self._left: dict[int, int] = {}

    def take(self, trunk: str, campaign_id: int) -> bool:
        """Take one call for a campaign over a trunk; False where a limit allows none."""
        gauges = self._throttle.gauges(trunk, campaign_id)
        if self._closed or any(self._of(gauge) <= 0 for gauge in gauges):
            return False
        for gauge in gauges:
            self._left[id(gauge)] -= 1
            gauge.held += 1
        return True

    def _of(self, gauge: "_Gauge") -> int:
        if id(gauge) not in self._left:
            self._left[id(gauge)] = gauge.room(*self._span)
        return self._left[id(gauge)]


class _Gauge:
    """One limit's pace and slots.

    Attributes:
        waiting: calls claimed under it that are not sent yet.
        kept: room that is kept for transfers.
        transfers: those that are up, which have taken their part of it.
    """

    def __init__(self, limits: Limits | None) -> None:
        self._limit = limits.max_cps if limits else SLOWEST_START
        self.pace = Pace(self._limit)
        self.slots = Slots(limits.max_channels if limits else 0)
        self.waiting: set[str] = set()
        self.transfers: set[str] = set()
        self.held = 0
        self.kept = 0
        self._share = 1.0

    @property
    def in_use(self) -> int:
        """Slots taken, and those of claims that are being made."""
        return self.slots.used + self.held

    def count_too(self, other: "_Gauge") -> None:
        """Count what is in hand under another limit: it is under this one from now on."""
        for attempt_id in other.slots.taken:
            self.slots.take(attempt_id)
        self.waiting |= other.waiting
        self.held += other.held
        self.pace.count_too(other.pace)

    def change(self, limits: Limits | None) -> None:
        """Put another limit in force; under None no call begins."""
        self.slots.limit = limits.max_channels if limits else 0
        if limits:
            self._limit = limits.max_cps
            self.ease(self._share)

    def ease(self, share: float) -> None:
        """Call at a share of the limit, 0 to 1, but no slower than a call per second."""
        self._share = share
        self.pace.change(min(self._limit, max(self._limit * share, SLOWEST_START)))

    def room(self, now: float, soon: float, until: float) -> int:
        waiting = len(self.waiting)
        if waiting >= self.pace.room(now, soon):
            return 0
        free = self.slots.free - max(0, self.kept - len(self.transfers))
        return min(free, self.pace.room(now, until) - waiting) - self.held
