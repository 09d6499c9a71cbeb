"""What a person called may ask of a controller, and until when it must be answered. Pure."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum

WARN_DAYS = 7
"""How many days before its last one a request is said to be near."""

_SATURDAY = 5


class RequestKind(StrEnum):
    """Which right is exercised."""

    ACCESS = "access"  # GDPR article 15
    ERASURE = "erasure"  # article 17
    OBJECTION = "objection"  # article 21


def due_on(received_on: date, is_holiday: Callable[[date], bool]) -> date:
    """The last day on which a request is answered in time: GDPR article 12(3), one month.

    Regulation (EEC, Euratom) 1182/71, article 3: a period of months ends with the last hour of the
    day that has the same date as the event's, or with the month where it has no such day (2)(c);
    where that is a public holiday, a Sunday or a Saturday, with that of the next working day (4).

    Args:
        received_on: the day on which it was received.
        is_holiday: whether a day is a public holiday where the controller is.
    """
    year, month = received_on.year + received_on.month // 12, received_on.month % 12 + 1
    last = date(year, month, min(received_on.day, monthrange(year, month)[1]))
    while last.weekday() >= _SATURDAY or is_holiday(last):
        last += timedelta(days=1)
    return last
