"""How campaigns stand to their deadlines, from what is counted."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from campaigns import deadline
from campaigns.campaign import Campaign
from campaigns.deadline import Outlook
from campaigns.states import TargetState
from store import queue, tallies


def needed(
    connection: Connection, campaigns: Iterable[Campaign], now: datetime
) -> dict[int, float]:
    """Calls per second that each campaign's deadline asks for, by id; none for those without."""
    return {
        one.id: deadline.needed_rate(
            one, _calls(tallies.of_campaign(connection, one.id)), _zones(connection, one), now
        )
        for one in campaigns
        if one.finish_by is not None
    }


def outlook(
    connection: Connection,
    campaign: Campaign,
    counts: Mapping[str, Mapping[str, int]],
    now: datetime,
) -> Outlook | None:
    """How a campaign of these tallies stands; None where it has no deadline."""
    if campaign.finish_by is None:
        return None
    return deadline.outlook(campaign, _calls(counts), _zones(connection, campaign), now)


def _zones(connection: Connection, campaign: Campaign) -> list[str]:
    return queue.zones_of(connection, campaign.id)


def _calls(counts: Mapping[str, Mapping[str, int]]) -> int:
    """Fresh people are those for whom no call was begun and who still may be called.

    Who was refused or cancelled after a first call is counted as fresh no more and as called: the
    fresh are too few by those, which are rare.
    """
    states = counts[tallies.STATE]
    pending = states.get(TargetState.PENDING, 0)
    begun = counts[tallies.BEGUN].get(tallies.PEOPLE, 0)
    closed = states.get(TargetState.REFUSED, 0) + states.get(TargetState.CANCELLED, 0)
    fresh = min(pending, max(0, sum(states.values()) - begun - closed))
    return deadline.calls_left(fresh, pending - fresh)
