"""A trunk: a SIP route with its limits and the caller ids it may show."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from campaigns.errors import InvalidInput

FIRST_RATE = 1.0
"""Calls per second of a trunk that nobody has armed for more."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_CONTACT_HOST = re.compile(r"^sips?:(?:[^@;>]*@)?(\[[0-9a-fA-F:.]+\]|[^:;>?]+)")


class NumberFormat(StrEnum):
    """How the carrier wants a number dialled."""

    E164_PLUS = "e164_plus"
    E164 = "e164"
    NATIONAL_FR = "national_fr"


class Codec(StrEnum):
    """Codecs the messages are prepared in, by Asterisk's names."""

    ALAW = "alaw"
    ULAW = "ulaw"
    G722 = "g722"
    SLIN = "slin"


@dataclass(frozen=True, slots=True)
class Trunk:
    """One SIP route.

    Attributes:
        name: lower-case letters, digits and hyphens; also the PJSIP endpoint's name.
        host: address or name of the carrier's SIP server.
        port: its UDP port.
        codec: the one codec offered, so that the PBX never transcodes.
        number_format: how numbers are dialled.
        caller_ids: E.164 numbers the carrier lets us show.
        max_channels: concurrent calls.
        max_cps: calls started in any one second.
        username: for a carrier that asks for a login; empty where it knows our address.
        password: its secret.
    """

    name: str
    host: str
    port: int = 5060
    codec: Codec = Codec.ALAW
    number_format: NumberFormat = NumberFormat.E164_PLUS
    caller_ids: tuple[str, ...] = ()
    max_channels: int = 30
    max_cps: float = FIRST_RATE
    username: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(
                "trunk name", f"«{self.name}» is not usable.", "Use a-z, 0-9 and hyphens."
            )
        if self.max_channels < 1 or self.max_cps <= 0:
            raise InvalidInput(f"trunk {self.name}", "its limits must be above zero.")

    def dialled(self, number: str) -> str:
        """The E.164 number as this trunk wants it dialled or shown."""
        if self.number_format is NumberFormat.E164:
            return number.removeprefix("+")
        if self.number_format is NumberFormat.NATIONAL_FR and number.startswith("+33"):
            return "0" + number.removeprefix("+33")
        return number


def is_loopback(contact: str) -> bool:
    """Whether a contact (`sip:127.0.0.1:5080`) or a bare address stays on this host.

    Names are never taken for loopback: what they resolve to can change after the check.
    """
    found = _CONTACT_HOST.match(contact)
    host = (found.group(1) if found else contact).strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_rehearsal(contacts: list[str]) -> bool:
    """Whether every contact of an endpoint is on loopback, so that no person can be reached."""
    return bool(contacts) and all(is_loopback(contact) for contact in contacts)
