"""Targets: each contact of a campaign once, found in order, always in one state."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from store_subjects import NOW, PARIS, World, number

from campaigns.contacts.basis import Evidence
from campaigns.rules.gates import Gate
from campaigns.states import TargetState
from store import queue, tallies, targets
from store.engine import reading, writing
from store.queue import Settled

TAHITI = "Pacific/Tahiti"


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def due(world: World, campaign_id: int, zones: str = PARIS, retry: bool = False,
        count: int = 100, at: datetime = NOW, avoid: str | None = None) -> list[str]:  # fmt: skip
    with writing(world.engine) as connection:
        found = queue.due(connection, campaign_id, zones, retry, at, count, avoid)
        return [one.number for one in found]


def settle(world: World, target_id: int, **changes: Any) -> None:
    values: dict[str, Any] = {
        "state": TargetState.PENDING, "due_at": NOW, "retry": True, "attempts": 1, "tries": 0,
        "outcome": "busy",
    }  # fmt: skip
    with writing(world.engine) as connection:
        queue.settle(connection, [Settled(target_id, **{**values, **changes})])


def test_a_number_of_two_lists_is_one_target(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(n) for n in range(150)]),
        world.contacts(controller, [number(n) for n in range(100, 250)]),
    ]
    campaign = world.campaign(controller, lists)
    assert len(world.targets(campaign.id)) == 250
    assert world.states(campaign.id) == {"pending": 250}
    world.check()


def test_filling_again_adds_nobody(world: World) -> None:
    campaign = world.called(30)
    with writing(world.engine) as connection:
        assert targets.fill(connection, campaign.id, 1, 0, 100, NOW) is not None
    assert world.states(campaign.id) == {"pending": 30}
    world.check()


def test_they_are_found_in_the_order_of_the_list(world: World) -> None:
    campaign = world.called(20)
    assert due(world, campaign.id, count=7) == [number(n) for n in range(7)]


def test_they_are_called_in_the_order_of_the_file_in_whatever_order_they_were_kept(
    world: World,
) -> None:
    controller = world.controller()
    list_id = world.contacts(controller, [number(n) for n in range(5)])
    with writing(world.engine) as connection:
        connection.exec_driver_sql("UPDATE contact SET line = 20 - line")
    campaign = world.campaign(controller, [list_id])
    assert due(world, campaign.id) == [number(n) for n in (4, 3, 2, 1, 0)]


def test_what_a_gate_asks_is_found_with_them(world: World) -> None:
    controller = world.controller()
    one = world.contacts(controller, [number(1)], ("survey",), Evidence.LIST, fictional=False)
    campaign = world.campaign(controller, [one])
    with writing(world.engine) as connection:
        (found,) = queue.due(connection, campaign.id, PARIS, False, NOW, 10)
    assert (found.purposes, found.evidence, found.fictional) == (("survey",), Evidence.LIST, False)


def test_zones_are_found_apart_and_only_while_somebody_is_pending(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(1)], zones=PARIS),
        world.contacts(controller, [number(2)], zones=TAHITI),
        world.contacts(controller, [number(3)], zones=f"{PARIS}|{TAHITI}"),
    ]
    campaign = world.campaign(controller, lists)
    with reading(world.engine) as connection:
        assert queue.zones_of(connection, campaign.id) == [PARIS, f"{PARIS}|{TAHITI}", TAHITI]
    with writing(world.engine) as connection:
        queue.take(connection, [2])
        assert queue.zones_of(connection, campaign.id) == [PARIS, f"{PARIS}|{TAHITI}"]


def test_retries_are_found_when_due_and_apart_from_fresh_ones(world: World) -> None:
    campaign = world.called(3)
    settle(world, 1, due_at=NOW + timedelta(minutes=10))
    settle(world, 2, due_at=NOW + timedelta(minutes=5))
    assert due(world, campaign.id) == [number(2)]
    assert due(world, campaign.id, retry=True) == []
    later = NOW + timedelta(minutes=5)
    assert due(world, campaign.id, retry=True, at=later) == [number(1)]
    later += timedelta(minutes=5)
    assert due(world, campaign.id, retry=True, at=later) == [number(1), number(0)]


def test_those_that_a_trunk_failed_are_found_apart(world: World) -> None:
    campaign = world.called(3)
    for target_id, avoid in ((1, "a"), (2, "b"), (3, None)):
        settle(world, target_id, avoid=avoid)
    assert due(world, campaign.id, retry=True) == [number(2)]
    assert due(world, campaign.id, retry=True, avoid="a") == [number(0)]
    assert due(world, campaign.id, retry=True, avoid="b") == [number(1)]
    settle(world, 1)
    assert due(world, campaign.id, retry=True, avoid="a") == [number(0)], "as it was known before"


def test_a_call_that_never_left_changes_no_outcome(world: World) -> None:
    campaign = world.called(1)
    settle(world, 1, outcome="busy")
    settle(world, 1, outcome=None)
    assert world.targets(campaign.id)[0]["outcome"] == "busy"


def test_refused_and_postponed(world: World) -> None:
    campaign = world.called(3)
    later = NOW + timedelta(seconds=30)
    with writing(world.engine) as connection:
        queue.refuse(connection, [(1, Gate.NO_BASIS)])
        queue.postpone(connection, [(2, Gate.LIVE_CALL_ON_NUMBER, later)])
    first, second, _ = world.targets(campaign.id)
    assert (first["state"], first["gate"]) == ("refused", "no_basis")
    assert (second["state"], second["gate"], second["due_at"]) == (
        "pending", "live_call_on_number", later,
    )  # fmt: skip
    assert due(world, campaign.id) == [number(2)]
    with writing(world.engine) as connection:
        queue.take(connection, [2])
    assert world.targets(campaign.id)[1]["gate"] is None


def test_cancelling_takes_pending_ones_only_and_so_many_at_once(world: World) -> None:
    campaign = world.called(10)
    with writing(world.engine) as connection:
        queue.take(connection, [1])
        delta: tallies.Delta = Counter()
        tallies.moved(delta, campaign.id, "pending", "calling")
        tallies.add(connection, delta)
        assert targets.cancel(connection, campaign.id, 6) == 6
        assert targets.cancel(connection, campaign.id, 6) == 3
        assert targets.cancel(connection, campaign.id, 6) == 0
        assert tallies.of_campaign(connection, campaign.id)[tallies.STATE] == {
            "calling": 1, "cancelled": 9,
        }  # fmt: skip
        assert targets.counted(connection, campaign.id) == {"calling": 1, "cancelled": 9}


def test_two_claimers_never_find_the_same_target(postgres_store: Engine) -> None:
    world = World(postgres_store)
    campaign = world.called(6)
    with writing(postgres_store) as one, writing(postgres_store) as other:
        first = queue.due(one, campaign.id, PARIS, False, NOW, 3)
        second = queue.due(other, campaign.id, PARIS, False, NOW, 3)
    assert len({found.id for found in [*first, *second]}) == 6


@pytest.mark.parametrize("avoid", [None, "a"])
def test_the_claim_walks_along_its_index_and_sorts_nothing(
    sqlite_store: Engine, avoid: str | None
) -> None:
    world = World(sqlite_store)
    campaign = world.called(5)
    ran: list[tuple[str, Any]] = []

    def keep(*told: Any) -> None:
        ran.append((told[2], told[3]))

    event.listen(sqlite_store, "before_cursor_execute", keep)
    with reading(sqlite_store) as connection:
        queue.due(connection, campaign.id, PARIS, True, NOW, 10, avoid)
        query, values = ran[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    steps = " / ".join(str(row[3]) for row in plan)
    walk = "ix_target_due (campaign_id=? AND zones=? AND retry=? AND avoid=? AND due_at<?)"
    assert walk in steps
    assert "TEMP B-TREE" not in steps
    assert "SCAN" not in steps


@pytest.mark.parametrize("avoid", [None, "a"])
def test_so_it_does_on_postgresql(postgres_store: Engine, avoid: str | None) -> None:
    """Sorting everybody who is due takes a thousand times as long as finding the first."""
    campaign = World(postgres_store).called(2000)
    ran: list[tuple[str, Any]] = []
    event.listen(
        postgres_store, "before_cursor_execute", lambda *told: ran.append((told[2], told[3]))
    )
    with writing(postgres_store) as connection:
        connection.exec_driver_sql("ANALYZE")
        queue.due(connection, campaign.id, PARIS, False, NOW, 10, avoid)
        query, values = ran[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN {query}", values).scalars().all()
    steps = " / ".join(plan)
    assert "Index Scan using ix_target_due" in steps
    assert "Sort" not in steps


def test_zones_and_what_was_begun_are_found_without_a_walk(sqlite_store: Engine) -> None:
    world = World(sqlite_store)
    campaign = world.called(5)
    ran: list[tuple[str, Any]] = []
    event.listen(
        sqlite_store, "before_cursor_execute", lambda *told: ran.append((told[2], told[3]))
    )
    with reading(sqlite_store) as connection:
        queue.zones_of(connection, campaign.id)
        tallies.one(connection, campaign.id, tallies.BEGUN, tallies.PEOPLE)
        queue.may_claim(connection, campaign.id)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
            for query, values in ran[1:4]
        ]
    steps = " / ".join(str(row[3]) for plan in plans for row in plan)
    assert "ix_target_due (campaign_id=? AND zones>?)" in steps
    assert steps.count("SCAN") == steps.count("SCAN halt")


def test_every_target_of_a_number_and_of_one_controller_only(world: World) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    first = world.campaign(ours, [world.contacts(ours, [number(1)])])
    second = world.campaign(ours, [world.contacts(ours, [number(1)])])
    world.campaign(theirs, [world.contacts(theirs, [number(1)])])
    with reading(world.engine) as connection:
        found = targets.of_number(connection, ours, number(1))
    assert [one["campaign_id"] for one in found] == [first.id, second.id]
