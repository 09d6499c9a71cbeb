"""Calls of a stretch of time, by what came of them: for charts, and the tables beside them."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from campaigns.outcome import Taken, taken
from operations.calls_made import Made
from store.calls_made import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Span:
    """Calls begun within one or more minutes.

    Attributes:
        at: when it began.
        answered: somebody, or a machine, took the call.
        not_answered: nobody did.
        ours: the network or we failed.
    """

    at: datetime
    answered: int
    not_answered: int
    ours: int

    @property
    def calls(self) -> int:
        """All of them."""
        return self.answered + self.not_answered + self.ours


def spans(made: Made, minutes: int, within: tuple[int, int] | None = None) -> tuple[Span, ...]:
    """Every span of so many minutes, in order, those without a call too.

    Args:
        made: the calls.
        minutes: how long each is.
        within: the first and the last one, counted from the epoch in spans; None for those from
            the first call to the last.
    """
    sums: dict[int, Counter[Taken]] = {}
    for (minute, outcome), many in made.outcomes.items():
        sums.setdefault(minute // minutes, Counter())[taken(outcome)] += many
    if within is None and not sums:
        return ()
    first, last = within or (min(sums), max(sums))
    return tuple(_span(one * minutes, sums.get(one, Counter())) for one in range(first, last + 1))


def _span(minute: int, sums: Counter[Taken]) -> Span:
    at = datetime.fromtimestamp(minute * MINUTE_MS / 1000, UTC)
    return Span(at, sums[Taken.ANSWERED], sums[Taken.NOT_ANSWERED], sums[Taken.OURS])
