"""What each of several dialers may use of a limit that they share. Pure.

A portion is made of whole calls: each dialer keeps its own, so that their sum keeps the limit
without a word between two calls. Where a limit is too small for all of them, the largest have it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.campaign import Limits


@dataclass(frozen=True, slots=True)
class Member:
    """A dialer that places calls now.

    Attributes:
        name: of its node.
        capacity: concurrent calls that its PBX carries.
    """

    name: str
    capacity: int


def portion(limits: Limits, members: Sequence[Member], name: str) -> Limits | None:
    """What one of them may use; None for nothing.

    Every one that has a channel may start calls too, and the other way round: a rate without
    channels would be lost to the others.

    Args:
        limits: what all may use together.
        members: all of them, in any order.
        name: of the one that is asked about.
    """
    most = min(len(members), limits.max_channels, max(1, math.floor(limits.max_cps)))
    sharing = sorted(members, key=lambda one: (-one.capacity, one.name))[:most]
    place = next((place for place, one in enumerate(sharing) if one.name == name), None)
    if place is None:
        return None
    weights = [one.capacity for one in sharing]
    whole = math.floor(limits.max_cps)
    channels = apportioned(limits.max_channels, weights)[place]
    rate = apportioned(whole, weights)[place] + (0 if place else limits.max_cps - whole)
    return Limits(channels, rate if len(sharing) > 1 else limits.max_cps)


def apportioned(total: int, weights: Sequence[int]) -> list[int]:
    """A number in whole parts by weight, by largest remainders; none is less than one.

    Args:
        total: at least as many as there are weights.
        weights: above zero, the largest first.
    """
    spare, whole = total - len(weights), sum(weights)
    exact = [spare * weight / whole for weight in weights]
    parts = [math.floor(one) for one in exact]
    by_rest = sorted(range(len(weights)), key=lambda place: parts[place] - exact[place])
    for place in by_rest[: spare - sum(parts)]:
        parts[place] += 1
    return [1 + one for one in parts]
