"""A ladder of rates: how fast calls can be placed before what is ordered begins to wait. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_DELAY_S = 0.25
"""Between an order and its INVITE at the far side, for 99 of 100 calls: several times what it is
with room to spare, and within a second of growing without end."""

LEAST_ACHIEVED = 0.9
"""Of what was offered. An engine keeps a few percent back, lest a second hold a call too many."""

FACTOR = 1.03
BELOW = 2
"""Rungs under the ceiling of the last round at which the next one begins."""

TRIES = 2
"""How often a rate is tried before it is too high: once may be another program."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, held for some seconds.

    Attributes:
        offered: calls per second asked for.
        achieved: calls per second at the far side: that began, or that ended where that is less,
            as a PBX in real time lets calls begin on time when it no longer keeps up with them.
        delay_p50_s, delay_p99_s: from the order to the INVITE.
    """

    offered: float
    achieved: float
    delay_p50_s: float
    delay_p99_s: float

    @property
    def holds(self) -> bool:
        """Whether it could have gone on like this."""
        return self.delay_p99_s <= MOST_DELAY_S and self.achieved >= LEAST_ACHIEVED * self.offered


def ceiling(steps: Sequence[Step]) -> float:
    """The highest rate achieved by a step that holds; 0 where none does."""
    return max((step.achieved for step in steps if step.holds), default=0.0)


@dataclass(slots=True)
class Ladder:
    """One climb: rung by rung until a rate fails twice; downwards first, where none holds yet.

    Attributes:
        rate: what is to be tried next, in calls per second.
        factor: from rung to rung.
        over: there is nothing more to try.
    """

    rate: float
    factor: float = FACTOR
    steps: list[Step] = field(default_factory=list)
    over: bool = False
    _failed: int = 0

    @classmethod
    def below(cls, found: float) -> "Ladder":
        """One that begins somewhat below a ceiling that was found before."""
        return cls(round(found / FACTOR**BELOW, 1))

    def took(self, step: Step) -> None:
        """What came of the rate that was to be tried."""
        self.steps.append(step)
        if step.holds:
            self._failed = 0
            self.rate = round(self.rate * self.factor, 1)
            return
        self._failed += 1
        if self._failed < TRIES:
            return
        if ceiling(self.steps):
            self.over = True
        else:
            self._failed = 0
            self.rate = round(self.rate / self.factor ** (BELOW + 1), 1)


def finite(seconds: float) -> float:
    """A delay as it is kept: a call that never began has waited for ever."""
    return seconds if math.isfinite(seconds) else 999.0
