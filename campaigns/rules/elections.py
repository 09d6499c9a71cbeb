"""Elections: where and when people vote, and the time before in which nobody is called. Pure.

Code électoral, article L.49 3°: from the eve of the poll at midnight on, no serial calls, by an
automated system or not, that are to make voters vote for a candidate. The text names no end; here
it is midnight after the poll. Several overseas territories vote a day before the others in
national elections, so the day is asked for by territory.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from campaigns.errors import InvalidInput
from campaigns.rules.blackout import Blackout
from campaigns.rules.windows import zone


class Territory(StrEnum):
    """Where a poll has one date."""

    METROPOLE = "metropole"
    GUADELOUPE = "guadeloupe"
    SAINT_BARTHELEMY = "saint-barthelemy"
    SAINT_MARTIN = "saint-martin"
    MARTINIQUE = "martinique"
    GUYANE = "guyane"
    SAINT_PIERRE_ET_MIQUELON = "saint-pierre-et-miquelon"
    REUNION = "reunion"
    MAYOTTE = "mayotte"
    NOUVELLE_CALEDONIE = "nouvelle-caledonie"
    WALLIS_ET_FUTUNA = "wallis-et-futuna"
    POLYNESIE = "polynesie-francaise"


ZONES: Mapping[Territory, tuple[str, ...]] = {
    Territory.METROPOLE: ("Europe/Paris",),
    Territory.GUADELOUPE: ("America/Guadeloupe",),
    Territory.SAINT_BARTHELEMY: ("America/Guadeloupe",),
    Territory.SAINT_MARTIN: ("America/Guadeloupe",),
    Territory.MARTINIQUE: ("America/Martinique",),
    Territory.GUYANE: ("America/Cayenne",),
    Territory.SAINT_PIERRE_ET_MIQUELON: ("America/Miquelon",),
    Territory.REUNION: ("Indian/Reunion",),
    Territory.MAYOTTE: ("Indian/Mayotte",),
    Territory.NOUVELLE_CALEDONIE: ("Pacific/Noumea",),
    Territory.WALLIS_ET_FUTUNA: ("Pacific/Wallis",),
    Territory.POLYNESIE: ("Pacific/Tahiti", "Pacific/Marquesas", "Pacific/Gambier"),
}
"""The zones in which the numbers of a territory may be; +590 is of three that share one."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of voting.

    Attributes:
        polls: the day of the poll by territory; one that is not named votes on the earliest.
    """

    polls: Mapping[Territory, date]

    def __post_init__(self) -> None:
        if not self.polls:
            raise InvalidInput(
                "polls", "nobody votes in this round.", "Name a territory and the day it votes."
            )

    def poll(self, territory: Territory) -> date:
        """When a territory votes, or is taken to."""
        return self.polls.get(territory, min(self.polls.values()))


@dataclass(frozen=True, slots=True)
class Election:
    """An election, as its decree sets it.

    Attributes:
        name: for people.
        source: the text its dates are from.
        rounds: in order.
    """

    name: str
    source: str
    rounds: tuple[Round, ...]

    def __post_init__(self) -> None:
        for one, other in pairwise(self.rounds):
            if min(other.polls.values()) <= max(one.polls.values()):
                raise InvalidInput(
                    "rounds",
                    "a round begins before the one before it is over.",
                    "Write them in order, each with the days of its own poll.",
                )


def blackouts(elections: Sequence[Election]) -> tuple[Blackout, ...]:
    """The spans without calls, each in the zones whose midnights it lies between."""
    zones: defaultdict[tuple[datetime, datetime], set[str]] = defaultdict(set)
    for election in elections:
        for name, day in _polls(election):
            zones[_midnight(name, day - _DAY), _midnight(name, day + _DAY)].add(name)
    return tuple(Blackout(*span, frozenset(names)) for span, names in sorted(zones.items()))


def _polls(election: Election) -> Iterator[tuple[str, date]]:
    """Every zone with every day on which somebody in it votes."""
    for one in election.rounds:
        for territory, names in ZONES.items():
            for name in names:
                yield name, one.poll(territory)


def _midnight(name: str, day: date) -> datetime:
    """The instant at which a day begins in a zone."""
    return datetime.combine(day, time.min, zone(name)).astimezone(UTC)
