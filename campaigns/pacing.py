"""How many calls may start, and when. Pure: the caller brings a monotonic clock's reading.

A `Pace` keeps one calls-per-second limit. Starts are evenly spaced, and on top of that no window
of a second ever holds more than the limit: even spacing alone puts N+1 INVITEs into some seconds,
because the PBX adds a delay of its own between Originate and INVITE, and that delay varies. A call
counts from when it was sent, and, as soon as the PBX has said that its INVITE left, from as much
later as that took longer than it takes at least. That is long before the second is over.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque

SPARE_S = 0.002
"""By how much an INVITE may be quicker than every one of the last half minute."""

UNKNOWN_SPARE_S = 0.024
"""What is allowed for where the PBX has not said when an INVITE left."""

CATCH_UP_S = 0.05
"""How late a start may come and still be made up for; what is later is lost, never burst."""

FAR_STEP_S = 2.0
"""A clock of the PBX that differs by so much more was put elsewhere."""

LAG_KEPT_S = 30.0
"""How long a measured delay counts."""

BEHIND_S = 0.5
"""How long an order to call may stay without any sign of the call: several times the longest delay
seen at 600 calls with sound both ways."""

LOOK_AGAIN_S = 0.05
"""Between two looks whether the PBX has caught up."""


class Pace:
    """A limit of calls started per second.

    Args:
        per_second: the limit; above zero. Below 1 it is one call per 1/per_second seconds.
    """

    def __init__(self, per_second: float) -> None:
        self._starts: list[float] = []  # in order of time
        self._next = -math.inf
        self._spare = UNKNOWN_SPARE_S
        self._set(per_second)

    def _set(self, per_second: float) -> None:
        self.per_second = per_second
        self._most = max(1, math.floor(per_second))
        self._window = max(1.0, self._most / per_second) + self._spare
        self._spacing = self._window / self._most

    @property
    def window(self) -> float:
        """Seconds in which no more calls start than the limit allows."""
        return self._window

    @property
    def lately(self) -> tuple[float, ...]:
        """When the calls started that still count, in order."""
        return tuple(self._starts)

    def change(self, per_second: float) -> None:
        """Put another limit in force; what was started already still counts."""
        if per_second != self.per_second:
            self._set(per_second)

    def allow_for(self, spare_s: float) -> None:
        """Make the window longer than it must be by so many seconds."""
        self._spare = spare_s
        self._set(self.per_second)

    def earliest(self, now: float) -> float:
        """The first instant at which one more call may start, `now` or later."""
        at = max(now, self._next)
        if len(self._starts) >= self._most:
            at = max(at, self._starts[-self._most] + self._window)
        return at

    def start(self, at: float) -> None:
        """Count a call that starts at `at`, which is not before the last one."""
        self._next = self._after(at, self._next)
        insort(self._starts, at)
        del self._starts[: bisect_right(self._starts, at - self._window)]

    def _after(self, at: float, due: float) -> float:
        """When the next call is due after one that was due then and starts at `at`."""
        return (due if at - due <= CATCH_UP_S else at) + self._spacing

    def began(self, sent: float, at: float) -> None:
        """The INVITE of the call that was sent then has left; it counts from now on as of `at`."""
        index = bisect_left(self._starts, sent)
        if index < len(self._starts) and self._starts[index] == sent:
            del self._starts[index]
        insort(self._starts, at)

    def count_too(self, other: "Pace") -> None:
        """Count what another limit has counted lately: this one would have had to, too."""
        self._starts = sorted([*self._starts, *other.lately])

    def room(self, now: float, until: float) -> int:
        """How many calls could start in [now, until] if all of them were placed."""
        by_spacing = self._room_by_spacing(now, until)
        if by_spacing <= self._most - len(self._starts):
            return by_spacing
        following = self._next
        starts = deque(self._starts[-self._most :])
        missing = self._most - len(starts)
        count = 0
        while True:
            free = -math.inf if count < missing else starts.popleft() + self._window
            at = max(now, following, free)
            if at > until:
                return count
            following = self._after(at, following)
            starts.append(at)
            count += 1

    def _room_by_spacing(self, now: float, until: float) -> int:
        """What `room` is where the starts of the last second leave so many free."""
        due = self._next if now - self._next <= CATCH_UP_S else now
        if max(now, due) > until:
            return 0
        return math.floor((until - due) / self._spacing) + 1

    def started_since(self, since: float) -> int:
        """How many of the last second's calls started after `since`."""
        return sum(at > since for at in self._starts)


RAMP_S = 8.0
"""How long it takes from the first call to full rate: a carrier, a PBX or a list that is wrong
shows it in the first calls, and no start, pause or lost link ends in a burst."""

RAMP_FROM = 0.1
"""The share of the rate that a ramp begins with."""


class Ramp:
    """The share of a rate that may be used some time after a beginning."""

    def __init__(self) -> None:
        self._begun = -math.inf

    def begin(self, now: float) -> None:
        """Something begins (monotonic s)."""
        self._begun = now

    def share(self, now: float) -> float:
        """The share now, 0 to 1."""
        passed = (now - self._begun) / RAMP_S
        return min(1.0, RAMP_FROM + (1.0 - RAMP_FROM) * passed)


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
    def taken(self) -> frozenset[str]:
        """The attempts that have one."""
        return frozenset(self._taken)

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


class Lag:
    """How much longer an INVITE took than the quickest of the last seconds.

    The PBX says when one has left by its own clock, which may show anything: what is compared is
    by how much that is later than the order, by ours.
    """

    def __init__(self) -> None:
        self._quickest: deque[tuple[float, float]] = deque()  # (heard, difference), both growing

    @property
    def is_known(self) -> bool:
        """Whether the PBX says when INVITEs have left."""
        return bool(self._quickest)

    @property
    def spare(self) -> float:
        """What to allow for besides, in seconds."""
        return SPARE_S if self.is_known else UNKNOWN_SPARE_S

    def counted(self, sent: float, said: float, heard: float) -> float:
        """As of when a call counts, in monotonic seconds.

        Args:
            sent: when its order left (monotonic s).
            said: by when its INVITE had left, by the PBX's clock (s); 0 where it does not say.
            heard: when that was heard (monotonic s).
        """
        if not said:
            return heard
        difference = said - sent
        if self._quickest and abs(difference - self._quickest[-1][1]) > FAR_STEP_S:
            self._quickest.clear()
        while self._quickest and self._quickest[-1][1] >= difference:
            self._quickest.pop()
        self._quickest.append((heard, difference))
        while self._quickest[0][0] < heard - LAG_KEPT_S:
            self._quickest.popleft()
        return min(heard, sent + difference - self._quickest[0][1])


class Backlog:
    """Orders to call that the PBX has not begun.

    Whatever holds them up, a stalled link or a PBX at its limit, they are begun all at once when it
    is over. So no more are sent while one is late, and none for a window after the last late one.
    """

    def __init__(self) -> None:
        self._sent: dict[str, float] = {}
        self._hold_until = -math.inf

    def sent(self, attempt_id: str, at: float) -> None:
        """An order left (monotonic seconds)."""
        self._sent[attempt_id] = at

    def begun(self, attempt_id: str, at: float, window: float) -> float | None:
        """The PBX began a call; when its order left, None where that is unknown."""
        sent = self.forget(attempt_id)
        if sent is not None and at - sent > BEHIND_S:
            self._hold_until = max(self._hold_until, at + window)
        return sent

    def forget(self, attempt_id: str) -> float | None:
        """Refused, over, or known of otherwise; when its order left, None where it has gone."""
        return self._sent.pop(attempt_id, None)

    def earliest(self, now: float) -> float:
        """The first instant at which one more order may leave, `now` or later."""
        oldest = next(iter(self._sent.values()), now)
        if now - oldest > BEHIND_S:
            return max(now + LOOK_AGAIN_S, self._hold_until)
        return max(now, self._hold_until)
