"""Who is called next where not everybody can be: zone groups, fresh people and retries. Pure.

The turns are taken by the clock and not by a counter, so that they hold from one dialer to the
next, and whether a cycle claims one call or fifty. A second's place in a Weyl sequence decides:
its fractional parts are spread evenly, at any regular distance of seconds as well.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, zip_longest
from typing import TypeVar

T = TypeVar("T")

FIRST_SHARE = 0.75
"""Of the time, how much the zone group whose hours end soonest is served before all others."""

_GOLDEN = (5**0.5 - 1) / 2
_SQUARE = 2**0.5 - 1


def in_turn(groups: Iterable[tuple[datetime, str]], at: datetime) -> list[str]:
    """The order in which zone groups are served in this second.

    For three seconds in four it is the order in which their hours end, so that nobody's last
    hour is lost to people who can still be called later. In the fourth the others come first,
    each as often as any other, so that none waits for as long as another has work.

    Args:
        groups: when the calling hours of each end, and its name.
        at: aware instant.
    """
    ordered = [name for _, name in sorted(groups)]
    place = int(at.timestamp()) * _GOLDEN % 1.0
    if len(ordered) < 2 or place < FIRST_SHARE:
        return ordered
    others = len(ordered) - 1
    chosen = 1 + min(others - 1, int((place - FIRST_SHARE) / (1 - FIRST_SHARE) * others))
    return [ordered[chosen], *ordered[:chosen], *ordered[chosen + 1 :]]


def alternate(retries: Sequence[T], fresh: Sequence[T], at: datetime) -> list[T]:
    """Retries and people never called before, one for one while there are both.

    Which of them begins changes with the second, so that neither starves where there is room
    for one call at a time.
    """
    retry_begins = int(at.timestamp()) * _SQUARE % 1.0 < 0.5
    pairs = zip_longest(retries, fresh) if retry_begins else zip_longest(fresh, retries)
    return [one for one in chain.from_iterable(pairs) if one is not None]
