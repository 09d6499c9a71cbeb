"""Choose ports that are free now, below those the kernel hands out by itself."""

import socket
from dataclasses import dataclass
from random import SystemRandom

from campaigns.errors import PbxError
from dialer.instance.configure import LOOPBACK

_SIGNALLING = range(5_100, 9_900, 2)
"""Apart from RTP, whose sockets come and go with calls, so that none sits on a port just chosen."""

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
    if _FIRST + width > _LAST:
        raise PbxError(f"There are no ports for {calls} calls between {_FIRST} and {_LAST}.")
    dice = SystemRandom()
    first = dice.randrange(_FIRST, _LAST - width, 2)
    for sip in dice.sample(_SIGNALLING, _TRIES):
        if is_free(sip, socket.SOCK_DGRAM) and is_free(sip + 1, socket.SOCK_STREAM):
            return Ports(sip, sip + 1, first, first + width - 1)
    raise PbxError("No port is free for SIP and AMI.")


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
