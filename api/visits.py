"""How often the public pages take something from one address, and in all.

What they count is kept in memory and for minutes: no address is written anywhere.
"""

import ipaddress
import time
from collections import Counter, deque
from collections.abc import Callable
from threading import Lock

SECONDS = 600
"""The time in which visits are counted."""
OF_ONE_ADDRESS = 30
"""Sent in that time from one address: a meeting room full of people is one address."""
OF_ONE_OFFICE = 120
"""Steps of signing in by an identity provider, two for each person: an office is one address."""
OF_ALL = 600
"""Sent in that time from everywhere: one a second, which no calling machine notices."""
_NETWORK_BITS = 64
"""Of an IPv6 address: what a household is given as a whole (RFC 6177)."""


class Allowance:
    """Counts what was taken; what was refused is not kept, so that memory is bounded.

    Args:
        clock: seconds, monotonic.
        of_one: taken in `SECONDS` from one address.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, of_one: int = OF_ONE_ADDRESS
    ) -> None:
        self._clock = clock
        self._of_one = of_one
        self._taken: deque[tuple[float, str]] = deque()
        self._of: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, address: str) -> bool:
        """Whether one more from this address is taken; it is counted then."""
        network, now = network_of(address), self._clock()
        with self._lock:
            self._forget(now - SECONDS)
            if len(self._taken) >= OF_ALL or self._of[network] >= self._of_one:
                return False
            self._taken.append((now, network))
            self._of[network] += 1
            return True

    def _forget(self, before: float) -> None:
        while self._taken and self._taken[0][0] <= before:
            _, network = self._taken.popleft()
            self._of[network] -= 1
        self._of = +self._of


class Visits:
    """Each kind apart: a flood of the one never keeps anybody from another."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.agreements = Allowance(clock)
        self.withdrawals = Allowance(clock)
        self.codes = Allowance(clock)
        self.receipts = Allowance(clock)
        self.sign_ins = Allowance(clock, OF_ONE_OFFICE)


def network_of(address: str) -> str:
    """What counts as one address: of IPv6, the network of a household."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
