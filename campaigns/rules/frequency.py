"""How often one person may be called by one controller, whatever the campaigns. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many attempts in so many days.

    A day is 24 hours, from the instant of a call: with hours that leave the night out, it is
    never less than the calendar days of which D.223-9 of the Code de la consommation speaks.

    Attributes:
        most: attempts.
        days: the length of the window that moves along with time.
    """

    most: int
    days: int

    def __post_init__(self) -> None:
        if self.most < 1 or self.days < 1:
            raise InvalidInput("frequency", "it must allow one attempt, in a day, at least.")

    @property
    def window(self) -> timedelta:
        """How long an attempt counts."""
        return timedelta(days=self.days)


def capped_until(cap: Cap, begun: Iterable[datetime], now: datetime) -> datetime | None:
    """When the person may be called again; None where they may be now.

    Args:
        cap: what is allowed.
        begun: when the attempts that count began, in any order.
        now: aware instant; an attempt of exactly one window ago counts no more.
    """
    counted = sorted((at for at in begun if at > now - cap.window), reverse=True)
    return counted[cap.most - 1] + cap.window if len(counted) >= cap.most else None
