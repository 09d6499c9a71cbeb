"""Limits that several dialers share: kept in sum at every instant, and used to the full."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, update
from store_subjects import World

from campaigns.campaign import Limits
from dialer.claim import Want, claim
from dialer.portions import LINGER_S, Portions, settle
from store import controllers, leases
from store.engine import reading, writing
from store.leases import LEASE_LASTS, Lease
from store.portions import (
    SYSTEM,
    Kept,
    Limited,
    in_flight,
    kept_by,
    of_campaign,
    of_controller,
    of_node,
    of_trunk,
    write,
)
from store.tables import lease

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
LIMITS = {
    SYSTEM: Limits(60, 40.0),
    of_trunk("t"): Limits(20, 7.5),
    of_campaign(1): Limits(2, 3.0),
    of_controller(1): Limits(9, 5.0),
}


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class One:
    """A dialer that only takes its portions, and uses as much of them as it likes."""

    engine: Engine
    clock: Clock
    name: str
    capacity: int = 50
    ready: bool = True
    used: dict[Limited, int] = field(default_factory=dict)
    started: list[tuple[float, Limited]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.portions = Portions(self.name, self.capacity, self.clock)
        with writing(self.engine) as connection:
            self.held: Lease = leases.acquire(connection, NOW, self.name, self.capacity)
        self.renew()

    def renew(self) -> None:
        with writing(self.engine) as connection:
            leases.renew(connection, self.held, NOW, {"ready": self.ready})

    def look(self, limits: dict[Limited, Limits] | None = None) -> None:
        shared = LIMITS if limits is None else limits
        self.renew()
        self.portions.lower(shared)
        asked = self.portions.ask(shared, self.used, ready=self.ready)
        with writing(self.engine) as connection:
            settled = settle(connection, asked, NOW)
        self.portions.take(settled, shared)

    def may(self, what: Limited) -> Limits | None:
        return self.portions.of(what, LIMITS[what])

    def lately(self, what: Limited, now: float) -> int:
        """Calls started in the last second."""
        return sum(at > now - 1.0 and of == what for at, of in self.started)

    def start(self, chance: random.Random) -> None:
        """Start some calls, as far as the last second leaves room for them."""
        for what in LIMITS if self.ready else ():
            room = int(self.rate(what)) - self.lately(what, self.clock.now)
            self.started += [(self.clock.now, what)] * chance.randint(0, max(0, room))

    def channels(self, what: Limited) -> int:
        found = self.may(what)
        return found.max_channels if found else 0

    def rate(self, what: Limited) -> float:
        found = self.may(what)
        return found.max_cps if found else 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def looked(ones: Iterable[One], times: int = 3) -> None:
    for _ in range(times):
        for one in ones:
            one.look()


def lapse(engine: Engine, name: str) -> None:
    """A dialer did not renew its lease for too long."""
    with writing(engine) as connection:
        lapsed = {"status": {}, "renewed_at": NOW - LEASE_LASTS}
        connection.execute(update(lease).where(lease.c.name == name).values(lapsed))


def test_alone_it_has_everything_and_beside_others_its_share(
    postgres_store: Engine, clock: Clock
) -> None:
    a = One(postgres_store, clock, "a")
    a.look()
    assert a.may(of_trunk("t")) == LIMITS[of_trunk("t")]
    assert a.may(SYSTEM) == Limits(50, 40.0), "no more than its PBX carries"
    b = One(postgres_store, clock, "b")
    looked([a, b])
    clock.now += LINGER_S
    looked([a, b])
    assert (a.may(of_trunk("t")), b.may(of_trunk("t"))) == (Limits(10, 4.5), Limits(10, 3.0))
    assert (a.channels(of_campaign(1)), b.channels(of_campaign(1))) == (1, 1)


def test_what_is_in_use_is_not_given_away(postgres_store: Engine, clock: Clock) -> None:
    a = One(postgres_store, clock, "a", used={of_trunk("t"): 18})
    a.look()
    b = One(postgres_store, clock, "b")
    looked([a, b])
    clock.now += LINGER_S
    looked([a, b])
    assert (a.channels(of_trunk("t")), b.channels(of_trunk("t"))) == (10, 2)
    a.used[of_trunk("t")] = 11
    looked([a, b])
    assert b.channels(of_trunk("t")) == 9


def test_a_rate_is_given_away_when_its_last_second_is_over(
    postgres_store: Engine, clock: Clock
) -> None:
    a, b = One(postgres_store, clock, "a"), One(postgres_store, clock, "b", ready=False)
    looked([a, b])
    b.ready = True
    looked([b, a, b])
    assert a.rate(SYSTEM) == 20
    assert b.rate(SYSTEM) == 0
    clock.now += LINGER_S
    looked([a, b])
    assert b.rate(SYSTEM) == 20


def test_who_cannot_call_leaves_its_share_to_the_others(
    postgres_store: Engine, clock: Clock
) -> None:
    a, b = One(postgres_store, clock, "a"), One(postgres_store, clock, "b")
    looked([a, b])
    b.ready = False
    looked([b, a, b])
    clock.now += LINGER_S
    looked([b, a, b, a])
    assert a.channels(of_trunk("t")) == 20
    assert b.may(of_trunk("t")) is None


def test_a_node_that_is_drained_gives_everything_back(postgres_store: Engine, clock: Clock) -> None:
    a, b = One(postgres_store, clock, "a"), One(postgres_store, clock, "b")
    looked([a, b])
    with writing(postgres_store) as connection:
        leases.drain(connection, "b", draining=True)
    looked([a, b])
    clock.now += LINGER_S
    looked([b, a])
    assert a.may(of_trunk("t")) == LIMITS[of_trunk("t")]
    assert b.may(of_trunk("t")) is None


def test_a_dead_node_keeps_the_channels_of_its_calls_alone(
    postgres_store: Engine, clock: Clock
) -> None:
    a, b = One(postgres_store, clock, "a"), One(postgres_store, clock, "b")
    looked([a, b])
    lapse(postgres_store, "b")
    with writing(postgres_store) as connection:
        write(connection, "b", {of_trunk("t"): Kept(8, 3.0)})
    a.look()
    with reading(postgres_store) as connection:
        assert of_node(connection, "b") == {}, "it left no call"
    a.look()
    assert a.may(of_trunk("t")) == LIMITS[of_trunk("t")]


def test_calls_of_a_dead_node_count_under_the_limit_of_their_controller(
    postgres_store: Engine,
) -> None:
    world = World(postgres_store, NOW)
    campaign = world.called(3)
    with writing(postgres_store) as connection:
        claim(connection, Want(campaign, 3, True, "b"), NOW)
        before = kept_by(in_flight(connection, "b", NOW))
        controllers.limit(connection, campaign.controller_id, 5, None)
        after = kept_by(in_flight(connection, "b", NOW))
    owner = of_controller(campaign.controller_id)
    assert (owner in before, after[owner]) == (False, Kept(3))
    assert after[of_campaign(campaign.id)] == Kept(3)


def test_one_that_was_stopped_for_longer_than_its_lease_has_nothing_any_more(
    postgres_store: Engine, clock: Clock
) -> None:
    a, b = One(postgres_store, clock, "a"), One(postgres_store, clock, "b")
    looked([a, b])
    clock.now += LINGER_S
    looked([a, b])
    lapse(postgres_store, "b")
    clock.now += LEASE_LASTS.total_seconds()
    looked([a, a])
    a.used = {of_trunk("t"): a.channels(of_trunk("t"))}
    assert a.used[of_trunk("t")] == 20
    assert not b.portions.fresh
    b.look()
    assert b.portions.fresh
    assert b.may(of_trunk("t")) is None


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_sum_keeps_the_limit(
    postgres_store: Engine, clock: Clock, seed: int
) -> None:
    """Nodes come, drain, lose their PBX and look when they will, and use what they may."""
    chance = random.Random(seed)
    ones = [One(postgres_store, clock, "n0", chance.randint(10, 80))]
    for _ in range(120):
        clock.now += chance.random()
        if len(ones) < 4 and chance.random() < 0.05:
            ones.append(One(postgres_store, clock, f"n{len(ones)}", chance.randint(10, 80)))
        one = chance.choice(ones)
        one.ready = chance.random() < 0.9
        one.used = {what: _moved(one, what, chance) for what in LIMITS}
        one.look()
        _check(ones, clock.now)
        for each in ones:
            each.used = {what: _moved(each, what, chance) for what in LIMITS}
            each.start(chance)
        _check(ones, clock.now)
    for one in ones:
        one.ready, one.used = True, {}
    for _ in range(4):
        clock.now += LINGER_S
        looked(ones, 1)
    for what, limits in LIMITS.items():
        if what != SYSTEM:  # of which no node has more than its PBX carries
            assert sum(one.channels(what) for one in ones) == limits.max_channels
        assert round(sum(one.rate(what) for one in ones), 6) == limits.max_cps


def _moved(one: One, what: Limited, chance: random.Random) -> int:
    """Calls of a node a moment later: some ended, and some began as far as it may."""
    left = chance.randint(0, one.used.get(what, 0))
    return max(left, chance.randint(0, one.channels(what)) if one.ready else 0)


def _check(ones: list[One], now: float) -> None:
    for what, limits in LIMITS.items():
        used = sum(max(one.used.get(what, 0), one.channels(what)) for one in ones)
        assert used <= limits.max_channels, what
        assert sum(one.lately(what, now) for one in ones) <= limits.max_cps, what
