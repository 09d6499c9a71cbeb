"""What is to be done later, in order of time."""

import heapq
from collections.abc import Callable
from itertools import count


class Timer:
    """One thing to do once."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Do it no more."""
        self.action = None


class Timers:
    """A heap of timers on whatever clock its user reads, in seconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()

    def add(self, when: float, action: Callable[[], None]) -> Timer:
        """Do something at a moment of the clock."""
        timer = Timer(action)
        heapq.heappush(self._heap, (when, next(self._order), timer))
        return timer

    def next_due(self) -> float:
        """When the first timer is due, infinity for none."""
        while self._heap and self._heap[0][2].action is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else float("inf")

    def run_due(self, now: float) -> None:
        """Do all whose moment has come."""
        while self.next_due() <= now:
            _, _, timer = heapq.heappop(self._heap)
            action, timer.action = timer.action, None
            if action is not None:
                action()
