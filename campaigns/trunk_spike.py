"""Whether a trunk suddenly gives most calls an answer that is a person's alone. Pure."""

from collections import deque
from collections.abc import Set

from campaigns.trunk_sign import Sign

SPIKE_LAST = 50
"""Over how many calls a spike of such an answer is looked for."""

SPIKE_LEAST = 20
"""Calls before the share of an answer means anything."""

SPIKE_SHARE = 0.5
"""Share of 404 that hardly a list has: bad ones have a third. A carrier that lost its routes
answers 404 to nearly everything."""

SPIKE_TIMES = 2.0
"""How far above the trunk's own usual share it must be, too."""

USUAL_SHARE = 0.1
"""Share taken for usual on a trunk of which nothing is known: what a campaign bears of 404."""

BASELINE_CALLS = 500
"""Calls over which the usual share is averaged: ten times what a spike is looked for in."""


class Spike:
    """The share of calls that got one answer: of the last ones, and usually."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign
        self._last: deque[tuple[float, bool]] = deque()
        self._usual = USUAL_SHARE

    def start_again(self) -> None:
        """Forget the last calls; what is usual stays known."""
        self._last.clear()

    def note(self, sent: float, sign: Sign, up: Set[float]) -> float | None:
        """Since when the answer is not to be believed, where this makes a spike; else None.

        Refusals end within a second and messages after many: of the calls sent in the same time,
        those that are still up (by the instant each was sent) count as calls without the answer.
        """
        self._last.append((sent, sign is self._sign))
        if len(self._last) > SPIKE_LAST:
            _, left = self._last.popleft()
            self._usual += (left - self._usual) / BASELINE_CALLS
        if sign is not self._sign or len(self._last) < SPIKE_LEAST:
            return None
        doubtful = sum(is_doubtful for _, is_doubtful in self._last)
        if doubtful <= self._bound * len(self._last):
            return None
        first = min(one for one, _ in self._last)
        many = len(self._last) + sum(one >= first for one in up)
        return self.since if doubtful > self._bound * many else None

    @property
    def since(self) -> float:
        """When the first of the last calls that got the answer was sent."""
        return min(sent for sent, is_doubtful in self._last if is_doubtful)

    @property
    def _bound(self) -> float:
        most = 1 - 1 / SPIKE_LAST  # so that all of them always are a spike
        return min(most, max(SPIKE_SHARE, SPIKE_TIMES * self._usual))
