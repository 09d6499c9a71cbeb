"""A ladder of rates: how fast calls can be placed before what is ordered begins to wait. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_DELAY_S = 0.25
"""Between an order and its INVITE at the far side, for 99 of 100 calls: several times what it is
with room to spare, and within a second of growing without end."""

LEAST_ENDED = 0.9
"""Of the calls that begin, as many end in the same time: fewer, and they pile up."""

FACTOR = 1.03
STEPS_BELOW, STEPS_ABOVE = 5, 3


@dataclass(frozen=True, slots=True)
class Step:
    """One rate, held for some seconds.

    Attributes:
        offered: calls per second asked for. An engine keeps a few percent back, lest a second hold
            a call too many.
        begun, ended: calls per second at the far side: a PBX in real time lets calls begin on time
            when it no longer keeps up with them.
        delay_p50_s, delay_p99_s: from the order to the INVITE.
    """

    offered: float
    begun: float
    ended: float
    delay_p50_s: float
    delay_p99_s: float

    @property
    def achieved(self) -> float:
        """Calls per second."""
        return min(self.begun, self.ended)

    @property
    def holds(self) -> bool:
        """Whether it could have gone on like this."""
        return self.delay_p99_s <= MOST_DELAY_S and self.ended >= LEAST_ENDED * self.begun


def ceiling(steps: Sequence[Step]) -> float:
    """The highest rate achieved by a step that holds; 0 where none does.

    What one step leaves behind makes the next one late, so that none holds far above the ceiling.
    """
    return max((step.achieved for step in steps if step.holds), default=0.0)


def topped(steps: Sequence[Step]) -> bool:
    """Whether every step holds, so that the ceiling lies beyond the ladder."""
    return all(step.holds for step in steps)


def around(rate: float) -> list[float]:
    """A ladder about a rate at which the ceiling is thought to be."""
    return [round(rate * FACTOR**n, 1) for n in range(-STEPS_BELOW, STEPS_ABOVE + 1)]


def shifted(rate: float, steps: Sequence[Step]) -> float:
    """Where the next ladder is put, after what this one showed."""
    if topped(steps):
        return rate * FACTOR ** (STEPS_BELOW + STEPS_ABOVE)
    found = ceiling(steps)
    return found * FACTOR if found else rate / FACTOR**STEPS_BELOW


def finite(seconds: float) -> float:
    """A delay as it is kept: a call that never began has waited for ever."""
    return seconds if math.isfinite(seconds) else 999.0
