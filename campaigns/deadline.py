"""«Finish by 20:00»: the rate that needs, and whether the limits allow it. Pure.

What is reckoned with, and what is not:

- The deadline is met when everybody has been called for the first time. Fresh people and retries
  take turns, so each first call may have to wait for one retry: as many calls as there are fresh
  people, and again as many as wait to be called again, up to their number. Retries that calls to
  come will bring on are not foreseen; the reckoning is made again and again, and has them then.
- How many people are in each zone group is not known. The rate is reckoned as if everybody were in
  the group that has the fewest seconds left, so that it is rather too high; that group is also
  served first, and is reckoned with no more once nobody of it waits. The limits are said to
  suffice if they do even so, not to suffice if they would not in all the hours of all groups
  together, and otherwise neither is said. With one group, it is exact.
- Of the limits, the campaign's own count; a call is taken to hold its channel for its message and
  half the ring time-out. Trunks that others use as well may allow less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from campaigns.campaign import Campaign
from campaigns.rules import hours
from campaigns.rules.hours import Span


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a campaign stands to its deadline.

    Attributes:
        finish_by: the deadline.
        needed_cps: calls per second, while calls may be placed; None where no such time is left.
        met: whether the campaign's limits allow for it; None where that cannot be told.
        done_at: when at the earliest it will be done at the rate its limits allow, whether that is
            in time or not; None where it is done, or not within 15 days.
    """

    finish_by: datetime
    needed_cps: float | None
    met: bool | None
    done_at: datetime | None


def calls_left(fresh: int, waiting: int) -> int:
    """Calls until everybody has been called for the first time, given what is known now.

    Args:
        fresh: people never called.
        waiting: people who wait to be called again.
    """
    return fresh + min(fresh, waiting)


def needed_rate(campaign: Campaign, calls: int, zones: Sequence[str], now: datetime) -> float:
    """Calls per second without which the deadline passes, never more than the limits allow.

    Args:
        campaign: whose `finish_by` it is; 0 is answered where it has none.
        calls: as `calls_left` says; 0 is answered for 0.
        zones: groups in which somebody waits, IANA names joined by `|`.
        now: aware instant.
    """
    if campaign.finish_by is None or not calls:
        return 0.0
    rate = _rate(calls, _seconds(_open(campaign, zones, now, campaign.finish_by)))
    allowed = allowed_rate(campaign)
    return allowed if rate is None else min(allowed, rate)


def outlook(campaign: Campaign, calls: int, zones: Sequence[str], now: datetime) -> Outlook | None:
    """How it stands; None where the campaign has no deadline. Arguments as `needed_rate`."""
    finish_by = campaign.finish_by
    if finish_by is None:
        return None
    if not calls:
        return Outlook(finish_by, 0.0, True, None)
    spans = _open(campaign, zones, now, finish_by)
    allowed = allowed_rate(campaign)
    later = _open(campaign, zones, now, now + hours.HORIZON)
    return Outlook(
        finish_by,
        _rate(calls, _seconds(spans)),
        _met(calls / allowed, spans),
        _done_at(calls / allowed, hours.union(chain.from_iterable(later))),
    )


def allowed_rate(campaign: Campaign) -> float:
    """Calls per second that the campaign's own limits allow for long."""
    limits = campaign.limits
    held_s = campaign.ring_timeout_s / 2 + campaign.longest_ms / 1000
    return min(limits.max_cps, limits.max_channels / held_s)


def _rate(calls: int, seconds: Sequence[float]) -> float | None:
    least = min((one for one in seconds if one), default=0.0)
    return calls / least if least else None


def _met(left: float, spans: Sequence[Sequence[Span]]) -> bool | None:
    """Whether so many seconds at the allowed rate lie in every group's spans, or in no way."""
    if left <= min(_seconds(spans), default=0.0):
        return True
    together = sum(one.seconds for one in hours.union(chain.from_iterable(spans)))
    return None if left <= together and len(spans) > 1 else False


def _done_at(left: float, spans: Sequence[Span]) -> datetime | None:
    for span in spans:
        if left <= span.seconds:
            return span.begin + timedelta(seconds=left)
        left -= span.seconds
    return None


def _seconds(spans: Sequence[Sequence[Span]]) -> list[float]:
    return [sum(one.seconds for one in group) for group in spans]


def _open(
    campaign: Campaign, zones: Sequence[str], now: datetime, until: datetime
) -> list[list[Span]]:
    """When each group may be called until then."""
    rules, between = hours.rules_of(campaign), Span(now, max(now, until))
    return [hours.open_spans(rules, group.split("|"), between) for group in zones]
