"""What the end of one call says of the trunk it went by. Pure."""

import re
from enum import StrEnum

from campaigns.outcome import Outcome


class Sign(StrEnum):
    """What one call says of its trunk."""

    OK = "ok"
    """The network did its work, whatever the person did."""
    CONGESTED = "congested"
    """Refused for want of room: by the carrier or behind it."""
    UNAVAILABLE = "unavailable"
    """480 from the network: a phone that is off, or a storm; only the share tells."""
    FAILED = "failed"
    """Broken, refused whatever was asked, or not answered at all."""
    INVALID = "invalid"
    """No such number, says the network."""


_SAY_NOTHING = frozenset(
    {Outcome.CANCELLED, Outcome.PBX_LOST, Outcome.IN_DOUBT, Outcome.ANALYTICS_BLOCKED}
)
"""Our own doing, or about the caller id (608)."""

_BY_OUTCOME = {
    Outcome.CONGESTION: Sign.CONGESTED,
    Outcome.CARRIER_FAILURE: Sign.FAILED,
    Outcome.CARRIER_REFUSED: Sign.FAILED,
    Outcome.AUTH_BLOCKED: Sign.FAILED,
    Outcome.CONFIG_ERROR: Sign.FAILED,
    Outcome.INVALID_NUMBER: Sign.INVALID,
}

_BY_CODE = {
    (Outcome.NO_ANSWER, 100): Sign.FAILED,  # taken and never dealt with until our own time-out
    (Outcome.NO_ANSWER, 480): Sign.UNAVAILABLE,
    (Outcome.UNREACHABLE, 408): Sign.FAILED,
    (Outcome.UNREACHABLE, 502): Sign.FAILED,
    # With a carrier's cause 38 or 41, network out of order and temporary failure.
    (Outcome.CARRIER_FAILURE, 480): Sign.CONGESTED,
    (Outcome.CARRIER_FAILURE, 503): Sign.CONGESTED,
}
"""Where the SIP answer says more of the trunk than the outcome does."""

_CODE = re.compile(r"SIP (\d{3})")


def sign_of(outcome: Outcome, tech: str) -> Sign | None:
    """What an ended call says of its trunk; None where it says nothing.

    Args:
        outcome: how it ended.
        tech: the technology's own words, as in `campaigns.outcome.Facts`; `SIP 180 ...` is our
            own ring time-out, hence a network that works.
    """
    if outcome in _SAY_NOTHING:
        return None
    found = _CODE.match(tech)
    code = int(found.group(1)) if found else 0
    return _BY_CODE.get((outcome, code)) or _BY_OUTCOME.get(outcome, Sign.OK)
