"""Sending one event to one endpoint: no redirect is followed, nothing is read but the status."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import version

from operations.webhook_address import Address, Unreachable, resolve

TIMEOUT_S = 10.0
"""For the connection, and again for the answer."""

LONGEST_S = 20.0
"""For all of it: whoever answers a letter at a time would keep others from being told."""


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_loopback: bool) -> int:
    """Send an event; the status of the answer.

    Raises:
        Unreachable: nothing answered; the text says why.
    """
    address = resolve(url, allow_loopback=allow_loopback)
    connection = _Direct(address)
    watch = threading.Timer(LONGEST_S, connection.give_up)
    watch.daemon = True
    watch.start()
    sent = {"Content-Type": "application/json", "User-Agent": _program(), **headers}
    try:
        connection.request("POST", address.target, body, sent)
        return connection.getresponse().status
    except ssl.SSLError as error:
        raise Unreachable(f"TLS failed: {error.reason or 'no secure connection'}.") from error
    except TimeoutError as error:
        raise Unreachable(f"It did not answer within {TIMEOUT_S:g} s.") from error
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"It cannot be reached: {type(error).__name__}.") from error
    finally:
        watch.cancel()
        connection.close()


class _Direct(http.client.HTTPConnection):
    """Connects to the address that was judged, whatever the name leads to meanwhile."""

    def __init__(self, address: Address) -> None:
        default = http.client.HTTPS_PORT if address.tls else http.client.HTTP_PORT
        # With the scheme's own port the Host header does not name it.
        self.default_port = default
        super().__init__(address.host, address.port, timeout=TIMEOUT_S)
        self._address = address

    def give_up(self) -> None:
        """End it from another thread: whoever reads then reads the end."""
        with suppress(OSError):  # it has ended by itself
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        plain = socket.create_connection((self._address.ip, self._address.port), TIMEOUT_S)
        if not self._address.tls:
            self.sock = plain
            return
        try:
            self.sock = _context().wrap_socket(plain, server_hostname=self._address.host)
        except OSError:
            plain.close()
            raise


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


@cache
def _program() -> str:
    return f"Porte-voix/{version('portevoix')}"
