"""Who calls next: shares by weight, deadlines first, nothing left unused. Pure.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) on two levels: controllers share by
their weights, and the campaigns of each by theirs. Whoever has nothing to call, or may not, leaves
its share to the others and saves none for later. A campaign that must be done by some time takes
first what that needs, the earliest time first; it counts towards its share.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

CREDIT_S = 1.0
"""How long a campaign with a deadline may save up what it needs and could not have."""


@dataclass(frozen=True, slots=True)
class Claimant:
    """A campaign that may have somebody to call now.

    Attributes:
        campaign: its id.
        controller: whose it is.
        weight: its part of what its controller may call; above zero.
        controller_weight: its controller's part of everything.
        needed: calls per second without which its deadline passes; 0 where it has none.
        deadline: sorts the claimants that need some; the earliest is served first.
    """

    campaign: int
    controller: int
    weight: float = 1.0
    controller_weight: float = 1.0
    needed: float = 0.0
    deadline: float = math.inf


@dataclass(slots=True)
class _Queue:
    """The clock of one server of fair queueing, and the finish tag of each who is served."""

    now: float = 0.0
    finish: dict[int, float] = field(default_factory=dict)

    def start(self, who: int) -> float:
        return max(self.now, self.finish.get(who, 0.0))

    def serve(self, who: int, weight: float) -> None:
        self.now = self.start(who)
        self.finish[who] = self.now + 1.0 / weight

    def give_back(self, who: int, weight: float) -> None:
        self.finish[who] = self.finish.get(who, 0.0) - 1.0 / weight


class Shares:
    """Allots calls, one at a time, to whoever has had least of its share."""

    def __init__(self) -> None:
        self._controllers = _Queue()
        self._campaigns: dict[int, _Queue] = {}
        self._credit: dict[int, float] = {}
        self._at: float | None = None

    def allot(
        self, claimants: Iterable[Claimant], try_one: Callable[[Claimant], bool], now: float
    ) -> None:
        """Offer calls until nobody takes another.

        Args:
            claimants: who may call.
            try_one: takes one call for a claimant; False where it can have none at this moment.
            now: monotonic seconds.
        """
        able = {one.campaign: one for one in claimants}
        self._earn(able, now)
        while able:
            chosen = self._next(able)
            if try_one(chosen):
                self._serve(chosen)
            else:
                del able[chosen.campaign]

    def give_back(self, claimant: Claimant, count: int) -> None:
        """A claimant had fewer to call than it was allotted."""
        campaigns = self._campaigns[claimant.controller]
        for _ in range(count):
            campaigns.give_back(claimant.campaign, claimant.weight)
            self._controllers.give_back(claimant.controller, claimant.controller_weight)

    def _earn(self, able: dict[int, Claimant], now: float) -> None:
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        self._credit = {
            one.campaign: min(
                self._credit.get(one.campaign, 0.0) + one.needed * passed,
                max(1.0, one.needed * CREDIT_S),
            )
            for one in able.values()
            if one.needed
        }

    def _next(self, able: dict[int, Claimant]) -> Claimant:
        pressed = [one for one in able.values() if self._credit.get(one.campaign, 0.0) >= 1.0]
        if pressed:
            return min(pressed, key=lambda one: (one.deadline, one.campaign))
        return min(able.values(), key=self._rank)

    def _rank(self, one: Claimant) -> tuple[float, float, int]:
        campaigns = self._campaigns.setdefault(one.controller, _Queue())
        return (
            self._controllers.start(one.controller),
            campaigns.start(one.campaign),
            one.campaign,
        )

    def _serve(self, one: Claimant) -> None:
        if one.campaign in self._credit:
            self._credit[one.campaign] = max(0.0, self._credit[one.campaign] - 1.0)
        self._controllers.serve(one.controller, one.controller_weight)
        self._campaigns.setdefault(one.controller, _Queue()).serve(one.campaign, one.weight)
