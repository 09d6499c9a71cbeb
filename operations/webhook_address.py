"""Where a webhook may lead, so that nobody reaches through us what only we can reach (SSRF).

A name is resolved once, every address it has is judged, and the connection goes to one that was
judged: a name that is resolved again may lead elsewhere (DNS rebinding).
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from campaigns.errors import InvalidInput

LONGEST_URL = 2000
_PORTS = {"https": 443, "http": 80}
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): an IPv4 address stands in them, which may be any."""

_REMEDY = "Give an https:// address that the Internet reaches."


class Unreachable(Exception):
    """An endpoint to which nothing is sent now; the text says why, without any secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint whose place is known.

    Attributes:
        host: as the URL names it.
        ip: where the connection goes.
        target: path and query.
    """

    tls: bool
    host: str
    ip: str
    port: int
    target: str


def check_url(url: str, *, allow_loopback: bool) -> str:
    """A URL that may be told of events.

    Args:
        url: as somebody gives it.
        allow_loopback: this machine may be told, also without TLS.

    Raises:
        InvalidInput: it is none, or leads where nothing is sent.
    """
    parts = _split(url)
    literal = _literal(parts.hostname or "")
    loopback = literal.is_loopback if literal else parts.hostname == "localhost"
    if loopback and not allow_loopback:
        raise InvalidInput("url", "it leads to this machine itself.", _REMEDY)
    if parts.scheme != "https" and not loopback:
        raise InvalidInput("url", "it is not https, so that anybody could read it.", _REMEDY)
    if literal is not None and not _allowed(literal, allow_loopback=allow_loopback):
        raise InvalidInput("url", "it leads into a private network.", _REMEDY)
    return url


def resolve(url: str, *, allow_loopback: bool) -> Address:
    """Where a URL leads now.

    Raises:
        Unreachable: its name is not known, or an address of it is none of the Internet's.
    """
    parts = _split(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a label that is empty or too long
        raise Unreachable("The name of the host is not known.") from error
    places = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for one in places:
        if not _allowed(one, allow_loopback=allow_loopback):
            raise Unreachable("The name of the host leads into a private network.")
        if parts.scheme != "https" and not one.is_loopback:
            raise Unreachable("Without https nothing is sent but to this machine.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme == "https", host, str(places[0]), port, target)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidInput("url", "it is no address.", _REMEDY) from None
    plain = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
    if not plain or parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise InvalidInput("url", "it is no address.", _REMEDY)
    if parts.username is not None or parts.fragment:
        raise InvalidInput(
            "url", "it holds a user's name or a fragment.", "Leave out what is before @ or after #."
        )
    return parts


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _allowed(one: IPv4Address | IPv6Address, *, allow_loopback: bool) -> bool:
    if isinstance(one, IPv6Address):
        inner = one.ipv4_mapped or one.sixtofour or (one.teredo and one.teredo[1])
        if inner:
            return _allowed(inner, allow_loopback=allow_loopback)
        if any(one in network for network in _TRANSLATED):
            return False
    if one.is_loopback:
        return allow_loopback
    return one.is_global and not one.is_multicast
