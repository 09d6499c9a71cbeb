"""A trunk: a SIP route with its limits and the caller ids it may show."""

import math
import re
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address

from campaigns.errors import InvalidInput
from campaigns.tariff import Tariffs

FIRST_RATE = 1.0
"""Calls per second of a trunk that nobody has armed for more."""

OPTIONS_INTERVAL_S = 60
"""Seconds between two OPTIONS to a carrier: Asterisk's own documentation uses this for trunks."""

RTP_TIMEOUT_S = 60
"""Seconds without audio from the far side after which a call is over: gone without BYE."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_USER = re.compile(r"[A-Za-z0-9_.+-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]{1,255}")
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


class Keys(StrEnum):
    """By which ways the PBX takes keys. Tones in the sound count where no other way was agreed."""

    ANY = "any"  # RFC 4733, and SIP INFO
    RFC4733 = "rfc4733"  # INFO is ignored


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
        registration: whether that login is registered (REGISTER); if not, it only answers the
            carrier's challenge to an INVITE. Nothing is registered without a username.
        priority: trunks of a lower number are used first, those of a higher one where the lower
            are full or out of order.
        weight: its share of the calls among trunks of its priority.
        options_interval_s: seconds between two OPTIONS, by which the PBX finds out that the
            carrier cannot be reached; 0 for none.
        rtp_timeout_s: seconds without audio from the far side after which the PBX hangs up.
        max_call_s: whole seconds after which the PBX ends any call; None for the campaign's own.
        keys: by which ways keys are taken; a carrier that sends one press by two of them needs
            `rfc4733`, since INFO comes as a key goes down and RFC 4733 counts as it goes up.
        pai: whether the caller id is sent in P-Asserted-Identity (RFC 3325) as well.
        from_user: user part of From where the carrier wants its account there and takes the
            caller id from P-Asserted-Identity; empty for the caller id.
        from_domain: host part of From; empty for our own address.
        tariffs: what its calls cost; none where that is not known.
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
    registration: bool = True
    priority: int = 1
    weight: float = 1.0
    options_interval_s: int = OPTIONS_INTERVAL_S
    rtp_timeout_s: int = RTP_TIMEOUT_S
    max_call_s: int | None = None
    keys: Keys = Keys.ANY
    pai: bool = True
    from_user: str = ""
    from_domain: str = ""
    tariffs: Tariffs = field(default_factory=Tariffs)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(
                "trunk name", f"«{self.name}» is not usable.", "Use a-z, 0-9 and hyphens."
            )
        if self.max_channels < 1 or self.max_cps <= 0:
            raise InvalidInput(f"trunk {self.name}", "its limits must be above zero.")
        if self.priority < 1 or not 0 < self.weight < math.inf:
            raise InvalidInput(
                f"trunk {self.name}", "its priority must be 1 or more and its weight above zero."
            )
        if self.options_interval_s < 0 or self.longest_call_s(self.rtp_timeout_s) < 1:
            raise InvalidInput(f"trunk {self.name}", "its times must be above zero.")
        self._check_identity()

    def _check_identity(self) -> None:
        """What stands in From must neither end a line of a configuration nor a SIP address."""
        field_name = f"trunk {self.name}"
        if self.from_user and not _USER.fullmatch(self.from_user):
            raise InvalidInput(
                field_name, f"from_user «{self.from_user}» is not usable.",
                "Use letters, digits and . _ + -; a domain goes into from_domain.",
            )  # fmt: skip
        if self.from_domain and not _DOMAIN.fullmatch(self.from_domain):
            raise InvalidInput(
                field_name, f"from_domain «{self.from_domain}» is not a host name.",
                "Use letters, digits, dots and hyphens.",
            )  # fmt: skip
        if self.from_user and not self.pai:
            raise InvalidInput(
                field_name, "with from_user and without pai nobody would see the caller id.",
                "Leave pai on, or from_user empty.",
            )  # fmt: skip

    @property
    def registers(self) -> bool:
        """Whether the PBX keeps a registration with the carrier."""
        return self.registration and bool(self.username)

    @property
    def asks_options(self) -> bool:
        """Whether the PBX asks by OPTIONS; on loopback it need not."""
        return self.options_interval_s > 0 and not is_loopback(self.host)

    def longest_call_s(self, campaign_s: int) -> int:
        """Whole seconds after which the PBX ends a call: the campaign's, or fewer."""
        return campaign_s if self.max_call_s is None else min(campaign_s, self.max_call_s)

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
