"""The RTP of every call as it arrived, a file for each: what the far side really heard.

A file is a numpy array of PACKET, in order of arrival, named by the call's SIP Call-ID.
"""

from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from campaigns.errors import InvalidInput
from rehearsal.datagrams import HEAD, Received

_RTP_HEADER = 12
PACKET = np.dtype(
    [
        ("at", "<f8"),
        ("size", "<u2"),
        ("flags", "u1"),
        ("payload", "u1"),
        ("seq", ">u2"),
        ("time", ">u4"),
        ("ssrc", ">u4"),
        ("octets", "u1", HEAD - _RTP_HEADER),
    ]
)
"""One packet: epoch seconds of its arrival, octets of its payload, and the RTP header's fields as
they stood (RFC 3550, 5.1; `payload` with the marker bit). `octets` holds 160 of the payload."""

Packets = NDArray[np.void]
_OWN = np.dtype([("at", "<f8"), ("size", "<u2")])
_PORTS = 1 << 16


class Capture:
    """Keeps what comes from the ports of calls that were begun.

    Args:
        directory: made if need be.

    Raises:
        InvalidInput: it cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput("capture", f"{directory}: {error.strerror}") from error
        self._directory = directory
        self._wanted = np.zeros(_PORTS, bool)
        self._names: dict[int, str] = {}
        self._kept: dict[int, list[bytes]] = {}

    def begin(self, port: int, call_id: str) -> None:
        """Keep what comes from this port from now on."""
        self._wanted[port] = True
        self._names[port], self._kept[port] = call_id, []

    def take(self, batch: Received) -> None:
        """Keep what of a batch is wanted. One step a packet: few, and cheap."""
        rows = np.flatnonzero(self._wanted[batch.ports])
        own = np.empty(len(rows), _OWN)
        own["at"], own["size"] = batch.times[rows], batch.sizes[rows] - _RTP_HEADER
        for index, row in enumerate(rows):
            packet = own[index].tobytes() + batch.heads[row].tobytes()
            self._kept[int(batch.ports[row])].append(packet)

    def move(self, old: int, new: int) -> None:
        """Go on with what comes from another port."""
        self.begin(new, self._names.pop(old))
        self._kept[new] = self._kept.pop(old)
        self._wanted[old] = False

    def end(self, port: int) -> None:
        """Write what came from a port since `begin`; nothing where it was not begun."""
        if not self._wanted[port]:
            return
        self._wanted[port] = False
        kept = np.frombuffer(b"".join(self._kept.pop(port)), PACKET)
        np.save(_file(self._directory, self._names.pop(port)), kept)


def captured(directory: Path, call_id: str) -> Packets:
    """The packets of one call, in order of arrival.

    Raises:
        FileNotFoundError: it was not captured, or is not over.
    """
    found: Packets = np.load(_file(directory, call_id))
    return found


def _file(directory: Path, call_id: str) -> Path:
    """A Call-ID may hold a slash (RFC 3261, 25.1)."""
    return directory / f"{quote(call_id, safe='')}.npy"
