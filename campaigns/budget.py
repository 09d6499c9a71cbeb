"""What a campaign may spend, and what each call of it is promised from that. Pure.

Before a call is placed, the most it can cost is reserved; when it has ended, what it did cost is
spent and the reservation is free again. So what is spent and reserved together never passes the
budget, whatever happens to calls in flight.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from campaigns.tariff import Tariff, Tariffs


@dataclass(frozen=True, slots=True)
class Price:
    """What a call is promised.

    Attributes:
        worst: micro-euros it can cost at most.
        tariff: what it will be charged by, as `Tariff.written`; empty for none.
    """

    worst: int = 0
    tariff: str = ""


FREE = Price()
"""Of a call that costs nothing, or of which nobody knows what it costs."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the calls of a campaign over one trunk are promised.

    Attributes:
        tariffs: the trunk's.
        longest_s: whole seconds after which the PBX ends any of these calls, ringing included: so
            nobody talks longer.
        unknown_is_free: a number without a tariff costs nothing, as in a rehearsal.
    """

    tariffs: Tariffs = field(default_factory=Tariffs)
    longest_s: int = 0
    unknown_is_free: bool = True

    def of(self, number: str) -> Price | None:
        """The price of a call to an E.164 number; None where no tariff says."""
        tariff = self.tariffs.of(number)
        if tariff is None:
            return FREE if self.unknown_is_free else None
        return _price(tariff, self.longest_s)


@lru_cache(maxsize=4096)
def _price(tariff: Tariff, longest_s: int) -> Price:
    """Reckoned once for all calls of a kind."""
    return Price(tariff.worst(longest_s), tariff.written())


@dataclass(frozen=True, slots=True)
class Spending:
    """How a campaign's money stands; all in micro-euros.

    Attributes:
        spent: what ended calls cost.
        reserved: the most that calls in flight and in doubt can cost.
        budget: what it may spend in all; None for no budget.
    """

    spent: int = 0
    reserved: int = 0
    budget: int | None = None

    @property
    def room(self) -> int | None:
        """What may still be promised to calls; None where there is no budget."""
        return None if self.budget is None else self.budget - self.spent - self.reserved
