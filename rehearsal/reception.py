"""Audio that arrives, counted per source port: one number per port, no object per packet."""

from dataclasses import dataclass

import numpy as np

from rehearsal.datagrams import Received

_PORTS = 1 << 16
_RTP_HEADER = 12
_NOBODY = 255
_OCTETS_PER_SECOND = 8000


@dataclass(frozen=True, slots=True)
class Heard:
    """What came from one port. Times are epoch seconds, None where nothing came."""

    first_at: float | None
    last_at: float | None
    packets: int
    seconds: float


class Reception:
    """Counts only packets of the agreed audio payload type: no keys, no RTCP, no comfort noise."""

    def __init__(self) -> None:
        self._payload = np.full(_PORTS, _NOBODY, np.uint8)
        self._first = np.zeros(_PORTS)
        self._last = np.zeros(_PORTS)
        self._packets = np.zeros(_PORTS, np.int64)
        self._octets = np.zeros(_PORTS, np.int64)
        self.total = 0

    def listen(self, port: int, payload: int) -> None:
        """Begin anew for a call whose RTP comes from this port."""
        self._payload[port] = payload
        self._packets[port] = self._octets[port] = 0

    def count(self, batch: Received) -> None:
        """Add one batch."""
        self.total += len(batch.ports)
        wanted = self._payload[batch.ports] == batch.kinds
        ports, times = batch.ports[wanted], batch.times[wanted]
        new = self._packets[ports] == 0
        # Where a port comes twice the last assignment holds: the earliest, written backwards.
        self._first[ports[new][::-1]] = times[new][::-1]
        self._last[ports] = times
        np.add.at(self._packets, ports, 1)
        np.add.at(self._octets, ports, batch.sizes[wanted] - _RTP_HEADER)

    def heard(self, port: int) -> Heard:
        """What came from a port since `listen`."""
        packets = int(self._packets[port])
        if not packets:
            return Heard(None, None, 0, 0.0)
        return Heard(
            round(float(self._first[port]), 6),
            round(float(self._last[port]), 6),
            packets,
            round(int(self._octets[port]) / _OCTETS_PER_SECOND, 3),
        )

    def move(self, old: int, new: int) -> None:
        """Go on counting what came from one port with what comes from another."""
        for column in (self._payload, self._first, self._last, self._packets, self._octets):
            column[new] = column[old]
        self.forget(old)

    def forget(self, port: int) -> None:
        """Count nothing more from a port."""
        self._payload[port] = _NOBODY
