"""Why a campaign is, or is not, dialing at this moment: what holds for all of its people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.rules import gates, hours
from campaigns.rules.gates import Gate
from campaigns.states import CampaignState
from store import queue


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands.

    Attributes:
        dialing: it may place calls now.
        gate: what keeps it from that; None where nothing does.
        opens_at: when that ends by itself, where it is known.
    """

    dialing: bool
    gate: Gate | None = None
    opens_at: datetime | None = None


def standing(
    connection: Connection,
    campaign: Campaign,
    dialer: Mapping[str, Any],
    now: datetime,
    *,
    halted: bool,
) -> Standing:
    """Look at a campaign as the dialer does before it looks at people.

    Args:
        connection: a transaction.
        campaign: which.
        dialer: what the running one shows of itself; empty where none runs.
        now: the moment.
        halted: everything is stopped.
    """
    if campaign.state is not CampaignState.RUNNING or halted:
        return Standing(dialing=False, gate=Gate.CAMPAIGN_NOT_RUNNING)
    if campaign.hold:
        return Standing(dialing=False, gate=Gate.STAGE_HOLD)
    if not dialer.get("ready"):
        return Standing(dialing=False, gate=Gate.PBX_UNAVAILABLE)
    own = dialer.get("campaigns", {}).get(str(campaign.id), {}).get("gate")
    if own:
        return Standing(dialing=False, gate=Gate(own))
    return _by_the_clock(connection, campaign, now)


def _by_the_clock(connection: Connection, campaign: Campaign, now: datetime) -> Standing:
    """Whether anybody in it may be called at this hour; the earliest to be, where nobody may."""
    rules = hours.rules_of(campaign)
    closed: Gate | None = None
    opens: list[datetime] = []
    for group in queue.zones_of(connection, campaign.id):
        zones = group.split("|")
        gate = gates.closed(rules, zones, now)
        if gate is None:
            return Standing(dialing=True)
        closed = closed or gate
        opening = hours.next_opening(rules, zones, now)
        opens += [opening] if opening else []
    return Standing(closed is None, closed, min(opens, default=None))
