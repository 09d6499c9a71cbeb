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

PLATEAU = 0.96
"""Share of that rate to which it is called again soon: just below the wall, as CUBIC does
(RFC 9438, 4.2)."""

COMEBACK_S = 120.0
"""After how long: fast at first, ever more slowly. What another program took for a second is so won
back within a minute."""

RISE_PER_S = 0.0003
"""By what share that level rises each second: over two minutes until the wall is tried again."""

HICCUP_S = 60.0
"""Falling behind so long after the last time, before it was called as fast as is thought to be
right, is something else that stirs: what it bears is hardly doubted. At once it is."""

THERE = 0.97
"""Share of that level at which it counts as reached: falling behind there is believed wholly."""

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
        self._plateau = math.inf
        self._since = -math.inf
        self._late_at = -math.inf
        self._called: deque[tuple[float, float]] = deque()

    def bears(self, now: float) -> float:
        """Calls per second that it is asked for at most (monotonic s)."""
        if math.isinf(self._rate):
            return self._rate
        gone = max(0.0, now - self._since)
        missing = (self._plateau - self._rate) * max(0.0, 1 - gone / COMEBACK_S) ** 3
        return self._level(gone) - missing

    def _level(self, gone: float) -> float:
        """What it is thought to bear in the long run, so long after it fell behind."""
        return self._plateau * (1.0 + RISE_PER_S * gone)

    def called(self, now: float, rate: float) -> None:
        """It is called at that many calls per second."""
        if not self._called or now - self._called[-1][0] >= NOTED_EVERY_S:
            self._called.append((now, rate))
        while self._called[0][0] < now - LOOKED_BACK_S:
            self._called.popleft()

    def most(self, at: float) -> float:
        """Calls per second that it was called at most lately; 0 where it was not."""
        since = at - LOOKED_BACK_S
        return max((rate for then, rate in self._called if then >= since), default=0.0)

    def late(self, at: float) -> bool:
        """It falls behind; whether that is news."""
        news = at - self._late_at > QUIET_S
        self._late_at = max(at, self._late_at)
        most = self.most(at)
        if not news or not most:
            return False
        self._fell_behind(at, max(LEAST, min(most, self.bears(at))))
        return True

    def _fell_behind(self, at: float, rate: float) -> None:
        plateau = PLATEAU * rate
        if math.isfinite(self._plateau) and plateau < (level := self._level(at - self._since)):
            plateau = level - (level - plateau) * _believed(at - self._since, rate / level)
        self._plateau, self._rate, self._since = (
            max(LEAST, plateau),
            max(LEAST, BACK_OFF * rate),
            at,
        )


def _believed(gone: float, reached: float) -> float:
    """How much it is believed that a trunk bears less than was thought, 0 to 1.

    Args:
        gone: seconds since it fell behind the last time.
        reached: what it was called at, as a share of the level that was thought to be right.
    """
    return 1.0 if reached >= THERE else max(0.1, 1.0 - gone / HICCUP_S)
