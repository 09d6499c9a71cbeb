"""How fast a trunk is called: cut where it has no room or grows slow, won back with time. Pure."""

import math
from collections import deque
from statistics import median

from campaigns.trunk_sign import Sign

NEWS_S = 10.0
"""Over how long congestion is looked for: ten calls at 1/s."""

LEAST_CONGESTED = 3
"""Calls refused for want of room before a trunk is slowed: one odd 503 happens on any route."""

CONGESTED_SHARE = 0.1
"""Share of congested calls above which a trunk is slowed: several times what a route in order has,
a tenth of what a storm has."""

STORM_SHARE = 0.5
"""Share of 480 that is taken for congestion. A phone that is switched off gives 480 too, one in ten
on many lists; half of all calls at once is the network."""

BACK_OFF = 0.5
"""What a cut leaves of the rate: halving, as TCP does (RFC 5681), finds a tenth in four cuts."""

CUT_EVERY_S = 1.0
"""Time between two cuts: what was sent before the last one comes back within it and says nothing of
the new rate. A refusal takes some hundred milliseconds."""

RISE_PER_S = 0.1
"""Share won back each second, of what it was called at and then of its limit: ten seconds for all
of it, and slow enough not to run into the same wall at once."""

DELAY_CALLS = 20
"""Calls over which the post-dial delay is looked at."""

DELAY_TIMES = 2.0
"""How many times its usual value a post-dial delay must be to mean that the carrier queues."""

DELAY_LEAST_S = 1.0
"""By how much it must be above its usual value, too: routes differ by some hundred milliseconds."""

DELAY_BASELINE_CALLS, DELAY_BASELINE_S = 200, 60.0
"""Over what the usual post-dial delay is averaged, whichever is longer: a new route becomes the
usual one; a machine that falls behind at 150 calls a second does not within a second and a half."""


class Rate:
    """Cut by half when calls are refused for want of room, and rising again all the time.

    What is halved is the share of its limit that the trunk was called at: one that may be called
    ten times as fast as it is would else be cut four times before it had one call less.
    """

    def __init__(self) -> None:
        self._factor = self._reached = 1.0
        self._since = -math.inf
        self._cut_at = -math.inf
        self._news: deque[tuple[float, Sign]] = deque(maxlen=100)

    def at(self, now: float) -> float:
        """The share of the limit now, 0 to 1 (monotonic s)."""
        if self._since == -math.inf:
            return self._factor
        gone, rise = max(0.0, now - self._since), RISE_PER_S * self._reached
        back_s = max(0.0, self._reached - self._factor) / rise
        if gone < back_s:
            return self._factor + rise * gone
        return min(1.0, max(self._factor, self._reached) + RISE_PER_S * (gone - back_s))

    def start_at(self, now: float, factor: float, reached: float) -> None:
        """Go on from a share of the limit; what was sent before says nothing of it.

        Args:
            now: monotonic seconds.
            factor: that share.
            reached: the share that it was called at, which it comes back to in ten seconds.
        """
        self._factor, self._reached, self._since = factor, reached, now
        self._cut_at = now
        self._news.clear()

    def cut(self, now: float, reached: float, lowest: float = 0.0) -> None:
        """Halve what was `reached`, down to `lowest` of it, unless it was cut a moment ago."""
        if now - self._cut_at >= CUT_EVERY_S:
            factor = min(self.at(now), reached)
            halved = max(factor * BACK_OFF, lowest * reached)
            self.start_at(now, min(factor, halved), reached)

    def note(self, at: float, sign: Sign, sent: float, reached: float) -> None:
        """What a call says that was sent and ended then (monotonic s)."""
        if sent < self._cut_at:
            return
        self._news.append((at, sign))
        if sign in {Sign.CONGESTED, Sign.UNAVAILABLE} and self._is_congested(at):
            self.cut(at, reached)

    def _is_congested(self, now: float) -> bool:
        signs = [sign for at, sign in self._news if at > now - NEWS_S]
        congested, unavailable = signs.count(Sign.CONGESTED), signs.count(Sign.UNAVAILABLE)
        if unavailable > STORM_SHARE * len(signs):
            congested += unavailable
        return congested >= LEAST_CONGESTED and congested > CONGESTED_SHARE * len(signs)


class Delays:
    """Post-dial delay: of the last calls, and usually."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=DELAY_CALLS)
        self._usual: float | None = None
        self._at = -math.inf

    def rose(self, delay_s: float, at: float) -> bool:
        """Take in one, known at `at` (monotonic s); whether the last ones are far above usual."""
        self._last.append(delay_s)
        if len(self._last) < DELAY_CALLS:
            return False
        middle = median(self._last)
        if self._usual is None:
            self._usual = middle
        share = min(1.0 / DELAY_BASELINE_CALLS, max(0.0, at - self._at) / DELAY_BASELINE_S)
        self._usual += (middle - self._usual) * share
        self._at = at
        return middle > max(DELAY_TIMES * self._usual, DELAY_LEAST_S + self._usual)
