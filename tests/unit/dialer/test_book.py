"""What the dialer writes adds up after every step, whatever comes in which order."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Postgres
from sqlalchemy import Connection, Engine
from store_subjects import World, number

from campaigns.campaign import Campaign
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import LeaseLost, StoreUnavailable
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.states import AttemptState, TargetState
from dialer.book import Book, Entry, write_closings, write_refusals
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.events import HungUp
from dialer.outcomes import Closing, closed, in_doubt, never_placed, unsent
from store import attempts, leases, suppressions, tallies
from store import campaigns as kept
from store.engine import reading, writing
from store.tables import lease

QUICK = RetryPolicy(
    3,
    {Outcome.BUSY: timedelta(seconds=5), Outcome.NO_ANSWER: timedelta(seconds=20)},
    4,
    timedelta(seconds=2),
    other_hour=frozenset(),
)
ENDS = [
    Outcome.DELIVERED, Outcome.HUNG_UP_EARLY, Outcome.OPTED_OUT, Outcome.BUSY, Outcome.NO_ANSWER,
    Outcome.UNWANTED, Outcome.INVALID_NUMBER, Outcome.CONGESTION, Outcome.CARRIER_FAILURE,
    Outcome.CANCELLED,
]  # fmt: skip


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path.cwd())}


class Crash(Exception):
    """The process dies before the commit."""


class History:
    """Random claims, ends, doubts, refusals and crashes over campaigns that share numbers.

    Each has two trunks; the second is in its first stage.
    """

    STAGE = 3

    def __init__(self, engine: Engine, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World(engine)
        self.open: dict[str, Call] = {}
        controllers = [self.world.controller(name) for name in ("A", "B")]
        self.campaigns = [
            self.world.campaign(
                owner,
                [self.world.contacts(owner, self.chance.sample([number(n) for n in range(12)], 8))],
                retry=QUICK,
                trunk="a",
                other_trunks=["b"],
                stages=stages,
            )
            for owner, stages in (
                (controllers[0], []),
                (controllers[0], [self.STAGE]),
                (controllers[1], []),
            )
        ]

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.world.later(seconds=self.chance.choice([0, 1, 5, 30]))
            refused, known = self.suppressed(), self.world.attempts().keys()
            self.step()
            self.world.check()
            self.check_calls()
            for id_, row in self.world.attempts().items():
                owner = self.campaigns[row["campaign_id"] - 1].controller_id
                assert id_ in known or (owner, row["number"]) not in refused

    def step(self) -> None:
        try:
            with writing(self.world.engine) as connection:
                self.write(connection)
        except Crash:
            pass
        self.reread()

    def write(self, connection: Connection) -> None:
        write_refusals(connection, self.refused())
        closings = self.ends()
        write_closings(connection, closings)
        if self.chance.random() < 0.1:
            write_closings(connection, closings)  # heard twice
        for campaign in self.chance.sample(self.campaigns, 2):
            trunk, alone = self.chance.choice("ab"), self.chance.random() < 0.5
            want = Want(campaign, self.chance.randint(1, 5), True, "here:1:1", trunk, alone)
            claim(connection, want, self.world.now)
        if self.chance.random() < 0.15:
            raise Crash

    def suppressed(self) -> set[tuple[int, str]]:
        with reading(self.world.engine) as connection:
            return {
                (owner, row["number"])
                for owner in (1, 2)
                for row in suppressions.page(connection, SuppressionScope.CONTROLLER, owner, 0, 99)
            }

    def refused(self) -> list[Call]:
        return [call for call in self.open.values() if self.chance.random() < 0.03]

    def ends(self) -> list[Closing]:
        calls = [call for call in self.open.values() if self.chance.random() < 0.4]
        return [self.end(call) for call in calls]

    def end(self, call: Call) -> Closing:
        now, kind = self.world.now, self.chance.random()
        if call.target_state is TargetState.IN_DOUBT and kind < 0.8:
            return in_doubt(call, now)  # said again, which changes nothing
        if kind < 0.1:
            return in_doubt(call, now)
        del self.open[call.attempt.id]
        return unsent(call, now) if kind < 0.2 else never_placed(
            call, self.chance.choice(ENDS), now)  # fmt: skip

    def reread(self) -> None:
        """Take up what is open as the next dialer would."""
        with reading(self.world.engine) as connection:
            found = attempts.still_open(connection)
            self.open = {}
            for one in found:
                campaign = kept.by_id(connection, one.attempt.campaign_id)
                call = Call(one.attempt, campaign, one.attempts, one.tries)
                if one.state is AttemptState.IN_DOUBT:
                    call.target_state = TargetState.IN_DOUBT
                    call.attempts -= 1
                self.open[one.attempt.id] = call

    def check_calls(self) -> None:
        calls = Counter(call.attempt.number for call in self.open.values())
        assert set(calls.values()) <= {1}
        assert all(call.attempts < QUICK.max_attempts for call in self.open.values())
        with reading(self.world.engine) as connection:
            staged = self.campaigns[1].id
            assert tallies.one(connection, staged, tallies.BEGUN, tallies.PEOPLE) <= self.STAGE


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.integers(0, 2**32))
def test_states_add_up_after_every_step(new_sqlite_store: Callable[[], Engine], seed: int) -> None:
    History(new_sqlite_store(), seed).run(15)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_states_add_up_on_postgresql_too(postgres: Postgres, seed: int) -> None:
    with postgres.database() as engine:
        History(engine, seed).run(25)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def take(world: World, campaign: Campaign, count: int = 1) -> list[Call]:
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, count, True, "here:1:1"), world.now).taken
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]


def write(world: World, *closings: Closing) -> None:
    with writing(world.engine) as connection:
        write_closings(connection, closings)


def test_an_attempt_is_closed_once_and_the_first_end_stays(world: World) -> None:
    campaign = world.called(1)
    (call,) = take(world, campaign)
    first = closed(call, HungUp(call.attempt.id, 17, 486), world.now)
    second = unsent(call, world.now)
    write(world, first, second)
    world.check()
    write(world, second)
    write(world, in_doubt(call, world.now))
    world.check()
    assert [one["outcome"] for one in world.attempts().values()] == ["busy"]


def test_what_was_in_doubt_can_be_settled_once(world: World) -> None:
    campaign = world.called(1)
    (call,) = take(world, campaign)
    write(world, in_doubt(call, world.now))
    write(world, in_doubt(call, world.now))
    world.check()
    call.target_state = TargetState.IN_DOUBT
    write(world, never_placed(call, Outcome.BUSY, world.now))
    world.check()
    write(world, never_placed(call, Outcome.BUSY, world.now))
    world.check()
    assert world.targets(campaign.id)[0]["attempts"] == 1


@pytest.mark.parametrize(
    ("outcome", "reason"), [(Outcome.OPTED_OUT, "key"), (Outcome.UNWANTED, "unwanted_607")]
)
def test_a_refusal_suppresses_for_its_controller(
    world: World, outcome: Outcome, reason: str
) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    campaign = world.campaign(ours, [world.contacts(ours, [number(1)])])
    (call,) = take(world, campaign)
    write(world, never_placed(call, outcome, world.now))
    with reading(world.engine) as connection:
        found = suppressions.page(connection, SuppressionScope.CONTROLLER, ours, 0, 10)
        assert [(one["number"], one["reason"]) for one in found] == [(number(1), reason)]
        assert found[0]["attempt_id"] == call.attempt.id
        assert not suppressions.in_force(connection, [number(1)], theirs, 99, world.now)
        assert suppressions.in_force(connection, [number(1)], ours, 99, world.now)


def test_a_number_that_does_not_exist_is_suppressed_until_somebody_refuses(world: World) -> None:
    campaign = world.called(1, rehearsal=False)
    (call,) = take(world, campaign)
    write(world, never_placed(call, Outcome.INVALID_NUMBER, world.now))
    key = Suppression(
        call.attempt.number, SuppressionScope.CONTROLLER, 1, SuppressionReason.KEY, "", world.now,
        attempt_id="a call",
    )  # fmt: skip

    def kept() -> list[tuple[str, str]]:
        with reading(world.engine) as connection:
            rows = suppressions.page(connection, SuppressionScope.CONTROLLER, 1, 0, 10)
        return [(one["reason"], one["attempt_id"]) for one in rows]

    assert kept() == [("invalid_number", call.attempt.id)]
    with writing(world.engine) as connection:
        assert suppressions.add(connection, [key]) == 0, "it was suppressed before"
    assert kept() == [(key.reason, "a call")], "a refusal is not lost in what can be taken back"
    invalid = replace(key, reason=SuppressionReason.INVALID_NUMBER, attempt_id=call.attempt.id)
    with writing(world.engine) as connection:
        suppressions.add(connection, [invalid])
    assert kept() == [(key.reason, "a call")]


def test_a_key_pressed_again_adds_nothing(world: World) -> None:
    campaign = world.called(1)
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_refusals(connection, [call, call])
        write_refusals(connection, [call])
        assert len(suppressions.page(connection, SuppressionScope.CONTROLLER, 1, 0, 10)) == 1


@pytest.mark.parametrize("end", ["delivered", "opted out", "never sent"])
def test_an_end_that_was_kept_for_longer_than_a_call_lasts_is_written_all_the_same(
    world: World, end: str
) -> None:
    """Cut off from the store, while another dialer gave the call up as in doubt."""
    campaign = world.called(1)
    (call,) = take(world, campaign)
    given_up = Call(call.attempt, campaign, call.attempts, call.tries)  # as another reads it
    call.opted_out = end == "opted out"
    if end == "never sent":
        closing = unsent(call, world.now)
    else:
        call.answered_at = world.now
        closing = closed(call, HungUp(call.attempt.id, 16, 0), world.now)
    with writing(world.engine) as connection:
        write_closings(connection, [in_doubt(given_up, world.now)])
    world.check()
    for _ in range(2):
        with writing(world.engine) as connection:
            write_closings(connection, [closing])
        world.check()
    (row,) = world.attempts().values()
    (target,) = world.targets(campaign.id)
    assert row["state"] == ("unsent" if end == "never sent" else "closed")
    assert target["attempts"] == (0 if end == "never sent" else 1)
    assert world.locks() == {}
    with reading(world.engine) as connection:
        refused = suppressions.page(connection, SuppressionScope.CONTROLLER, 1, 0, 10)
    assert len(refused) == (end == "opted out")


@pytest.fixture
async def book(store: Engine) -> Book:
    made = Book(store)
    await made.open()
    return made


STOPS_WITHIN_A_TRANSACTION = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from sqlalchemy import update
from store import leases
from store.engine import open_engine, writing
from store.tables import lease
engine = open_engine(sys.argv[1])
with writing(engine) as connection:
    leases.acquire(connection, datetime.now(UTC) - leases.LEASE_LASTS)
    connection.execute(update(lease).values(status={}))  # it never showed itself
with writing(engine) as connection:
    connection.execute(update(lease).values(token=lease.c.token))
    print("within", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


async def test_one_that_was_stopped_within_a_transaction_is_ended(store: Engine) -> None:
    url = store.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", STOPS_WITHIN_A_TRANSACTION, url]
    with subprocess.Popen(  # noqa: ASYNC220 - it says that it stops, and does
        arguments, stdout=subprocess.PIPE, env=ENVIRONMENT
    ) as stopped:
        try:
            assert stopped.stdout is not None
            assert stopped.stdout.readline() == b"within\n"
            book = Book(store)
            await book.open()
            assert stopped.wait(10) == -signal.SIGKILL
            await book.close()
        finally:
            stopped.kill()


async def test_everything_of_a_cycle_or_nothing(
    world: World, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = world.called(3)
    want = Want(campaign, 1, True, "here:1:1")
    ((taken,),) = [claimed.taken for claimed in await book.write(Entry(wants=[want]))]
    call = Call(taken.attempt, campaign, taken.attempts, taken.tries)

    def fail(*_: object) -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr("dialer.book.claim", fail)
    closing = never_placed(call, Outcome.BUSY, datetime.now(UTC))
    with pytest.raises(StoreUnavailable):
        await book.write(Entry([closing], [call], [want]))
    world.check()
    assert world.states(campaign.id) == {"pending": 2, "calling": 1}
    monkeypatch.undo()
    await book.write(Entry([closing], [call], [want]))
    world.check()
    await book.close()


async def test_an_overtaken_dialer_writes_nothing_by_any_way(world: World, book: Book) -> None:
    campaign = world.called(1)
    with writing(world.engine) as connection:
        connection.execute(lease.update().values(token=lease.c.token + 1))
    with pytest.raises(LeaseLost):
        await book.write(Entry(wants=[Want(campaign, 1, True, "x")]))
    with pytest.raises(LeaseLost):
        await book.renew({})
    with pytest.raises(LeaseLost):
        await book.transact(lambda connection: suppressions.add(connection, [_row()]))
    assert world.attempts() == {}
    await book.close()
    with reading(world.engine) as connection:
        assert leases.holder(connection, datetime.now(UTC)) is not None, "it gave nothing back"


async def test_a_renewal_that_comes_late_takes_nothing_back(world: World, book: Book) -> None:
    closing = asyncio.create_task(book.close())
    await asyncio.sleep(0)
    with pytest.raises(LeaseLost):
        await book.renew({})
    await closing
    with reading(world.engine) as connection:
        assert leases.holder(connection, datetime.now(UTC)) is None, "it is given back"


def _row() -> Suppression:
    return Suppression(number(1), SuppressionScope.OPERATOR, 0, SuppressionReason.MANUAL, "",
        datetime.now(UTC))  # fmt: skip


async def test_transactions_run_one_after_the_other(world: World, book: Book) -> None:
    campaign = world.called(40)
    wants = [Want(campaign, 2, True, "here:1:1") for _ in range(20)]
    found = await asyncio.gather(*(book.write(Entry(wants=[want])) for want in wants))
    taken = [one.attempt.number for claimed in found for one in claimed[0].taken]
    assert len(set(taken)) == 40
    world.check()
    await book.close()
