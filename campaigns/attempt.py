"""One call placed for a target."""

import re
from dataclasses import dataclass
from datetime import datetime

from campaigns.budget import FREE, Price

ATTEMPT_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
"""A ULID: sorts by time, is never used twice, and is a safe AMI ChannelId."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt as the claim wrote it, on its way to the PBX.

    Attributes:
        id: see ATTEMPT_ID; also the channel's unique id on the PBX.
        campaign_id: its campaign.
        target_id: its target.
        number: E.164.
        trunk: name of the trunk it goes out by.
        caller_id: E.164 number shown.
        claimed_at: when the transaction that claimed it was written.
        price: what it is promised of its campaign's budget.
        variant: whose message is played; None for the campaign's own.
    """

    id: str
    campaign_id: int
    target_id: int
    number: str
    trunk: str
    caller_id: str
    claimed_at: datetime
    price: Price = FREE
    variant: str | None = None
