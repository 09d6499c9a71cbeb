"""Whether a person's own consent holds at an instant, wherever they may be. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from campaigns.contacts.slot import Slot
from campaigns.contacts.terms import Terms
from campaigns.rules import hours
from campaigns.rules.windows import is_open, zone


def lapsed(terms: Terms, zones: Sequence[str], at: datetime) -> bool:
    """Whether it was withdrawn, or its last day is over in any of these zones.

    A withdrawal holds whatever its day: whoever wrote a day to come meant no call until then.
    """
    if terms.withdrawn_on is not None:
        return True
    last = terms.expires_on
    return last is not None and any(at.astimezone(zone(name)).date() > last for name in zones)


def closed_until(terms: Terms, zones: Sequence[str], at: datetime) -> datetime | None:
    """Until when it lets nobody call; None where a call may start now.

    The slot must be open in every zone. One that is not so within `hours.HORIZON`, since it is
    shorter than the zones are apart, is looked at again after it.
    """
    if terms.slot is None or is_open(terms.slot.windows, zones, at):
        return None
    return _opening(terms.slot, tuple(zones), at)


@lru_cache(maxsize=1024)
def _opening(slot: Slot, zones: tuple[str, ...], at: datetime) -> datetime:
    """Asked for many of one claim, which share the instant."""
    rules = hours.Rules(slot.windows, (), timedelta())
    return hours.next_opening(rules, zones, at) or at + hours.HORIZON
