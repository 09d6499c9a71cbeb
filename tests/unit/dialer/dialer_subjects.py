"""Campaigns and calls for the dialer's tests."""

from datetime import UTC, datetime
from typing import Any

from ulid import ULID

from campaigns.attempt import Attempt
from campaigns.campaign import Campaign, Limits
from campaigns.contacts.basis import Evidence
from campaigns.rules.windows import ALWAYS
from campaigns.states import CampaignState
from dialer.calls import Call

CALLER_ID = "+33199001234"
TRUNK = "loop"
MESSAGE_MS = 2000


def a_campaign(id_: int = 1, **changes: Any) -> Campaign:
    values: dict[str, Any] = {
        "id": id_,
        "controller_id": 1,
        "name": f"campaign {id_}",
        "purpose": "political",
        "state": CampaignState.RUNNING,
        "trunk": TRUNK,
        "caller_id": CALLER_ID,
        "message": "messages/abcd",
        "message_ms": MESSAGE_MS,
        "limits": Limits(30, 20),
        "windows": ALWAYS,
        "evidence": Evidence.ROW,
        "ring_timeout_s": 15,
        "rehearsal": True,
    }
    return Campaign(**{**values, **changes})


def an_attempt(
    number: str = "+33639980001", target_id: int = 1, trunk: str = TRUNK, campaign_id: int = 1
) -> Attempt:
    now = datetime.now(UTC)
    return Attempt(str(ULID()), campaign_id, target_id, number, trunk, CALLER_ID, now)


def a_call(attempts: int = 0, tries: int = 0, **changes: Any) -> Call:
    campaign = changes.pop("campaign", None) or a_campaign()
    return Call(
        an_attempt(trunk=campaign.trunk, campaign_id=campaign.id),
        campaign,
        attempts,
        tries,
        **changes,
    )
