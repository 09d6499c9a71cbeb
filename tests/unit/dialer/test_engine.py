"""The dialer as a whole, over a fake PBX: what it promises whatever happens around it."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fake_pbx
import pytest
from dialing import Dialing, dialing, until
from fake_pbx import FakeCall, FakePbx
from sqlalchemy import Engine, event
from store_subjects import TRUNK, World, number

from campaigns.campaign import Campaign, Limits
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import LeaseLost, StoreUnavailable
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.states import Action
from campaigns.trunk import Trunk
from dialer import allotment, engine, journal, originate, recorder
from dialer.book import Book, Entry
from dialer.calls import Call
from dialer.claim import Claimed
from dialer.events import OtherBegun, OtherEnded
from dialer.settling import Settling
from store import campaigns as kept
from store import leases, suppressions
from store import trunks as records
from store.engine import writing
from store.leases import LEASE_LASTS
from store.sqlite import driver as sqlite3
from store.tables import lease

pytestmark = pytest.mark.usefixtures("short_waits")

NO_DELAY = timedelta(0)


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC))


def suppress(
    world: World, one: str, scope: SuppressionScope = SuppressionScope.CONTROLLER, owner: int = 1
) -> None:
    with writing(world.engine) as connection:
        row = Suppression(one, scope, owner, SuppressionReason.MANUAL, "test", world.now)
        suppressions.add(connection, [row])


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else holds the write lock of the database, and nobody waits long for it."""

    def hurry(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        connection.execute("PRAGMA busy_timeout=10")

    event.listen(world.engine, "checkout", hurry)
    other = sqlite3.connect(str(world.engine.url.database), isolation_level=None, timeout=5)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()
    event.remove(world.engine, "checkout", hurry)


class Mixed:
    """Callees that behave by their number, one way after the other."""

    def __init__(self, *scripts: Callable[[FakeCall], None]) -> None:
        self.scripts = scripts

    def __call__(self, call: FakeCall) -> None:
        self.scripts[int(call.order.number[-4:]) % len(self.scripts)](call)


async def test_a_campaign_from_launch_to_end(world: World, tmp_path: Path) -> None:
    everyone = Mixed(fake_pbx.deliver, fake_pbx.busy, fake_pbx.no_answer, fake_pbx.opt_out,
                     fake_pbx.hang_up_early, fake_pbx.unwanted)  # fmt: skip
    once = RetryPolicy(max_attempts=1)
    campaign = world.called(60, max_channels=20, max_cps=300.0, retry=once)
    async with dialing(world.engine, tmp_path, FakePbx(everyone)) as run:
        await run.over(campaign.id)
        assert await run.stop()
    world.check()
    outcomes = Counter(one["outcome"] for one in world.attempts().values())
    assert outcomes == dict.fromkeys(
        ["delivered", "busy", "no_answer", "opted_out", "hung_up_early", "unwanted"], 10
    )
    assert world.states(campaign.id) == {"reached": 20, "unreached": 40}
    called = Counter(order.number for order in run.pbx.orders)
    assert set(called.values()) == {1}
    assert len(called) == 60


async def test_no_call_before_its_attempt_is_committed(world: World, tmp_path: Path) -> None:
    other = sqlite3.connect(str(world.engine.url.database))
    missing: list[str] = []

    class Watched(FakePbx):
        def originate(self, order: Any) -> None:
            row = other.execute("SELECT state FROM attempt WHERE id = ?", [order.attempt_id])
            if row.fetchone() != ("claimed",):
                missing.append(order.attempt_id)
            super().originate(order)

    campaign = world.called(40, max_cps=400.0)
    async with dialing(world.engine, tmp_path, Watched(fake_pbx.deliver)) as run:
        await run.over(campaign.id)
    other.close()
    assert len(run.pbx.orders) == 40
    assert missing == []


async def test_two_campaigns_never_call_one_number_at_once(world: World, tmp_path: Path) -> None:
    controller = world.controller()
    lists = [world.contacts(controller, [number(1), number(2)]) for _ in range(2)]
    for one in lists:
        world.campaign(controller, [one], max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(2)
        await asyncio.sleep(0.2)
        assert sorted(call.order.number for call in run.pbx.calls.values()) == [
            number(1), number(2)
        ]  # fmt: skip
        world.check()


async def test_limits_hold_and_are_used(world: World, tmp_path: Path) -> None:
    campaign = world.called(50, max_channels=7, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(7)
        await asyncio.sleep(0.2)
        assert len(run.pbx.calls) == 7
        for call in calls[:3]:
            call.end(cause=17, tech="SIP 486 Busy")
        await run.up(7)
        await asyncio.sleep(0.1)
        assert len(run.pbx.calls) == 7
        with writing(world.engine) as connection:
            kept.limit(connection, campaign.id, Limits(10, 300))
        await run.up(10)


async def test_our_own_congestion_consumes_no_attempt(world: World, tmp_path: Path) -> None:
    policy = RetryPolicy(1, {}, network_tries=3, network_delay=timedelta(milliseconds=20))
    campaign = world.called(1, max_cps=300.0, retry=policy)
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.congested)) as run:
        await run.over(campaign.id)
    target = world.targets(campaign.id)[0]
    assert len(run.pbx.orders) == 3
    assert (target["attempts"], target["tries"], target["state"]) == (0, 3, "unreached")
    assert {one["outcome"] for one in world.attempts().values()} == {"congestion"}
    world.check()


async def test_a_key_is_in_force_while_the_call_goes_on(world: World, tmp_path: Path) -> None:
    world.called(1)
    async with dialing(world.engine, tmp_path) as run:
        call = (await run.up(1))[0]
        call.answer()
        call.press("9")
        await until(lambda: bool(_suppressed(world)))
        assert _suppressed(world) == [(number(0), "controller", 1, "key")]
        call.end(heard_ms=500)
        await run.settled()
    assert [one["outcome"] for one in world.attempts().values()] == ["opted_out"]
    assert len(_suppressed(world)) == 1


def _suppressed(world: World) -> list[Any]:
    with world.engine.connect() as connection:
        return list(
            connection.exec_driver_sql("SELECT number, scope, owner_id, reason FROM suppression")
        )


async def test_the_ends_of_calls_are_written_together_and_a_refusal_never_waits(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allotment, "IDLE_S", 3600.0)
    campaign = world.called(4, max_cps=400.0)
    async with dialing(world.engine, tmp_path) as run:
        first, second, third, fourth = await run.up(4)
        await run.looks(8)
        monkeypatch.setattr(recorder, "GATHER_S", 3600.0)
        fake_pbx.deliver(first)
        fake_pbx.deliver(second)
        await run.looks()
        assert len(world.locks()) == 4
        third.answer()
        third.press("9")
        await until(lambda: len(world.locks()) == 2)
        assert [row[0] for row in _suppressed(world)] == [third.order.number]
        third.end(heard_ms=500)
        fake_pbx.deliver(fourth)
        assert await run.stop(), "one that stops writes what it has"
    assert world.states(campaign.id) == {"reached": 4}


async def test_an_opt_out_reaches_every_campaign_of_its_controller_and_no_other(
    world: World, tmp_path: Path
) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    again = RetryPolicy()
    first = world.campaign(ours, [world.contacts(ours, [number(1)])], retry=again)
    async with dialing(world.engine, tmp_path, FakePbx(fake_pbx.opt_out)) as run:
        await run.over(first.id)
        second = world.campaign(ours, [world.contacts(ours, [number(1)])])
        third = world.campaign(theirs, [world.contacts(theirs, [number(1)])])
        await run.over(second.id)
        await run.over(third.id)
    assert world.states(second.id) == {"refused": 1}
    assert world.targets(second.id)[0]["gate"] == "suppressed"
    assert world.states(third.id) == {"reached": 1}
    assert len(run.pbx.orders) == 2
    unsent = [one for one in world.attempts().values() if one["state"] == "unsent"]
    assert unsent == [], "nor is it claimed for nothing again and again"


def between_claim_and_call(
    run: Dialing, act: Callable[[Call], None], seen: Callable[[Call], bool] = lambda _: True
) -> None:
    """Have something done once claims are committed, and the calls placed when it was seen."""
    add = run.dialer._sender.add

    def later(calls: list[Call]) -> None:
        for call in calls:
            act(call)
        go_on(calls)

    def go_on(calls: list[Call]) -> None:
        if all(map(seen, calls)):
            add(calls)
        else:
            asyncio.get_running_loop().call_later(0.01, go_on, calls)

    run.dialer._sender.add = later  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize(
    ("scope", "owner"),
    [
        (SuppressionScope.CONTROLLER, 1),
        (SuppressionScope.OPERATOR, 0),
        (SuppressionScope.CAMPAIGN, 1),
    ],
)
async def test_a_refusal_between_claim_and_call_voids_the_call(
    world: World, tmp_path: Path, scope: SuppressionScope, owner: int
) -> None:
    async with dialing(world.engine, tmp_path) as run:
        between_claim_and_call(run, lambda call: suppress(world, call.attempt.number, scope, owner))
        campaign = world.called(3, max_cps=300.0)
        await run.over(campaign.id)
        world.check()
    assert run.pbx.orders == []
    assert world.states(campaign.id) == {"refused": 3}
    assert {one["state"] for one in world.attempts().values()} == {"unsent"}


async def test_a_renewed_refusal_voids_the_call_too(world: World, tmp_path: Path) -> None:
    """A suppression that had expired is put in force again, between claim and call."""
    old = world.now - timedelta(days=2)
    with writing(world.engine) as connection:
        for index in range(3):
            row = Suppression(
                number(index),
                SuppressionScope.CONTROLLER,
                1,
                SuppressionReason.MANUAL,
                "test",
                old,
                expires_at=old + timedelta(days=1),
            )
            suppressions.add(connection, [row])
    async with dialing(world.engine, tmp_path) as run:
        between_claim_and_call(run, lambda call: suppress(world, call.attempt.number))
        campaign = world.called(3, max_cps=300.0)
        await run.over(campaign.id)
    assert run.pbx.orders == []
    assert world.states(campaign.id) == {"refused": 3}


async def test_a_store_that_cannot_record_stops_dialing_and_loses_nothing(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(30, max_channels=5, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(5)
        with locked(world):
            before = len(run.pbx.orders)
            calls[0].answer()
            calls[0].press("9")
            for call in calls:
                call.end(heard_ms=500, cause=17, tech="SIP 486 Busy Here")
            await asyncio.sleep(0.3)
            assert len(run.pbx.orders) == before
            assert "opted_out" not in {one["outcome"] for one in world.attempts().values()}
            world.check()
        await until(lambda: len(run.pbx.orders) > before)
        await run.settled()
        world.check()
    ended = [one["outcome"] for one in world.attempts().values() if one["outcome"]]
    assert sorted(ended) == ["busy"] * 4 + ["opted_out"]
    assert len(_suppressed(world)) == 1
    assert campaign.id


async def test_what_a_commit_claimed_whose_answer_was_lost_is_called_all_the_same(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a database server that dies between its commit and its answer."""
    write, lost = Book.write, []

    async def forgetful(book: Book, entry: Entry) -> list[Claimed]:
        done = await write(book, entry)
        if any(one.taken for one in done) and not lost:
            lost.extend(taken.attempt.id for one in done for taken in one.taken)
            raise StoreUnavailable("the connection was lost")
        return done

    monkeypatch.setattr(Book, "write", forgetful)
    campaign = world.called(6, max_cps=300.0)
    async with dialing(world.engine, tmp_path, FakePbx(script=fake_pbx.deliver)) as run:
        await run.over(campaign.id)
        world.check()
    assert world.states(campaign.id) == {"reached": 6}
    assert lost
    assert not {order.attempt_id for order in run.pbx.orders} & set(lost)


async def test_a_gap_while_the_store_cannot_record_closes_no_call_twice(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(3, max_cps=300.0, retry=RetryPolicy(max_attempts=1))
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
        with locked(world):
            for call in calls:
                call.answer()
                call.play_to_the_end()
            run.pbx.go_down()
            run.pbx.come_up()
            lists = run.pbx.lists
            await until(lambda: run.pbx.lists > lists)
            await asyncio.sleep(0.1)
        await run.over(campaign.id)
        await asyncio.sleep(0.1)
        world.check()
    assert world.states(campaign.id) == {"reached": 3}
    assert len(run.pbx.orders) == 3


async def test_a_call_that_the_pbx_refused_is_not_given_back_by_reconciling(
    world: World, tmp_path: Path
) -> None:
    """It has no line in the journal, and its end is not written yet when a gap is settled."""
    policy = RetryPolicy(1, {}, network_tries=1)
    campaign = world.called(3, max_cps=300.0, retry=policy)
    pbx = FakePbx(refusing="Extension does not exist.")
    async with dialing(world.engine, tmp_path, pbx) as run:
        with locked(world):
            pass
        await run.over(campaign.id)
        run.pbx.go_down()
        run.pbx.come_up()
        await asyncio.sleep(0.2)
        world.check()
    assert world.states(campaign.id) == {"unreached": 3}
    assert {one["outcome"] for one in world.attempts().values()} == {"config_error"}


async def test_a_claim_that_grew_old_goes_back_unsent(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = world.called(5, max_cps=300.0)
    monkeypatch.setattr(originate, "FRESH_S", -1.0)
    async with dialing(world.engine, tmp_path) as run:
        await until(lambda: len(world.attempts()) > 5)
        await asyncio.sleep(0.05)
        assert run.pbx.orders == []
        monkeypatch.setattr(originate, "FRESH_S", 1.0)
        await run.up(5)
        world.check()
    states = Counter(one["state"] for one in world.attempts().values())
    assert set(states) == {"unsent", "claimed"}
    assert all(one["attempts"] == 0 for one in world.targets(campaign.id))


async def test_an_order_that_the_link_would_not_take_goes_back_unsent(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(2, max_cps=50.0)
    async with dialing(world.engine, tmp_path, FakePbx(full=True)) as run:
        await until(lambda: any(one["state"] == "unsent" for one in world.attempts().values()))
        run.pbx.full = False
        await run.up(2)
        world.check()
    assert all(one["attempts"] == 0 for one in world.targets(campaign.id))


async def test_a_call_whose_report_was_lost_is_read_back_from_the_journal(
    world: World, tmp_path: Path
) -> None:
    """Its Hangup is heard after a gap, what the dialplan told of it before that is not."""
    campaign = world.called(1, retry=RetryPolicy(max_attempts=3))
    async with dialing(world.engine, tmp_path) as run:
        call = (await run.up(1))[0]
        call.answer()
        call.result = "played"
        call.end(heard_ms=2000, cause=16, tech="SIP 200 OK", handler=False)
        await run.over(campaign.id)
    assert [one["outcome"] for one in world.attempts().values()] == ["delivered"]


async def test_a_gap_in_the_link(world: World, tmp_path: Path) -> None:
    once = RetryPolicy(max_attempts=1)
    campaign = world.called(6, max_channels=6, max_cps=300.0, retry=once)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(6)
        for call in calls:
            call.answer()
        run.pbx.go_down()
        calls[0].play_to_the_end()
        calls[1].press("9")
        calls[1].end(heard_ms=500)
        calls[2].press("9")
        calls[3].end(journalled=False)  # the PBX began it and nothing tells how it ended
        await asyncio.sleep(0.05)
        world.check()
        run.pbx.come_up()
        await until(lambda: world.states(campaign.id).get("calling") == 3)
        await until(lambda: len(_suppressed(world)) == 2)
        world.check()
        assert set(world.locks()) == {
            calls[3].order.number, *(call.order.number for call in calls[2:3] + calls[4:])
        }  # fmt: skip
        for call in [calls[2], *calls[4:]]:
            call.end(heard_ms=700)
        await until(lambda: "calling" not in world.states(campaign.id))
        assert world.states(campaign.id) == {"reached": 3, "unreached": 2, "in_doubt": 1}
        assert len(run.pbx.orders) == 6
        await until(lambda: run.shown().get("gaps") == 1)


async def test_the_lease_is_given_back_whatever_goes_wrong_at_the_end(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(Settling, "end", fail)
        async with dialing(world.engine, tmp_path) as run:
            pass
    async with dialing(world.engine, tmp_path, run.pbx):
        pass


async def test_a_call_in_doubt_stays_so_and_keeps_its_number(world: World, tmp_path: Path) -> None:
    campaign = world.called(1, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        call = (await run.up(1))[0]
        run.pbx.go_down()
        call.end(journalled=False)
        run.pbx.come_up()
        await until(lambda: world.states(campaign.id) == {"in_doubt": 1})
        other = world.campaign(1, [world.contacts(1, [number(0)])], max_cps=300.0)
        run.pbx.go_down()
        run.pbx.come_up()
        await until(lambda: world.targets(other.id)[0]["gate"] == "live_call_on_number")
        world.check()
    async with dialing(world.engine, tmp_path, run.pbx):
        await asyncio.sleep(0.1)
    assert world.states(campaign.id) == {"in_doubt": 1}
    assert set(world.locks()) == {number(0)}
    assert len(run.pbx.orders) == 1


async def test_the_next_dialer_adopts_what_is_up(world: World, tmp_path: Path) -> None:
    campaign = world.called(3, max_cps=300.0, retry=RetryPolicy(max_attempts=1))
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
    release(world)
    calls[0].answer()
    calls[0].press("9")  # while nobody listens
    calls[1].play_to_the_end()
    async with dialing(world.engine, tmp_path, run.pbx) as second:
        assert len(_suppressed(world)) >= 0
        await until(lambda: len(_suppressed(world)) == 1)
        calls[0].end(heard_ms=500)
        calls[2].end(cause=17, tech="SIP 486 Busy Here")
        await second.over(campaign.id)
        world.check()
    outcomes = sorted(one["outcome"] for one in world.attempts().values())
    assert outcomes == ["busy", "carrier_failure", "opted_out"] or "opted_out" in outcomes
    assert len(run.pbx.orders) == 3


def release(world: World) -> None:
    """As if the process that held the lease were gone for good."""
    with writing(world.engine) as connection:
        lapsed = world.now - 2 * LEASE_LASTS
        connection.execute(lease.update().values(renewed_at=lapsed, status={}))


async def test_a_hangup_while_channels_are_listed_is_not_missed(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(1, retry=RetryPolicy(max_attempts=1))
    async with dialing(world.engine, tmp_path) as run:
        call = (await run.up(1))[0]
        call.answer()
        run.pbx.go_down()
        run.pbx.on_list = call.play_to_the_end
        run.pbx.come_up()
        await run.over(campaign.id)
        world.check()
    assert [one["outcome"] for one in world.attempts().values()] == ["delivered"]


async def test_no_call_is_placed_before_what_was_in_flight_is_settled(
    world: World, tmp_path: Path
) -> None:
    world.called(20, max_channels=10, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(10)
        run.pbx.go_down()
        for call in list(run.pbx.calls.values()):
            call.end(cause=17, tech="SIP 486 Busy Here")
        await asyncio.sleep(0.1)
        assert len(run.pbx.orders) == 10
        run.pbx.come_up()
        await run.up(10)
        world.check()


async def test_a_second_dialer_is_refused(world: World, tmp_path: Path) -> None:
    async with dialing(world.engine, tmp_path):
        with pytest.raises(LeaseLost):
            async with dialing(world.engine, tmp_path / "other"):
                pass


async def test_one_that_was_overtaken_writes_and_calls_no_more(
    world: World, tmp_path: Path
) -> None:
    world.called(20, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
        with writing(world.engine) as connection:
            connection.execute(
                lease.update().values(token=lease.c.token + 1, process="elsewhere:1")
            )
        for call in calls:
            call.end(cause=17, tech="SIP 486 Busy Here")
        assert isinstance(await run.fails(), LeaseLost)
    assert {one["state"] for one in world.attempts().values()} == {"claimed"}
    assert len(run.pbx.orders) == 3


@pytest.mark.parametrize("action", [Action.PAUSE, Action.DRAIN])
async def test_pause_and_drain_let_calls_end(world: World, tmp_path: Path, action: Action) -> None:
    campaign = world.called(20, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
        world.act(campaign.id, action)
        for call in calls:
            call.answer()
            call.play_to_the_end()
        await until(lambda: world.states(campaign.id).get("reached") == 3)
        if action is Action.PAUSE:
            assert len(run.pbx.orders) == 3
            world.act(campaign.id, Action.RESUME)
            await run.up(3)
        else:
            await until(lambda: world.states(campaign.id) == {"reached": 3, "cancelled": 17})
        assert run.pbx.asked_to_hang_up == []
        world.check()


async def test_stop_ends_every_call(world: World, tmp_path: Path) -> None:
    campaign = world.called(20, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(3)
        world.act(campaign.id, Action.STOP)
        await until(lambda: world.states(campaign.id) == {"cancelled": 20})
        assert run.pbx.calls == {}
        world.check()


async def test_a_stop_while_the_link_is_down_keeps_the_lease_and_is_done_after(
    world: World, tmp_path: Path
) -> None:
    campaign = world.called(20, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(3)
        run.pbx.go_down()
        world.act(campaign.id, Action.STOP)
        await asyncio.sleep(0.2)
        assert not run.task.done()
        run.pbx.come_up()
        await until(lambda: world.states(campaign.id) == {"cancelled": 20})


async def test_a_stop_is_asked_for_until_the_calls_are_over(world: World, tmp_path: Path) -> None:
    """The link takes nothing for a moment, or the PBX does not know the call yet."""
    campaign = world.called(3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        await run.up(3)
        run.pbx.full = True
        hidden, run.pbx.calls = run.pbx.calls, {}
        world.act(campaign.id, Action.STOP)
        await asyncio.sleep(0.2)
        run.pbx.full = False
        await until(lambda: len(run.pbx.asked_to_hang_up) >= 3)
        run.pbx.calls = hidden
        await until(lambda: world.states(campaign.id) == {"cancelled": 3})
        assert not run.task.done()


async def test_calls_claimed_when_a_campaign_is_stopped_are_not_placed(
    world: World, tmp_path: Path
) -> None:
    async with dialing(world.engine, tmp_path) as run:
        stop = lambda call: world.act(call.campaign.id, Action.STOP)  # noqa: E731
        between_claim_and_call(run, stop, lambda call: call.hung_up_by_us)
        campaign = world.called(3, max_cps=300.0)
        await until(lambda: world.states(campaign.id) == {"cancelled": 3})
        assert run.pbx.orders == []


async def test_stopping_the_dialer_leaves_nothing_in_flight(world: World, tmp_path: Path) -> None:
    world.called(20, max_channels=3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
        run.dialer.stop()
        for call in calls:
            call.answer()
            call.play_to_the_end()
        assert await run.stop()
    world.check()
    assert "calling" not in world.states(1)
    assert world.locks() == {}
    assert len(run.pbx.orders) == 3
    with dialing_again(world) as free:
        assert free, "the lease is given back"


@contextmanager
def dialing_again(world: World) -> Iterator[bool]:
    with writing(world.engine) as connection:
        yield leases.acquire(connection, datetime.now(UTC)).token == 2


async def test_a_gap_during_the_end_is_settled_too(world: World, tmp_path: Path) -> None:
    world.called(3, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(3)
        run.dialer.stop()
        await asyncio.sleep(0.05)
        run.pbx.go_down()
        for call in calls:
            call.end(cause=17, tech="SIP 486 Busy Here")
        run.pbx.come_up()
        assert await run.stop()
    assert world.locks() == {}
    world.check()


async def test_a_hangup_that_never_came_is_asked_for(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "OVERDUE_S", 0.05)
    monkeypatch.setattr(Campaign, "max_call_s", 0)
    campaign = world.called(2, max_cps=300.0, retry=RetryPolicy(max_attempts=1))
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(2)
        tell, run.pbx.tell = run.pbx.tell, lambda *events: None  # type: ignore[method-assign]
        calls[0].answer()
        calls[0].play_to_the_end()
        run.pbx.tell = tell  # type: ignore[method-assign]
        await until(lambda: world.states(campaign.id) == {"reached": 1, "calling": 1})
        world.check()


async def test_a_real_trunk_places_nothing_until_it_is_armed(world: World, tmp_path: Path) -> None:
    controller = world.controller()
    real = world.contacts(controller, ["+33612345678"], fictional=False)
    campaign = world.campaign(controller, [real], rehearsal=False, caller_id="+33162000000")
    pbx = FakePbx(reached_at={TRUNK: ["sip:192.0.2.1:5060"]})
    trunks = [Trunk(TRUNK, "192.0.2.1", caller_ids=("+33162000000",))]
    async with dialing(world.engine, tmp_path, pbx, trunks) as run:
        await asyncio.sleep(0.2)
        assert world.attempts() == {}
        with writing(world.engine) as connection:
            records.arm(connection, TRUNK, "Zoé", world.now)
        await run.up(1)
        assert world.states(campaign.id) == {"calling": 1}


async def test_a_rehearsal_stops_when_its_trunk_leads_elsewhere(
    world: World, tmp_path: Path
) -> None:
    world.called(50, max_channels=5, max_cps=300.0)
    async with dialing(world.engine, tmp_path) as run:
        calls = await run.up(5)
        run.pbx.reached_at[TRUNK] = ["sip:127.0.0.1:5090", "sip:192.0.2.1:5060"]
        await until(lambda: not run.dialer._trunks.is_rehearsal(TRUNK))
        await asyncio.sleep(0.1)
        before = len(run.pbx.orders)
        for call in calls:
            call.end(cause=17, tech="SIP 486 Busy Here")
        await asyncio.sleep(0.3)
        assert len(run.pbx.orders) == before


async def test_random_gaps_and_deaths_leave_the_sums_right(world: World, tmp_path: Path) -> None:
    chance = random.Random(7)
    quick = RetryPolicy(2, {Outcome.BUSY: NO_DELAY + timedelta(milliseconds=10)}, 3,
                        timedelta(milliseconds=10))  # fmt: skip
    campaign = world.called(120, max_channels=12, max_cps=400.0, retry=quick)
    pbx = FakePbx()
    scripts = [fake_pbx.deliver, fake_pbx.busy, fake_pbx.opt_out, fake_pbx.congested]
    for _ in range(5):
        async with dialing(world.engine, tmp_path, pbx) as run:
            for _ in range(12):
                await asyncio.sleep(0.03)
                await _disturb(run, chance, scripts)
                world.check()
        release(world)
    async with dialing(world.engine, tmp_path, pbx) as run:
        pbx.script = fake_pbx.deliver
        for call in list(pbx.calls.values()):
            fake_pbx.deliver(call)
        await run.over(campaign.id)
        world.check()
    calls = Counter(order.number for order in pbx.orders)
    assert max(calls.values()) <= 2 + 3
    in_doubt = world.states(campaign.id).get("in_doubt", 0)
    assert in_doubt == len(world.locks())


async def _disturb(
    run: Dialing, chance: random.Random, scripts: list[Callable[[FakeCall], None]]
) -> None:
    live = list(run.pbx.calls.values())
    for call in chance.sample(live, min(len(live), 6)):
        chance.choice(scripts)(call)
    if chance.random() < 0.3 and run.pbx.connected:
        run.pbx.go_down()
        live = list(run.pbx.calls.values())
        for call in chance.sample(live, min(len(live), 2)):
            call.end(cause=17, tech="SIP 486 Busy Here", journalled=chance.random() < 0.7)
    elif not run.pbx.connected:
        run.pbx.come_up()


async def test_no_call_is_placed_that_the_pbx_could_not_journal(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, asked = [journal.ROOM - 1], []

    def usage(path: Path) -> SimpleNamespace:
        asked.append(path)
        return SimpleNamespace(free=free[0])

    monkeypatch.setattr(journal.shutil, "disk_usage", usage)
    world.called(3)
    async with dialing(world.engine, tmp_path) as run:
        await until(lambda: len(asked) > 5)
        assert run.pbx.orders == []
        assert world.locks() == {}
        free[0] = journal.ROOM
        await run.up(3)


async def test_calls_that_are_nobodys_attempt_take_channels_of_their_trunk(
    world: World, tmp_path: Path
) -> None:
    pbx = FakePbx()
    coming_in = OtherBegun("1732230000.7", f"PJSIP/{TRUNK}-00000001")
    pbx.others[coming_in.channel_id] = coming_in
    narrow = Trunk(TRUNK, "127.0.0.1", 5090, max_channels=3, max_cps=400)
    world.called(5, max_cps=300.0)
    async with dialing(world.engine, tmp_path, pbx, [narrow]) as run:
        await run.up(2)
        pbx.tell(OtherBegun("1732230000.8", f"PJSIP/{TRUNK}-00000002"))
        (await run.up(2))[0].play_to_the_end()
        await run.settled()
        pbx.tell(OtherEnded("1732230000.7"), OtherEnded("1732230000.8"))
        await run.up(3)
        assert len(pbx.orders) == 4
