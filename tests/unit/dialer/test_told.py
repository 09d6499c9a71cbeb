"""What happens in calls is told with them, once, and costs nothing where nobody wants to know."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from store_subjects import World, number

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Evidence
from campaigns.outcome import Outcome
from campaigns.stages import Hold, Measure
from campaigns.states import Action
from campaigns.webhook import EventKind
from dialer.book import write_closings, write_refusals
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import closed, never_placed
from store import campaigns as kept
from store import tables, webhook_facts, webhooks
from store.engine import reading, writing


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def endpoint(world: World, *kinds: EventKind) -> None:
    with writing(world.engine) as connection:
        wanted = [one.value for one in kinds or EventKind]
        webhooks.add(connection, 1, "https://crm.example", wanted, "s", "t", datetime.now(UTC))


def take(world: World, campaign: Campaign, count: int = 1) -> list[Call]:
    with writing(world.engine) as connection:
        claimed = claim(connection, Want(campaign, count, True, "x"), world.now)
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in claimed.taken]


def events(world: World) -> list[dict[str, Any]]:
    with reading(world.engine) as connection:
        asked = select(tables.webhook_event).order_by(tables.webhook_event.c.id)
        return [dict(row) for row in connection.execute(asked).mappings()]


def kinds(world: World) -> list[str]:
    return [one["kind"] for one in events(world)]


def test_a_call_that_was_the_last_one_is_told_with_its_end(world: World) -> None:
    campaign = world.called(1)
    endpoint(world)
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.INVALID_NUMBER, world.now)])
    (told,) = [one for one in events(world) if one["kind"] == "target.finished"]
    assert told["subject"] == f"target {call.attempt.target_id}"
    assert (told["data"]["state"], told["data"]["outcome"]) == ("unreached", "invalid_number")
    assert number(0) not in str(told), "the outbox names nobody"
    with reading(world.engine) as connection:
        assert webhook_facts.told(connection, told["data"])["number"] == number(0)


def test_one_who_is_called_again_is_not_finished(world: World) -> None:
    campaign = world.called(1)
    endpoint(world)
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.BUSY, world.now)])
    assert kinds(world) == []


def test_a_refusal_is_told_at_the_key_and_once_however_often_it_is_heard(world: World) -> None:
    campaign = world.called(1)
    endpoint(world)
    (call,) = take(world, campaign)
    call.opted_out = True
    with writing(world.engine) as connection:
        write_refusals(connection, [call, call])
    assert kinds(world) == ["person.opted_out"]
    with writing(world.engine) as connection:
        write_refusals(connection, [call])
        write_closings(connection, [closed(call, None, world.now)])
    assert kinds(world) == ["person.opted_out", "target.finished"]
    (refused, _) = events(world)
    assert refused["data"]["reason"] == "key"
    assert refused["subject"] == f"target {call.attempt.target_id}"


def test_what_a_gate_keeps_out_for_good_is_told(world: World) -> None:
    owner = world.controller()
    list_id = world.contacts(owner, [number(1)], evidence=Evidence.NONE)
    campaign = world.campaign(owner, [list_id])
    endpoint(world)
    assert take(world, campaign) == []
    (told,) = events(world)
    assert (told["data"]["state"], told["data"]["gate"]) == ("refused", "evidence_too_weak")


def test_a_campaign_that_moves_or_is_held_is_told(world: World) -> None:
    campaign = world.called(1)
    endpoint(world)
    for action in (Action.PAUSE, Action.PAUSE, Action.RESUME):
        world.act(campaign.id, action)
    with writing(world.engine) as connection:
        kept.hold(connection, campaign.id, Hold(Measure.OPT_OUTS, 0.02, 0.01, 200), world.now)
    assert [one["data"].get("after") for one in events(world)] == ["paused", "running", None]
    assert kinds(world)[-1] == "campaign.held"


def test_where_nobody_wants_to_know_one_statement_asks_so_and_nothing_is_written(
    world: World,
) -> None:
    campaign = world.called(5)
    calls = take(world, campaign, 5)
    asked: list[str] = []
    event.listen(
        world.engine, "before_cursor_execute", lambda *seen: asked.append(str(seen[2]))
    )  # fmt: skip
    with writing(world.engine) as connection:
        ends = [never_placed(one, Outcome.INVALID_NUMBER, world.now) for one in calls]
        write_closings(connection, ends)
    assert sum("webhook" in one for one in asked) == 1
    assert events(world) == []
