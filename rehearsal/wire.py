"""The UDP socket for SIP, with the moment at which the kernel took each message."""

import socket
import struct
from collections.abc import Callable, Iterator

from campaigns.errors import InvalidInput
from rehearsal.datagrams import SO_TIMESTAMPNS, lost_by_kernel, open_socket
from rehearsal.sip import Address
from rehearsal.stamps import ahead

_BURST = 64
_LARGEST = 65535
_TIMESPEC = struct.Struct("qq")


class Wire:
    """Sends and receives; what cannot be sent is lost, as UDP may lose it anyway.

    Raises:
        InvalidInput: the port is taken.
    """

    def __init__(self, host: str, port: int, clock: Callable[[], float]) -> None:
        try:
            self._sock = open_socket(host, port)
        except OSError as error:
            raise InvalidInput("sip-port", f"port {port} on {host}: {error.strerror}") from error
        self.address: Address = self._sock.getsockname()
        self._clock = clock

    def fileno(self) -> int:
        """For epoll."""
        return self._sock.fileno()

    def send(self, datagram: bytes, to: Address) -> None:
        """Send one message; whoever misses it will ask again."""
        try:
            self._sock.sendto(datagram, to)
        except OSError:
            return

    def receive(self) -> Iterator[tuple[bytes, Address, float]]:
        """Messages that wait, each with its source and when it arrived (epoch seconds).

        At most 64 at a time, so that audio is not kept waiting.
        """
        for _ in range(_BURST):
            try:
                datagram, ancillary, _, source = self._sock.recvmsg(_LARGEST, 64)
            except BlockingIOError:
                return
            if datagram.strip():
                yield datagram, source, self._arrival(ancillary)

    def _arrival(self, ancillary: list[tuple[int, int, bytes]]) -> float:
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                arrived: float = seconds + nanoseconds / 1e9 - ahead(self._clock)
                return round(min(arrived, self._clock()), 6)
        return self._clock()

    def lost(self) -> int | None:
        """Messages for which the kernel had no room, None if it doesn't say."""
        return lost_by_kernel([self._sock])

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
