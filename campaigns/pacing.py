"""How many calls may start, and when. Pure: the caller brings a monotonic clock's reading.

A `Pace` keeps one calls-per-second limit. Starts are evenly spaced, and on top of that no
window of `WINDOW_S` ever holds more than the limit: even spacing alone puts N+1 INVITEs into
some one-second windows, because the PBX adds a jitter of its own between Originate and INVITE.
"""

import math
from collections import deque
from collections.abc import Iterable

JITTER_S = 0.015
"""What the PBX may add between our Originate and its INVITE without breaking the limit."""

WINDOW_S = 1.0 + JITTER_S

CATCH_UP_S = 0.05
"""How late a start may come and still be made up for; what is later is lost, never burst."""


class Pace:
    """A limit of calls started per second.

    Args:
        per_second: the limit; above zero. Below 1 it is one call per 1/per_second seconds.
    """

    def __init__(self, per_second: float) -> None:
        self._starts: deque[float] = deque()
        self._next = -math.inf
        self._set(per_second)

    def _set(self, per_second: float) -> None:
        self.per_second = per_second
        self._most = max(1, math.floor(per_second))
        self._window = max(1.0, self._most / per_second) + JITTER_S
        self._spacing = self._window / self._most

    def change(self, per_second: float) -> None:
        """Put another limit in force; what was started already still counts."""
        if per_second != self.per_second:
            self._set(per_second)

    def earliest(self, now: float) -> float:
        """The first instant at which one more call may start, `now` or later."""
        at = max(now, self._next)
        self._forget(at)
        if len(self._starts) >= self._most:
            at = max(at, self._starts[-self._most] + self._window)
        return at

    def start(self, at: float) -> None:
        """Count a call that starts at `at` (not before the last one)."""
        self._starts.append(at)
        self._next = max(self._next, at - CATCH_UP_S) + self._spacing

    def started_since(self, since: float, until: float) -> int:
        """How many of the counted calls started in (since, until]."""
        return sum(since < at <= until for at in self._starts)

    def give_back(self, at: float) -> None:
        """A counted start was not sent after all; it frees its place in the window."""
        if at in self._starts:
            self._starts.remove(at)

    def _forget(self, now: float) -> None:
        while self._starts and self._starts[0] <= now - self._window:
            self._starts.popleft()


class Slots:
    """A limit of concurrent calls. A slot is taken at the claim and freed at Hangup."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: set[str] = set()

    @property
    def used(self) -> int:
        """Slots taken now."""
        return len(self._taken)

    @property
    def free(self) -> int:
        """Slots that may be taken; zero where the limit was lowered under what is in use."""
        return max(0, self.limit - len(self._taken))

    def take(self, attempt_id: str) -> None:
        """Take one for an attempt; taking it twice takes one."""
        self._taken.add(attempt_id)

    def release(self, attempt_id: str) -> None:
        """Free it; freeing it twice is harmless."""
        self._taken.discard(attempt_id)


def plan(paces: Iterable[Pace], slots: Iterable[Slots], now: float, until: float) -> list[float]:
    """The instants in [now, until] at which calls may start under every limit, counted at once.

    Args:
        paces: every calls-per-second limit the calls fall under.
        slots: every concurrency limit they fall under.
        now, until: monotonic seconds.
    """
    paces = tuple(paces)
    room = min(limit.free for limit in slots)
    instants: list[float] = []
    while len(instants) < room:
        at = _earliest(paces, now)
        if at > until:
            break
        for pace in paces:
            pace.start(at)
        instants.append(at)
        now = at
    return instants


def _earliest(paces: tuple[Pace, ...], now: float) -> float:
    """The first instant that suits every pace; each one can only push it later."""
    at = now
    while (later := max(pace.earliest(at) for pace in paces)) > at:
        at = later
    return at
