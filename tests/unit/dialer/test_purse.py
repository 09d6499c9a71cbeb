"""Spend, with the worst case of calls in flight, never passes the budget: whatever happens."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Postgres
from sqlalchemy import Connection, Engine, func, select
from store_subjects import World, number

from campaigns.budget import Prices, Spending
from campaigns.campaign import Campaign
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.states import AttemptState, TargetState
from campaigns.tariff import Tariff, Tariffs
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Claimed, Want, claim
from dialer.events import HungUp
from dialer.outcomes import Closing, closed, in_doubt, never_placed, unsent
from store import attempts, spending
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import attempt
from store.tables import spending as spent_table

CARRIER = Tariffs(
    [
        Tariff("+33", per_minute=12_000, first_s=60),
        Tariff("+3363998000", per_call=40_000, per_minute=31_000),
        Tariff("+3363998001", per_minute=9_000, short_under_s=6, short_surcharge=90_000),
    ]
)
AGAIN = RetryPolicy(3, {Outcome.BUSY: timedelta(seconds=5)}, other_hour=frozenset())


class Crash(Exception):
    """The process dies before the commit."""


class History:
    """Random claims, ends, doubts, crashes and changed budgets of two campaigns on one trunk."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(engine)
        self.open: dict[str, Call] = {}
        owner = self.world.controller()
        self.lists = [
            self.world.contacts(owner, [number(index) for index in some])
            for some in (range(12), range(12, 24))
        ]
        self.campaigns = [
            self.world.campaign(owner, [one], retry=AGAIN, budget=self.chance.randrange(600_000))
            for one in self.lists
        ]

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.world.later(seconds=self.chance.choice([1, 5, 30]))
            try:
                with writing(self.world.engine) as connection:
                    self.step(connection)
            except Crash:
                pass
            self.reread()
            self.check()

    def step(self, connection: Connection) -> None:
        write_closings(connection, self.ends())
        for campaign in self.campaigns:
            found = claim(connection, self.want(campaign), self.world.now)
            assert len(found.taken) <= 5
        if self.chance.random() < 0.1:
            raised = self.chance.randrange(400_000)
            campaign = self.chance.choice(self.campaigns)
            money = spending.of_campaign(connection, campaign.id)
            spending.set_budget(connection, campaign.id, money.spent + money.reserved + raised)
        if self.chance.random() < 0.15:
            raise Crash

    def want(self, campaign: Campaign) -> Want:
        prices = Prices(CARRIER, campaign.max_call_s, unknown_is_free=False)
        return Want(campaign, self.chance.randint(1, 5), True, "here:1:1", prices=prices)

    def ends(self) -> list[Closing]:
        calls = [call for call in self.open.values() if self.chance.random() < 0.5]
        return [self.end(call) for call in calls]

    def end(self, call: Call) -> Closing:
        now, kind = self.world.now, self.chance.random()
        if kind < 0.2:
            return in_doubt(call, now)
        if kind < 0.3:
            return unsent(call, now)
        if kind < 0.6:
            return never_placed(call, self.chance.choice([Outcome.BUSY, Outcome.CONGESTION]), now)
        # A clock may have been stepped meanwhile: then the call seems to have lasted for hours.
        call.answered_at = now - timedelta(seconds=self.chance.choice([0, 1, 7, 70, 9000]))
        return closed(call, HungUp(call.attempt.id, 16, 200), now)

    def reread(self) -> None:
        """Take up what is open as the next dialer would."""
        with reading(self.world.engine) as connection:
            found = attempts.still_open(connection)
            campaigns = {one.id: kept.by_id(connection, one.id) for one in self.campaigns}
        self.open = {}
        for one in found:
            call = Call(one.attempt, campaigns[one.attempt.campaign_id], one.attempts, one.tries)
            if one.state is AttemptState.IN_DOUBT:
                call.target_state = TargetState.IN_DOUBT
                call.attempts -= 1
            self.open[one.attempt.id] = call

    def check(self) -> None:
        self.world.check()
        with reading(self.world.engine) as connection:
            for campaign in self.campaigns:
                money = spending.of_campaign(connection, campaign.id)
                assert money == replace(money, **counted(connection, campaign.id))
                assert money.budget is not None
                assert money.spent + money.reserved <= money.budget


def counted(connection: Connection, campaign_id: int) -> dict[str, Any]:
    """What the attempts themselves, and the days, add up to."""
    mine = attempt.c.campaign_id == campaign_id
    is_open = attempt.c.state.in_(["claimed", "in_doubt"])
    spent = _sum(connection, select(func.sum(attempt.c.cost)).where(mine))
    by_day = select(func.sum(spent_table.c.cost)).where(spent_table.c.campaign_id == campaign_id)
    assert _sum(connection, by_day) == spent
    over = select(func.count()).where(mine, attempt.c.cost > attempt.c.reserved)
    assert _sum(connection, over) == 0
    reserved = _sum(connection, select(func.sum(attempt.c.reserved)).where(mine, is_open))
    return {"spent": spent, "reserved": reserved}


def _sum(connection: Connection, asked: Any) -> int:
    return int(connection.execute(asked).scalar() or 0)


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.integers(0, 2**32))
def test_no_history_passes_the_budget(new_sqlite_store: Callable[[], Engine], seed: int) -> None:
    History(new_sqlite_store(), seed).run(15)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nor_does_any_on_postgresql(postgres: Postgres, seed: int) -> None:
    with postgres.database() as engine:
        History(engine, seed).run(25)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


MINUTE = Tariffs([Tariff("+3363998", per_minute=60_000)])
WORST = 15 + 2 + 60
"""Seconds of the longest call of a campaign to test on, and thousands of micro-euros."""


def take(
    world: World, campaign: Campaign, count: int = 9, tariffs: Tariffs = MINUTE, free: bool = False
) -> Claimed:
    prices = Prices(tariffs, campaign.max_call_s, free)
    with writing(world.engine) as connection:
        return claim(connection, Want(campaign, count, True, "x", prices=prices), world.now)


def money(world: World, campaign: Campaign) -> Spending:
    with reading(world.engine) as connection:
        return spending.of_campaign(connection, campaign.id)


def test_as_many_are_claimed_as_the_budget_has_room_for(world: World) -> None:
    campaign = world.called(5, budget=2 * WORST * 1000 + 1)
    found = take(world, campaign)
    assert (len(found.taken), found.unaffordable, found.exhausted) == (2, True, True)
    assert money(world, campaign) == Spending(0, 2 * WORST * 1000, 2 * WORST * 1000 + 1)
    assert world.states(campaign.id) == {"pending": 3, "calling": 2}
    assert take(world, campaign).taken == [], "they wait, and nobody is refused"


def test_a_call_that_ended_gives_back_what_it_did_not_cost(world: World) -> None:
    campaign = world.called(3, budget=WORST * 1000 + 10_000)
    (taken,) = take(world, campaign).taken
    call = Call(taken.attempt, campaign, 0, 0, answered_at=world.now)
    with writing(world.engine) as connection:
        write_closings(
            connection, [closed(call, HungUp(taken.attempt.id, 16, 200), world.later(seconds=10))]
        )
    assert money(world, campaign) == Spending(10_000, 0, WORST * 1000 + 10_000)
    assert len(take(world, campaign).taken) == 1
    with reading(world.engine) as connection:
        (day,) = spending.by_day(connection, [campaign.id])
    assert (day.calls, day.seconds, day.cost, day.unpriced) == (1, 10, 10_000, 0)


def test_a_call_in_doubt_keeps_its_worst_case_until_it_is_settled(world: World) -> None:
    campaign = world.called(3, budget=WORST * 1000)
    (taken,) = take(world, campaign).taken
    call = Call(taken.attempt, campaign, 0, 0)
    with writing(world.engine) as connection:
        write_closings(connection, [in_doubt(call, world.now)])
    assert money(world, campaign).room == 0
    assert take(world, campaign).unaffordable
    call.target_state = TargetState.IN_DOUBT
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.BUSY, world.now)])
    assert money(world, campaign).room == WORST * 1000


def test_a_budget_set_a_moment_ago_binds_the_next_claim(world: World) -> None:
    campaign = world.called(3)
    with writing(world.engine) as connection:
        spending.set_budget(connection, campaign.id, 0)
    assert take(world, campaign).unaffordable, "the campaign in hand knows of no budget"


def test_what_nobody_knows_the_price_of_is_not_called_on_a_budget(world: World) -> None:
    campaign = world.called(2, budget=10**9)
    found = take(world, campaign, tariffs=Tariffs([Tariff("+3363998000", per_call=1)]))
    assert len(found.taken) == 2
    other = world.called(2, budget=10**9)
    assert take(world, other, tariffs=Tariffs([Tariff("+32")])).taken == []
    assert {one["gate"] for one in world.targets(other.id)} == {"live_call_on_number"}


def test_it_is_put_off_and_says_why(world: World) -> None:
    campaign = world.called(2, budget=10**9)
    assert take(world, campaign, tariffs=Tariffs()).taken == []
    assert {one["gate"] for one in world.targets(campaign.id)} == {"budget_reached"}
    assert take(world, campaign, tariffs=Tariffs()).exhausted


def test_without_a_budget_it_is_called_and_counted_as_unpriced(world: World) -> None:
    campaign = world.called(1, rehearsal=False)
    (taken,) = take(world, campaign, tariffs=Tariffs()).taken
    call = Call(taken.attempt, campaign, 0, 0, answered_at=world.now)
    with writing(world.engine) as connection:
        write_closings(connection, [closed(call, HungUp(taken.attempt.id, 16, 200), world.now)])
        (day,) = spending.by_day(connection, [campaign.id])
    assert (day.calls, day.cost, day.unpriced) == (1, 0, 1)
