"""This dialer's portions of the limits that it shares with others on one database.

What it keeps stands in the database, and the sum of what all keep is never above a limit. It gives
back in two steps: first it uses less, and only when calls that are up need no more, and the last
second holds no more starts, it keeps less. What others gave back it takes in one step.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from campaigns.campaign import LEAST_CPS, Limits
from campaigns.portions import Member, portion
from campaigns.script import LONGEST_RING_S, LONGEST_TALK_S
from store import attempts, leases, portions
from store.leases import Node
from store.portions import NOTHING, SYSTEM, Kept, Limited, of_transfers

LINGER_S = 2.5
"""How long starts of before count against a rate that was lowered: the second of the limit, and the
way of an order to the far side."""

FRESH_S = leases.LEASE_LASTS.total_seconds() - 3.0
"""How long what was settled may be used: others may take it when the lease can have lapsed."""

LONGEST_HEARD_S = 3600
"""What anybody hears before they ask to be put through: the longest message (`audio.decode`) four
times, and as long again of questions."""

LONGEST_TRANSFER_S = float(LONGEST_HEARD_S + LONGEST_RING_S + LONGEST_TALK_S)
"""How long a transfer may still be up by a limit that was lowered: a call keeps the one that it was
sent with, to its very end."""

Shared = Mapping[Limited, Limits]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one look at the others is about.

    Attributes:
        node: this one, which carries so many calls (`capacity`) and places some now (`ready`).
        limits: what all may use together.
        least: what this node uses, and so keeps in any case.
    """

    node: str
    capacity: int
    ready: bool
    limits: Shared
    least: Mapping[Limited, Kept]


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of it.

    Attributes:
        kept: what this node keeps.
        members: who shares.
        dead: nodes without a dialer that left calls of which no end is written.
    """

    kept: Mapping[Limited, Kept]
    members: tuple[Member, ...]
    dead: tuple[str, ...]


@dataclass(slots=True)
class Portions:
    """What of each limit is in force here.

    Attributes:
        node: the name of this one; empty where it is alone, and every limit is its own.
        capacity: concurrent calls that its PBX carries.
        clock: monotonic seconds.
    """

    node: str = ""
    capacity: int = 1
    clock: Callable[[], float] = time.monotonic
    _asked_at: float = -math.inf
    _settled_at: float = -math.inf
    _members: tuple[Member, ...] = ()
    _in_force: dict[Limited, Kept] = field(default_factory=dict)
    _fading: dict[Limited, tuple[Kept, float]] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether no other dialer can have a portion of anything."""
        return not self.node

    @property
    def fresh(self) -> bool:
        """Whether what was settled last may be used: one that was stopped has nothing any more."""
        return self.alone or self.clock() < self._settled_at + FRESH_S

    def of(self, what: Limited, limits: Limits) -> Limits | None:
        """What may be used of a limit here and now; None for nothing."""
        if self.alone:
            return limits
        kept = self._in_force.get(what, NOTHING)
        rate = min(kept.cps, limits.max_cps)
        if not kept.channels or rate < LEAST_CPS:
            return None
        return Limits(min(kept.channels, limits.max_channels), rate)

    def transfers(self, campaign_id: int, limit: int) -> int:
        """How many of a campaign's transfers may be up on this PBX."""
        found = self.of(of_transfers(campaign_id), transfer_limits(limit))
        return found.max_channels if found else 0

    def lower(self, limits: Shared) -> None:
        """Use no more than what is due by what is known of the others."""
        if not self.fresh:
            self._in_force.clear()
            self._fading.clear()
        wanted = self._wanted(limits)
        self._put(
            {
                what: _least_of(one, wanted.get(what, NOTHING))
                for what, one in self._in_force.items()
            }
        )

    def _put(self, in_force: dict[Limited, Kept]) -> None:
        before, self._in_force = self._in_force, in_force
        for what, one in before.items():
            if _most(one, in_force.get(what, NOTHING)) != in_force.get(what, NOTHING):
                self._fade(what, one)

    def _fade(self, what: Limited, before: Kept) -> None:
        """Something of a limit was given up just now."""
        until = self.clock() + (LONGEST_TRANSFER_S if what.is_of_transfers else LINGER_S)
        # Channels are counted, but for transfers: the PBX alone knows how many there are.
        channels = before.channels if what.is_of_transfers else 0
        faded, _ = self._fading.get(what, (NOTHING, 0.0))
        self._fading[what] = _most(faded, Kept(channels, before.cps)), until

    def _wanted(self, limits: Shared) -> dict[Limited, Kept]:
        return {what: due(one, self._members, self.node) for what, one in limits.items()}

    def ask(self, limits: Shared, used: Mapping[Limited, int], *, ready: bool) -> Asked:
        """What to settle with the others, after `lower`.

        Args:
            limits: what all may use together.
            used: channels taken under each here.
            ready: this node places calls.
        """
        now = self._asked_at = self.clock()
        self._fading = {what: one for what, one in self._fading.items() if one[1] > now}
        concerned = self._in_force.keys() | self._fading.keys() | used.keys()
        least = {what: self._least(what, used.get(what, 0)) for what in concerned}
        return Asked(self.node, self.capacity, ready, limits, least)

    def _least(self, what: Limited, used: int) -> Kept:
        faded, _ = self._fading.get(what, (NOTHING, 0.0))
        in_force = self._in_force.get(what, NOTHING)
        return _most(_most(in_force, faded), Kept(used))

    def take(self, settled: Settled, limits: Shared) -> None:
        """Use what is kept now, as far as it is due."""
        self._settled_at = self._asked_at
        self._members = settled.members
        wanted = self._wanted(limits)
        self._put(
            {
                what: _least_of(one, wanted[what])
                for what, one in settled.kept.items()
                if what in wanted
            }
        )


ALONE = Portions()
"""Of a dialer beside which there is no other: every limit is its own."""


def transfer_limits(limit: int) -> Limits:
    """The limit of a campaign's transfers, as others are written."""
    return Limits(limit, float(limit))


def due(limits: Limits, members: Iterable[Member], node: str) -> Kept:
    """What a node is to keep of a limit."""
    found = portion(limits, list(members), node)
    return Kept(found.max_channels, found.max_cps) if found else NOTHING


def settle(connection: Connection, asked: Asked, now: datetime) -> Settled:
    """Keep what is due and free, in a transaction beside which nobody else's is.

    What dead nodes keep shrinks to the calls that they may have left up.
    """
    known = leases.nodes(connection, now)
    alive = {one.name for one in known if one.alive} | {asked.node}
    dead = attempts.nodes_in_flight(connection) - alive
    _bury(connection, dead | portions.keeping(connection) - alive, now)
    members = tuple(_members(known, asked))
    least = _in_use(connection, asked, now)
    others = portions.of_others(connection, asked.node)
    kept = {
        what: _free(what, asked, members, least.get(what, NOTHING), others.get(what, NOTHING))
        for what in asked.limits.keys() | least.keys()
    }
    kept = {what: one for what, one in kept.items() if one != NOTHING}
    if kept != portions.of_node(connection, asked.node):
        portions.write(connection, asked.node, kept)
    return Settled(kept, members, tuple(sorted(dead)))


def _members(known: Iterable[Node], asked: Asked) -> Iterator[Member]:
    """Who shares now. Of itself this node knows better than the database whether it is ready."""
    for one in known:
        if one.name != asked.node and one.calls:
            yield Member(one.name, one.capacity)
        elif one.name == asked.node and asked.ready and not one.draining:
            yield Member(asked.node, asked.capacity)


def _in_use(connection: Connection, asked: Asked, now: datetime) -> dict[Limited, Kept]:
    """What this node keeps in any case; where it is not ready, the database knows its calls."""
    least = dict(asked.least)
    if not asked.ready:
        calls = portions.kept_by(portions.in_flight(connection, asked.node, now))
        for what, one in calls.items():
            least[what] = _most(least.get(what, NOTHING), one)
    return least


def _free(
    what: Limited, asked: Asked, members: Iterable[Member], least: Kept, others: Kept
) -> Kept:
    """What is due as far as the others leave it, and never less than what is used."""
    limits = asked.limits.get(what)
    if limits is None:
        return least
    wanted = due(limits, members, asked.node)
    channels = min(wanted.channels, limits.max_channels - others.channels)
    if what == SYSTEM:
        channels = min(channels, asked.capacity)
    rate = min(wanted.cps, round(limits.max_cps - others.cps, 6))
    return _most(least, Kept(channels, rate))


def _bury(connection: Connection, dead: set[str], now: datetime) -> None:
    """Nodes that are no more keep the channels of their calls, until those must be over."""
    for node in dead:
        calls = portions.in_flight(connection, node, now)
        campaigns = {str(one.campaign_id) for one in calls}
        before = portions.of_node(connection, node)
        put_through = {
            what: one
            for what, one in before.items()
            if what.is_of_transfers and what.key in campaigns
        }
        kept = portions.kept_by(calls) | put_through
        if kept != before:
            portions.write(connection, node, kept)


def _least_of(one: Kept, other: Kept) -> Kept:
    return Kept(min(one.channels, other.channels), min(one.cps, other.cps))


def _most(one: Kept, other: Kept) -> Kept:
    return Kept(max(one.channels, other.channels), max(one.cps, other.cps))
