"""Choose ports that are free now, below those the kernel hands out by itself."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from random import SystemRandom

from campaigns.errors import PbxError
from dialer.instance.configure import LOOPBACK

_FIRST, _LAST = 10_000, 32_000
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports for one instance: SIP (UDP), AMI (TCP) and a range for RTP (UDP)."""

    sip: int
    ami: int
    rtp_first: int
    rtp_last: int


def free_ports(calls: int) -> Ports:
    """Find free ports.

    Args:
        calls: concurrent calls; each takes two RTP ports, and twice as many are kept so that
            Asterisk, which picks them at random, finds one soon.

    Raises:
        PbxError: none were found.
    """
    width = 4 * calls + 2
    for start in _candidates(width):
        if is_free(start, socket.SOCK_DGRAM) and is_free(start + 1, socket.SOCK_STREAM):
            return Ports(start, start + 1, start + 2, start + 1 + width)
    raise PbxError(f"No free ports for {calls} calls between {_FIRST} and {_LAST}.")


def _candidates(width: int) -> Iterator[int]:
    highest = _LAST - width - 2
    if highest <= _FIRST:
        return
    dice = SystemRandom()
    for _ in range(_TRIES):
        yield dice.randrange(_FIRST, highest, 2)


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether nobody uses this port on loopback; `kind` is SOCK_STREAM or SOCK_DGRAM."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            # Connections of a server that has ended do not keep its port (TIME_WAIT).
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
