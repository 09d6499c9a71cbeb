"""Attempts, the locks on the numbers they call, and the counts kept with every move."""

import threading
from collections import Counter

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from store_subjects import CALLER_ID, NOW, TRUNK, World, number
from ulid import ULID

from campaigns.attempt import ATTEMPT_ID, Attempt
from campaigns.outcome import Outcome
from campaigns.states import AttemptState
from store import attempts, tallies
from store.attempts import Ended
from store.engine import reading, writing


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def an_attempt(target_id: int = 1, called: str = number(0)) -> Attempt:
    return Attempt(str(ULID()), 1, target_id, called, TRUNK, CALLER_ID, NOW)


def add(world: World, *made: Attempt) -> None:
    with writing(world.engine) as connection:
        attempts.add(connection, made, "here:1", "pack@1", rehearsal=True)


def close(world: World, one: Attempt, state: AttemptState, outcome: Outcome | None = None) -> None:
    with writing(world.engine) as connection:
        attempts.close(connection, [Ended(one.id, one.number, state, outcome)])


def test_ids_are_safe_to_send_and_sort_by_time() -> None:
    ids = [str(ULID()) for _ in range(100)]
    assert all(ATTEMPT_ID.fullmatch(one) for one in ids)
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)


def test_one_number_is_locked_once(world: World) -> None:
    world.called(1)
    first, second = an_attempt(), an_attempt()
    add(world, first)
    with pytest.raises(IntegrityError):
        add(world, second)
    assert world.locks() == {number(0): first.id}
    assert second.id not in world.attempts(), "and of the second nothing is written"


@pytest.mark.parametrize("state", [AttemptState.CLOSED, AttemptState.UNSENT])
def test_an_end_frees_the_number(world: World, state: AttemptState) -> None:
    world.called(1)
    one = an_attempt()
    add(world, one)
    close(world, one, state)
    assert world.locks() == {}
    add(world, an_attempt())


def test_doubt_keeps_it(world: World) -> None:
    world.called(1)
    one = an_attempt()
    add(world, one)
    close(world, one, AttemptState.IN_DOUBT)
    assert world.locks() == {number(0): one.id}
    close(world, one, AttemptState.CLOSED, Outcome.BUSY)
    assert world.locks() == {}


def test_a_late_end_never_frees_the_lock_of_a_later_call(world: World) -> None:
    world.called(1)
    first, second = an_attempt(), an_attempt()
    add(world, first)
    close(world, first, AttemptState.CLOSED, Outcome.BUSY)
    add(world, second)
    close(world, first, AttemptState.CLOSED, Outcome.BUSY)
    assert world.locks() == {number(0): second.id}


def test_open_ones_are_those_claimed_or_in_doubt(world: World) -> None:
    world.called(4)
    made = [an_attempt(n + 1, number(n)) for n in range(4)]
    add(world, *made)
    close(world, made[1], AttemptState.IN_DOUBT)
    close(world, made[2], AttemptState.CLOSED, Outcome.BUSY)
    close(world, made[3], AttemptState.UNSENT)
    with reading(world.engine) as connection:
        found = {one.attempt.id: one.state for one in attempts.still_open(connection)}
        ids = [*(one.id for one in made), "nobody"]
        assert attempts.open_states(connection, ids) == found
    assert found == {made[0].id: AttemptState.CLAIMED, made[1].id: AttemptState.IN_DOUBT}


def test_counts_add_up_and_empty_kinds_are_there(world: World) -> None:
    campaign = world.called(3)
    delta: tallies.Delta = Counter()
    tallies.moved(delta, campaign.id, "pending", "calling", 2)
    tallies.moved(delta, campaign.id, "calling", "reached", 1)
    delta[campaign.id, tallies.OUTCOME, "delivered"] += 1
    with writing(world.engine) as connection:
        tallies.add(connection, delta)
        tallies.add(connection, Counter())
    with reading(world.engine) as connection:
        assert tallies.of_campaign(connection, campaign.id) == {
            "state": {"pending": 1, "calling": 1, "reached": 1},
            "outcome": {"delivered": 1},
            "late": {},
            "gate": {},
            "begun": {},
            "heard": {},
            "reply": {},
            "money": {},
            "taken_back": {},
        }


def test_counts_of_many_writers_add_up(store: Engine) -> None:
    world = World(store)
    campaign = world.called(1)

    def count() -> None:
        for turn in range(10):
            delta: tallies.Delta = Counter()
            names = ["a", "b"] if turn % 2 else ["b", "a"]
            for name in names:
                delta[campaign.id, tallies.OUTCOME, name] += 1
            with writing(store) as connection:
                tallies.add(connection, delta)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(store) as connection:
        assert tallies.of_campaign(connection, campaign.id)["outcome"] == {"a": 40, "b": 40}


def test_any_number_of_attempts_is_asked_for_at_once(world: World) -> None:
    """More than a statement takes values: 65,535 in PostgreSQL, 32,766 in SQLite."""
    world.called(2)
    refused, other = an_attempt(), an_attempt(2, number(1))
    add(world, refused, other)
    close(world, refused, AttemptState.CLOSED, Outcome.OPTED_OUT)
    unknown = [f"01{index:024d}" for index in range(70_000)]
    with reading(world.engine) as connection:
        found = attempts.not_refused(connection, [refused.id, *unknown, other.id])
    assert found == {other.id: other}
