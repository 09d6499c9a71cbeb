"""What a launch will take and cost: when its calls can be placed, how fast, and by which tariff."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from campaigns.campaign import MOST_CHANNELS, MOST_CPS, Campaign, Limits
from campaigns.forecast import Cost, Forecast, calls_expected, cost_of, spread
from campaigns.readiness import Readiness
from campaigns.rules import hours
from campaigns.rules.hours import HORIZON, Span
from campaigns.tariff import Tariff, Tariffs
from campaigns.trunk import Trunk
from store import queue, readiness
from store.spending import DAYS_OF


def foreseen(
    connection: Connection,
    campaign: Campaign,
    people: int,
    limits: Iterable[Limits],
    between: Span,
) -> Forecast:
    """How the calls of a campaign spread over the days.

    Args:
        connection: a transaction.
        campaign: which.
        people: how many may be called.
        limits: of the whole system, and of its trunks together.
        between: from its first call on, until its end; no further than 15 days are looked at.
    """
    calls = calls_expected(people, campaign.retry.max_attempts)
    rate = min(_rate(campaign, one) for one in (campaign.limits, *limits))
    spans = _open(connection, campaign, between)
    return spread(calls, rate, spans, DAYS_OF)


def _rate(campaign: Campaign, limits: Limits) -> float:
    """Calls per second that some limits allow for long, as for the campaign's own."""
    held_s = campaign.ring_timeout_s / 2 + campaign.longest_ms / 1000
    return min(limits.max_cps, limits.max_channels / held_s)


def _open(connection: Connection, campaign: Campaign, between: Span) -> list[Span]:
    """When anybody in it may be called."""
    end = min(between.end, between.begin + HORIZON)
    if end <= between.begin:
        return []
    rules, looked_at = hours.rules_of(campaign), Span(between.begin, end)
    groups = queue.zones_of(connection, campaign.id)
    spans = (hours.open_spans(rules, group.split("|"), looked_at) for group in groups)
    return hours.union(chain.from_iterable(spans))


def together(limits: Sequence[Limits]) -> Limits:
    """What several trunks allow between them."""
    channels = sum(one.max_channels for one in limits)
    cps = sum(one.max_cps for one in limits)
    return Limits(min(channels, MOST_CHANNELS), min(cps, MOST_CPS))


def cost(
    connection: Connection, campaign: Campaign, trunk: Trunk, found: Readiness, *, rehearsal: bool
) -> Cost:
    """What it costs over one trunk; in a rehearsal a number without a tariff costs nothing."""
    if not trunk.tariffs:
        unpriced = 0 if rehearsal else found.callable_people
        return Cost(unpriced=unpriced)
    priced = _priced(connection, trunk.tariffs, found, rehearsal=rehearsal)
    talk_s = math.ceil(campaign.longest_ms / 1000)
    longest_s = trunk.longest_call_s(campaign.max_call_s)
    return cost_of(priced, campaign.retry.max_attempts, talk_s, longest_s)


def _priced(
    connection: Connection, tariffs: Tariffs, found: Readiness, *, rehearsal: bool
) -> list[tuple[Tariff | None, int]]:
    """How many people are called by each tariff: those of a longer prefix are not of a shorter."""
    lists = [one.list_id for one in found.lists]
    share = found.callable_people / found.contacts if found.contacts else 0.0
    counts: dict[Tariff, int] = {}
    for one in tariffs:
        whole = _of_prefix(connection, lists, one.prefix, found.contacts)
        nested = (many for other, many in counts.items() if other.prefix.startswith(one.prefix))
        counts[one] = whole - sum(nested)
    priced: list[tuple[Tariff | None, int]] = [
        (one, round(many * share)) for one, many in counts.items()
    ]
    unknown = 0 if rehearsal else round((found.contacts - sum(counts.values())) * share)
    return [*priced, (None, unknown)]


def _of_prefix(connection: Connection, lists: Sequence[int], prefix: str, contacts: int) -> int:
    return contacts if prefix == "+" else readiness.beginning_with(connection, lists, prefix)


def from_to(begin: datetime, end_at: datetime | None) -> Span:
    """From one instant until the campaign's end, or as far as is looked."""
    return Span(begin, end_at or begin + HORIZON)
