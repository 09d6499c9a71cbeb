"""Where the API listens; apart from the rest of it, which takes a second to load."""

import socket

from campaigns.errors import InvalidInput


def listening(host: str, port: int) -> socket.socket:
    """A TCP socket that listens there.

    Args:
        host: name or address of ours.
        port: 0 for any that is free.

    Raises:
        InvalidInput: somebody else listens there, or it is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        # With its protocol named: only then does asyncio set TCP_NODELAY on what is accepted,
        # without which each answer on a connection that is kept waits 40 ms for a delayed ACK.
        return _bound(socket.socket(family, kind, protocol), address)
    except OSError as error:
        raise InvalidInput(
            "api", f"{host}, port {port}, cannot be listened on: {error.strerror}.",
            "Set host and port under [api] in portevoix.toml, or end what listens there.",
        ) from error  # fmt: skip


def _bound(made: socket.socket, address: tuple[object, ...]) -> socket.socket:
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(socket.SOMAXCONN)
    except OSError:
        made.close()
        raise
    return made
