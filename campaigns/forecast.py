"""When a campaign will be done and what it will cost, before anybody is called. Pure.

What nobody can know is assumed, and said with the result: that half of all calls are answered,
independently of each other, and that whoever answers hears the message to its end. Retries are
reckoned as if none had to wait for its hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from campaigns.rules.hours import Span
from campaigns.tariff import Tariff

ANSWERED = 0.5
"""Share of calls that is taken to be answered."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of calling.

    Attributes:
        day: by the clock given.
        begin: its first call.
        end: its last one.
        calls: how many are placed on it.
    """

    day: date
    begin: datetime
    end: datetime
    calls: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How the calls spread over days.

    Attributes:
        calls: how many are expected in all.
        rate: calls per second that every limit allows.
        days: those on which there are calls, in order.
        finish_at: the last call; None where not all fit into the time looked at.
    """

    calls: int
    rate: float
    days: tuple[Day, ...]
    finish_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a campaign costs, in micro-euros.

    Attributes:
        expected: by what is assumed.
        worst: if everybody were called as often as allowed and each call cost the most it can.
        least: the most that one call can cost, of the cheapest kind there is.
        unpriced: people for whom the trunk has no tariff.
    """

    expected: int = 0
    worst: int = 0
    least: int = 0
    unpriced: int = 0


def calls_expected(people: int, max_attempts: int) -> int:
    """Calls until each has answered once, or was called as often as allowed."""
    return round(people * sum((1 - ANSWERED) ** place for place in range(max_attempts)))


def answers_expected(people: int, max_attempts: int) -> int:
    """How many of them will have answered."""
    return round(people * (1 - (1 - ANSWERED) ** max_attempts))


def spread(calls: int, rate: float, spans: Iterable[Span], clock: tzinfo) -> Forecast:
    """Spread calls at a rate over the times at which they may be placed.

    Args:
        calls: how many.
        rate: calls per second, above zero.
        spans: when calls may start, in order and disjoint.
        clock: whose days are told.
    """
    days: dict[date, Day] = {}
    left, finish_at = calls, None
    for span in spans:
        if left <= 0:
            break
        many = min(left, max(1, int(span.seconds * rate)))
        left -= many
        end = span.end if left else min(span.end, span.begin + timedelta(seconds=many / rate))
        finish_at = None if left else end
        for piece in _by_day(Span(span.begin, end), many, clock):
            days[piece.day] = _joined(days.get(piece.day), piece)
    return Forecast(calls, rate, tuple(days.values()), finish_at)


def _by_day(span: Span, calls: int, clock: tzinfo) -> list[Day]:
    """A span in pieces, none of which is of two days; each with its share of the calls."""
    found: list[Day] = []
    begin, left = span.begin, calls
    while begin < span.end:
        day = begin.astimezone(clock).date()
        midnight = datetime(day.year, day.month, day.day, tzinfo=clock) + timedelta(days=1)
        end = min(span.end, midnight.astimezone(span.end.tzinfo))
        share = (end - begin) / (span.end - span.begin)
        many = left if end == span.end else round(calls * share)
        found.append(Day(day, begin, end, many))
        begin, left = end, left - many
    return found


def _joined(before: Day | None, piece: Day) -> Day:
    if before is None:
        return piece
    return Day(before.day, before.begin, piece.end, before.calls + piece.calls)


def cost_of(
    priced: Sequence[tuple[Tariff | None, int]], max_attempts: int, talk_s: int, longest_s: int
) -> Cost:
    """What calls to so many people by each tariff cost.

    Args:
        priced: a tariff, or None where there is none, and how many people may be called by it.
        max_attempts: calls to a person at most.
        talk_s: seconds that an answered call is taken to last.
        longest_s: seconds after which any call is ended.
    """
    known = [(tariff, people) for tariff, people in priced if tariff is not None]
    return Cost(
        expected=sum(
            answers_expected(people, max_attempts) * tariff.cost(talk_s) for tariff, people in known
        ),
        worst=sum(people * max_attempts * tariff.worst(longest_s) for tariff, people in known),
        least=min((tariff.worst(longest_s) for tariff, people in known if people), default=0),
        unpriced=sum(people for tariff, people in priced if tariff is None),
    )
