"""How fast a trunk is called, whatever it may be called at. Pure."""

from collections import deque

OVER_S = 5.0
"""Over how long calls are counted: some beginnings more or less make no other rate."""

LEAST_S = 1.0
"""Over how long at least, where the first call was just made."""


class Starts:
    """When calls were sent over a trunk."""

    def __init__(self) -> None:
        self._lately: deque[float] = deque()
        self._first: float | None = None

    def rate_with(self, sent: float) -> float:
        """Calls per second, one sent at this instant (monotonic s) among them."""
        if self._first is None:
            self._first = sent
        self._lately.append(sent)
        while self._lately[0] <= sent - OVER_S:
            self._lately.popleft()
        return len(self._lately) / min(OVER_S, max(LEAST_S, sent - self._first))
