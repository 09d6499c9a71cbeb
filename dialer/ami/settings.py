"""Where the PBX answers AMI, and how patient the link is."""

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AmiPatience:
    """How long the link waits, in seconds.

    Attributes:
        connect: TCP connection, TLS handshake and the PBX's first line.
        action: answer to an action. An Originate unanswered for so long breaks the link, so that
            it cannot be carried out later by a PBX that wakes up.
        send: bytes waiting to leave; a link that takes none for so long is broken.
        silence: nothing heard for so long is answered by a Ping.
        ping: nothing heard after that Ping breaks the link.
        boot: a PBX that accepts logins but is still loading its modules.
        settle: uptime of a PBX that may not tell us (no `system` in the account's `read`) whether
            it has loaded everything.
        overrun: the event loop not taking events while the queue is full breaks the link.
        first_retry: first delay before reconnecting; doubles after each failure.
        last_retry: longest delay before reconnecting.
    """

    connect: float = 5.0
    action: float = 5.0
    send: float = 3.0
    silence: float = 10.0
    ping: float = 5.0
    boot: float = 60.0
    settle: float = 5.0
    overrun: float = 5.0
    first_retry: float = 0.25
    last_retry: float = 10.0


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """One AMI account.

    Attributes:
        host: name or address, IPv4 or IPv6.
        port: TCP port.
        username: section of manager.conf.
        secret: its secret; as powerful as a shell on the PBX, hence never shown.
        tls: how the PBX's certificate is checked; None speaks in clear.
        patience: see AmiPatience.
    """

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    patience: AmiPatience = AmiPatience()
