"""Which campaign may claim how much now, and over which trunk."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from campaigns.campaign import Campaign
from campaigns.rules.gates import Gate
from campaigns.sharing import Claimant, Shares
from dialer.claim import Claimed, Want
from dialer.throttle import Throttle
from dialer.trunks import Trunks

SOON_S = 0.25
"""Calls are claimed when those in hand last no longer than this: a commit takes a tenth of a
second on a machine that is full, and a slow one is to leave no token unused."""

AHEAD_S = 0.5
"""Calls are claimed so far ahead of the instant at which they may be sent. Twice as far as `SOON_S`
makes a claim of 18 calls at 120/s, and each costs a third of what it would in claims of five."""

IDLE_S = 0.3
"""How long a campaign in which nothing is due is left alone."""


class Allotment:
    """Shares what the limits leave between the campaigns that have somebody to call.

    Args:
        throttle: every limit.
        trunks: which may be used now.
    """

    def __init__(self, throttle: Throttle, trunks: Trunks) -> None:
        self._throttle = throttle
        self._trunks = trunks
        self._shares = Shares()
        self._idle_until: dict[tuple[int, str], float] = {}
        self._unaffordable: set[int] = set()

    def wants(
        self, campaigns: Iterable[Campaign], needed: Mapping[int, float], node: str, now: float
    ) -> list[Want]:
        """What to claim now; it is held until it is settled.

        Args:
            campaigns: those that may call.
            needed: calls per second that a campaign's deadline asks for, by id.
            node: this dialer.
            now: monotonic seconds.
        """
        able = {one.id: one for one in campaigns}
        ways = {one.id: self._trunks.choices(one, now) for one in able.values()}
        count: Counter[tuple[int, str]] = Counter()
        offer = self._offer(ways, count, now)
        self._shares.allot([_claimant(one, needed) for one in able.values()], offer, now)
        return [
            Want(
                able[campaign_id],
                many,
                self._trunks.is_rehearsal(trunk),
                node,
                trunk,
                alone=len(ways[campaign_id]) == 1,
                prices=self._trunks.prices(trunk, able[campaign_id]),
            )
            for (campaign_id, trunk), many in count.items()
        ]

    def gate(self, campaign: Campaign) -> Gate | None:
        """What keeps the people of a campaign from being called, as its last claim found."""
        return Gate.BUDGET_REACHED if campaign.id in self._unaffordable else None

    def _offer(
        self, ways: Mapping[int, Sequence[str]], count: Counter[tuple[int, str]], now: float
    ) -> Callable[[Claimant], bool]:
        room = self._throttle.room(now, now + SOON_S, now + AHEAD_S)

        def take_one(one: Claimant) -> bool:
            for trunk in ways[one.campaign]:
                key = one.campaign, trunk
                idle = self._idle_until.get(key, 0.0) > now
                if not idle and room.take(trunk, one.campaign):
                    count[key] += 1
                    self._trunks.placed(trunk, 1, now)
                    return True
            return False

        return take_one

    def settle(self, want: Want, claimed: Claimed, now: float) -> None:
        """What became of a want: attempts hold their slots, the rest is free again."""
        ids = [taken.attempt.id for taken in claimed.taken]
        self._throttle.settle(want.trunk, want.campaign.id, want.count, ids)
        self._shares.give_back(_claimant(want.campaign, {}), want.count - len(ids))
        if claimed.unaffordable:
            self._unaffordable.add(want.campaign.id)
        elif ids:
            self._unaffordable.discard(want.campaign.id)
        if claimed.exhausted:
            self._idle_until[want.campaign.id, want.trunk] = now + IDLE_S


def _claimant(campaign: Campaign, needed: Mapping[int, float]) -> Claimant:
    return Claimant(
        campaign.id,
        campaign.controller_id,
        campaign.weight,
        campaign.controller_weight,
        needed.get(campaign.id, 0.0),
        campaign.finish_by.timestamp() if campaign.finish_by else 0.0,
    )
