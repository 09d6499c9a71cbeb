"""Times in which nobody may be called, whatever the hour. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Blackout:
    """A span without calls, such as the eve of an election (Code électoral, article L.49).

    Attributes:
        begin: aware instant from which no call may be up.
        end: aware instant from which calls may start again.
        zones: IANA names of the callee's zones it holds in; empty for all.
    """

    begin: datetime
    end: datetime
    zones: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise InvalidInput("blackout", "it ends before it begins.")

    def binds(self, zones: Sequence[str]) -> bool:
        """Whether it concerns somebody who may be in any of these zones."""
        return not self.zones or not self.zones.isdisjoint(zones)


def in_force(
    blackouts: Iterable[Blackout], zones: Sequence[str], at: datetime, longest_call: timedelta
) -> Blackout | None:
    """The blackout for which no call may start at `at`; None where there is none.

    A call that starts before one begins must be over when it does, so the last start lies one
    longest call earlier.
    """
    return next(
        (one for one in blackouts if one.binds(zones) and one.begin - longest_call < at < one.end),
        None,
    )
