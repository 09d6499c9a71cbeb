"""How many calls a second a trunk bears, found by having asked too much of it. Pure.

What is asked for more than it can do, a carrier's route or the PBX's own machine, does less, not as
much as it can: calls pile up, and each new one costs it more. It shows by phones that begin to ring
late. So it is not cut, won back and run into the same wall again and again, but called a little
more slowly from then on, and faster again with time, as what kept it busy may have ended.
"""

import math
from collections import deque

BACK_OFF = 0.92
"""What is left of the rate at which it fell behind: what a machine bears varies by less."""

RISE_PER_S = 0.0003
"""Share of it that is won back each second: five minutes until the wall is tried again."""

QUIET_S = 5.0
"""Without a sign until the next one is news: those of one time belong together."""

LOOKED_BACK_S = 20.0
"""Over how long the most that was called is the rate that it fell behind at."""

NOTED_EVERY_S = 0.5
"""Between two rates that are kept."""

LEAST = 1.0
"""Calls per second that anything bears."""


class Strain:
    """The rate that a trunk bears; none is known until it has fallen behind once."""

    def __init__(self) -> None:
        self._rate = math.inf
        self._since = -math.inf
        self._late_at = -math.inf
        self._called: deque[tuple[float, float]] = deque()

    def bears(self, now: float) -> float:
        """Calls per second that it is asked for at most (monotonic s)."""
        if math.isinf(self._rate):
            return self._rate
        return self._rate * (1.0 + RISE_PER_S * max(0.0, now - self._since))

    def called(self, now: float, rate: float) -> None:
        """It is called at that many calls per second."""
        if not self._called or now - self._called[-1][0] >= NOTED_EVERY_S:
            self._called.append((now, rate))
        while self._called[0][0] < now - LOOKED_BACK_S:
            self._called.popleft()

    def late(self, at: float) -> bool:
        """It falls behind; whether that is news."""
        news = at - self._late_at > QUIET_S
        self._late_at = max(at, self._late_at)
        since = at - LOOKED_BACK_S
        most = max((rate for then, rate in self._called if then >= since), default=0.0)
        if not news or not most:
            return False
        self._rate = max(BACK_OFF * min(most, self.bears(at)), LEAST)
        self._since = at
        return True
