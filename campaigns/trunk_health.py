"""How a trunk fares, by what becomes of its calls: slower, left alone, tried again. Pure.

The caller brings a monotonic clock's reading. Two remedies: a trunk that refuses some calls for
want of room is called more slowly (`Health.factor`), and one that carries nothing any more is left
alone and probed (`Health.breaker`). A trunk that suddenly says of most numbers that they do not
exist counts as carrying nothing, and is not believed. `trunk_rate` and `trunk_spike` do the sums.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.trunk_rate import Delays, Rate
from campaigns.trunk_sign import Sign
from campaigns.trunk_spike import Spike
from campaigns.trunk_starts import Starts
from campaigns.trunk_strain import Strain

PROBE_CPS = 1.0
"""Calls per second at which a trunk is tried that carried nothing: few enough for a carrier that
recovers, and what a new trunk starts at. Backing off never goes below it either."""

STALE_S = 5.0
"""A call sent longer ago than this that went well was judged when it began to ring: its end is no
news. While a trunk fails, calls set up before go on ending well for minutes."""

RUN = 10
"""Calls in a row that the trunk refused before it is left alone: at a trunk that fails half of its
calls, once in a thousand."""

LAST = 20
"""How many calls the breaker looks back at; see ALL_BUT."""

ALL_BUT = 1
"""How many of the last calls may have gone well while a trunk counts as carrying nothing."""

FIRST_PAUSE_S = 5.0
"""How long a trunk is left alone at first: most faults of a carrier's are shorter or far longer."""

LONGEST_PAUSE_S = 10.0
"""How long it is left alone after probes that failed: with probing and the way back to the full
rate it stays under 30 s, and a probe every ten seconds costs nobody anything."""

GOOD_PROBES = 3
"""Probes in a row that go well before a trunk is used again: one can be luck."""

REOPENED_AT = 0.25
"""Share of what it was called at with which a trunk is used again after a pause; it rises from
there."""

DOUBTED = (Sign.INVALID,)
"""Answers that are a person's by themselves, and the network's where most calls get them: «no such
number» (404). Not 480: at the end of a list those are left whose phones are off, and all of them
answer so."""

DELAY_LOWEST = 0.25
"""Share of what it was called at below which delay alone does not slow a trunk: nothing is refused
yet."""

_REFUSED = frozenset({Sign.CONGESTED, Sign.FAILED})


class Breaker(StrEnum):
    """Whether a trunk is used."""

    CLOSED = "closed"
    """It is."""
    OPEN = "open"
    """It is left alone."""
    HALF_OPEN = "half_open"
    """It is probed."""


class Health:
    """One trunk's.

    Args:
        limit_cps: its limit, calls per second.
    """

    def __init__(self, limit_cps: float) -> None:
        self.limit_cps = limit_cps
        self.why: Sign | None = None
        self._rate = Rate()
        self._delays = Delays()
        self._strain = Strain()
        self._starts = Starts()
        self._reached_before = 1.0
        self._spikes = {sign: Spike(sign) for sign in DOUBTED}
        self._last: deque[Sign] = deque(maxlen=LAST)
        self._run = 0
        self._up: set[float] = set()
        self._closed_at = -math.inf
        self._pause: _Pause | None = None

    def breaker(self, now: float) -> Breaker:
        """Whether the trunk is used now (monotonic s)."""
        if self._pause is None:
            return Breaker.CLOSED
        return Breaker.OPEN if now < self._pause.until else Breaker.HALF_OPEN

    def factor(self, now: float) -> float:
        """The share of its limit at which the trunk may be called now, 0 to 1."""
        match self.breaker(now):
            case Breaker.OPEN:
                return 0.0
            case Breaker.HALF_OPEN:
                return self._lowest
            case _:
                bears = self._strain.bears(now) / self.limit_cps
                return max(self._lowest, min(self._rate.at(now), bears))

    @property
    def spike_since(self) -> float | None:
        """Since when (monotonic s) calls sent got answers not to be believed, those of `why`.

        None where they are believed.
        """
        return self._pause.since if self._pause and self._pause.doubted else None

    def dialled(self, sent: float) -> None:
        """The INVITE of a call sent at this instant (monotonic s) left."""
        self._up.add(sent)
        self._strain.called(sent, min(self.limit_cps, self._starts.rate_with(sent)))

    def over(self, sent: float) -> None:
        """The call sent then is over, whatever it says."""
        self._up.discard(sent)

    def note(self, at: float, sign: Sign, sent: float | None = None) -> None:
        """A call ended.

        Args:
            at: monotonic seconds.
            sign: what its end says.
            sent: when it was sent (monotonic s), so that the end of a call from before a pause is
                not taken for that of a probe; None where that is not known.
        """
        sent = at if sent is None else sent
        if self._pause is not None:
            self._probed(at, sign, sent)
        elif sent >= self._closed_at:
            self._ended(at, sign, sent)

    def _ended(self, at: float, sign: Sign, sent: float) -> None:
        spikes = {of: one.note(sent, sign, self._up) for of, one in self._spikes.items()}
        since = spikes.get(sign)
        if since is not None:
            self._open(at, sign, since, doubted=True)
        elif sign is not Sign.OK or at - sent <= STALE_S:
            self._judge(at, sign, sent)

    def began(self, at: float, post_dial_delay_s: float) -> None:
        """A phone began to ring, so long after the call was sent."""
        sent = at - post_dial_delay_s
        if self._delays.rose(post_dial_delay_s, at):
            self._strain.late(at)
            self._rate.cut(at, self._reached(at), DELAY_LOWEST)
        if self._pause is None:
            if sent >= self._closed_at:
                self._judge(at, Sign.OK, sent)
        elif self.why is not Sign.INVALID:  # «no such number» can be said after ringing
            self._probed(at, Sign.OK, sent)

    @property
    def _lowest(self) -> float:
        return min(1.0, PROBE_CPS / self.limit_cps)

    def _reached(self, at: float) -> float:
        """The share of its limit at which the trunk was called lately; all where nobody knows."""
        return min(1.0, (self._strain.most(at) or self.limit_cps) / self.limit_cps)

    def _judge(self, at: float, sign: Sign, sent: float) -> None:
        self._last.append(sign)
        if sign is not Sign.UNAVAILABLE:
            self._run = self._run + 1 if sign in _REFUSED else 0
        if self._run >= RUN or self._carries_nothing():
            spike = self._spikes.get(sign)
            since = spike.since if spike else at
            self._open(at, sign, since, doubted=spike is not None)
        else:
            self._rate.note(at, sign, sent, self._reached(at))

    def _carries_nothing(self) -> bool:
        if self._last[-1] is Sign.OK:
            return False
        refused = sum(one in _REFUSED or one is Sign.UNAVAILABLE for one in self._last)
        return refused >= LAST - ALL_BUT

    def _open(self, at: float, why: Sign, since: float, *, doubted: bool = False) -> None:
        self.why = why
        self._reached_before = self._reached(at)
        self._pause = _Pause(at + FIRST_PAUSE_S, FIRST_PAUSE_S, since, doubted)

    def _probed(self, at: float, sign: Sign, sent: float) -> None:
        pause = self._pause
        if pause is None or sent < pause.until:
            return
        if sign in _REFUSED or sign is self.why:
            self._pause = pause.again(at)
        elif sign is Sign.OK:
            pause.good.add(round(sent, 3))
            if len(pause.good) >= GOOD_PROBES:
                self._close(at)

    def _close(self, at: float) -> None:
        self._pause, self.why = None, None
        self._closed_at = at
        self._last.clear()
        self._run = 0
        for spike in self._spikes.values():
            spike.start_again()
        self._rate.start_at(at, REOPENED_AT * self._reached_before, self._reached_before)


@dataclass(slots=True)
class _Pause:
    """A trunk left alone.

    Attributes:
        until: when it is probed (monotonic s).
        lasts: for how many seconds it was left alone this time.
        since: since when it has been out of order (monotonic s).
        doubted: what it said since then is not believed.
        good: when the probes that went well were sent.
    """

    until: float
    lasts: float
    since: float
    doubted: bool
    good: set[float] = field(default_factory=set)

    def again(self, at: float) -> "_Pause":
        lasts = min(2 * self.lasts, LONGEST_PAUSE_S)
        return _Pause(at + lasts, lasts, self.since, self.doubted)
