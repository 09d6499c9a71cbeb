"""Events that other programs are told of: their kinds, signature, and when to try again. Pure."""

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum

SIGNATURE = "Porte-Voix-Signature"
"""Header: `t=` seconds since the epoch, `v1=` the HMAC-SHA256 of `t.body` in hexadecimal."""

_FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)

GIVEN_UP_AFTER = timedelta(days=3)
"""How long an event is told again, counted from when it happened or was asked for again."""

MOST_REFUSALS = 8
"""How often an event may be refused (any 4xx but 408 and 429) before it is told no more."""


class EventKind(StrEnum):
    """What happened."""

    CAMPAIGN_STATE = "campaign.state_changed"
    CAMPAIGN_HELD = "campaign.held"
    TARGET_FINISHED = "target.finished"
    OPTED_OUT = "person.opted_out"
    LIST_IMPORTED = "list.imported"


class DeliveryState(StrEnum):
    """Where the telling of an event to an endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


def delay(failures: int) -> timedelta:
    """How long to wait after so many failures one after the other, at least one: 5 s, 10 s, ..."""
    doubled: int = 2 ** min(failures - 1, 20)
    return min(LONGEST_DELAY, _FIRST_DELAY * doubled)


def signature(secret: str, at: int, body: bytes) -> str:
    """The value of the header.

    Args:
        secret: the endpoint's.
        at: seconds since the epoch, when it is sent: a receiver refuses what is old.
        body: exactly what is sent.
    """
    signed = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256)
    return f"t={at},v1={signed.hexdigest()}"
