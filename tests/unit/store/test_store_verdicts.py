"""Verdicts of a trunk that was out of order are taken back, and everything still adds up."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update
from store_subjects import NOW, TRUNK, World, number

from campaigns.attempt import Attempt
from campaigns.campaign import Campaign
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.states import Action, AttemptState, TargetState
from store import attempts, queue, suppressions, tables, tallies, verdicts
from store.attempts import Ended
from store.engine import reading, writing
from store.queue import Settled

SINCE = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(minutes=2)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def called(
    world: World,
    campaign: Campaign,
    target: dict[str, Any],
    outcome: Outcome = Outcome.INVALID_NUMBER,
    state: TargetState = TargetState.UNREACHED,
    claimed_at: Any = SINCE,
    trunk: str = TRUNK,
    nth: int = 1,
    tech: str = "",
) -> str:
    """A call to this target that ended so."""
    id_ = f"{campaign.id:06d}{target['id']:010d}{nth:010d}"
    before = target["state"] if nth == 1 else TargetState.PENDING.value
    made = Attempt(
        id_, campaign.id, target["id"], target["number"], trunk, "+33199001234", claimed_at
    )
    with writing(world.engine) as connection:
        attempts.add(connection, [made], "node", "pack", True)
        # The PBX's clock is a day behind.
        ended_at = claimed_at - timedelta(days=1)
        ended = Ended(id_, made.number, AttemptState.CLOSED, outcome, ended_at=ended_at, tech=tech)
        attempts.close(connection, [ended])
        settled = Settled(target["id"], state, LATER, True, nth, 0, outcome.value)
        queue.settle(connection, [settled])
        delta: tallies.Delta = tallies.Delta()
        tallies.moved(delta, campaign.id, before, state.value)
        delta[campaign.id, tallies.OUTCOME, outcome.value] += 1
        delta[campaign.id, tallies.BEGUN, tallies.PEOPLE] += nth == 1
        tallies.add(connection, delta)
    return id_


def revive(world: World, trunk: str = TRUNK) -> int:
    with writing(world.engine) as connection:
        return verdicts.revive(connection, trunk, SINCE, LATER)


def outcomes(world: World, campaign: Campaign) -> dict[str, int]:
    with reading(world.engine) as connection:
        return tallies.of_campaign(connection, campaign.id)[tallies.OUTCOME]


def test_a_condemned_number_waits_again_and_nothing_was_counted(world: World) -> None:
    campaign = world.called(2)
    target = world.targets(campaign.id)[0]
    id_ = called(world, campaign, target)
    assert revive(world) == 1
    found = world.targets(campaign.id)[0]
    assert (found["state"], found["retry"]) == (TargetState.PENDING.value, True)
    assert (found["attempts"], found["tries"], found["avoid"]) == (0, 1, None)
    assert found["due_at"] == LATER + verdicts.AGAIN
    assert world.attempts()[id_]["outcome"] == "carrier_refused"
    assert outcomes(world, campaign) == {"carrier_refused": 1}
    world.check()
    assert revive(world) == 0


def test_calls_by_the_outcome_they_ended_with_never_become_fewer(world: World) -> None:
    """Prometheus reads a counter that went down as a restart, and adds all of it once more."""
    campaign = world.called(3)
    targets = world.targets(campaign.id)

    def ended() -> dict[str, int]:
        with reading(world.engine) as connection:
            counts = tallies.of_campaign(connection, campaign.id)
        return verdicts.as_ended(counts[tallies.OUTCOME], counts[tallies.TAKEN_BACK])

    for target in targets[:2]:
        called(world, campaign, target)
    called(world, campaign, targets[2], Outcome.CARRIER_REFUSED)
    before = ended()
    assert before == {"invalid_number": 2, "carrier_refused": 1}
    assert revive(world) == 2
    assert outcomes(world, campaign) == {"carrier_refused": 3}
    assert ended() == before


def test_another_trunk_is_tried_first_where_there_is_one(world: World) -> None:
    campaign = world.called(1)
    with writing(world.engine) as connection:
        others = update(tables.campaign).values(other_trunks=["other"])
        connection.execute(others.where(tables.campaign.c.id == campaign.id))
    (target,) = world.targets(campaign.id)
    called(world, campaign, target)
    assert revive(world) == 1
    assert world.targets(campaign.id)[0]["avoid"] == TRUNK


def test_one_that_the_campaign_would_call_again_anyway_is_not_counted_either(world: World) -> None:
    campaign = world.called(1)
    (target,) = world.targets(campaign.id)
    called(world, campaign, target, state=TargetState.PENDING)
    called(world, campaign, target, nth=2)
    assert revive(world) == 1
    (found,) = world.targets(campaign.id)
    assert (found["state"], found["attempts"], found["tries"]) == ("pending", 0, 2)
    assert outcomes(world, campaign) == {"carrier_refused": 2}
    world.check()


@pytest.mark.parametrize(
    "other",
    [
        {"claimed_at": SINCE - timedelta(seconds=1)},
        {"trunk": "other"},
        {"outcome": Outcome.BUSY},
        {"outcome": Outcome.REJECTED},
        {"outcome": Outcome.NO_ANSWER, "tech": "SIP 480 Temporarily Unavailable"},
    ],
    ids=["before", "other trunk", "busy", "rejected", "480"],
)
def test_what_is_to_be_believed_stands(world: World, other: dict[str, Any]) -> None:
    campaign = world.called(1)
    (target,) = world.targets(campaign.id)
    called(world, campaign, target, **other)
    assert revive(world) == 0
    assert world.states(campaign.id) == {"unreached": 1}
    world.check()


def test_a_number_that_was_reached_since_is_left_alone(world: World) -> None:
    campaign = world.called(1)
    (target,) = world.targets(campaign.id)
    called(world, campaign, target, state=TargetState.PENDING)
    called(world, campaign, target, Outcome.DELIVERED, TargetState.REACHED, nth=2)
    assert revive(world) == 0
    assert world.states(campaign.id) == {"reached": 1}


def test_a_campaign_that_is_over_is_not_begun_again(world: World) -> None:
    campaign = world.called(1)
    (target,) = world.targets(campaign.id)
    called(world, campaign, target)
    world.act(campaign.id, Action.FINISH)
    assert revive(world) == 0
    assert world.states(campaign.id) == {"unreached": 1}


def suppress(
    world: World, id_: str, number: str, reason: SuppressionReason, controller: int = 1
) -> None:
    scope = SuppressionScope.CONTROLLER
    row = Suppression(number, scope, controller, reason, "test", NOW, attempt_id=id_)
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])


def suppressed(world: World, controller: int = 1) -> list[str]:
    with reading(world.engine) as connection:
        rows = suppressions.page(connection, SuppressionScope.CONTROLLER, controller, 0, 100)
    return [row["number"] for row in rows]


INVALID = SuppressionReason.INVALID_NUMBER


@pytest.mark.parametrize("over", [False, True], ids=["live", "over"])
def test_no_number_stays_suppressed_for_what_is_not_believed(world: World, over: bool) -> None:
    campaign = world.called(3)
    people = world.targets(campaign.id)
    for target in people:
        id_ = called(world, campaign, target)
        reason = SuppressionReason.KEY if target is people[2] else INVALID
        suppress(world, id_, target["number"], reason)
    elsewhere = world.called(4)
    other = called(world, elsewhere, world.targets(elsewhere.id)[3], trunk="other")
    suppress(world, other, number(3), INVALID)
    if over:
        world.later(minutes=3)
        world.act(campaign.id, Action.FINISH)
    revive(world)
    assert suppressed(world) == [people[2]["number"], number(3)], "no refusal, no other trunk's"


def test_who_was_refused_for_it_in_another_campaign_waits_again(world: World) -> None:
    campaign, elsewhere = world.called(2), world.called(2)
    theirs = world.controller("B")
    apart = world.campaign(theirs, [world.contacts(theirs, [number(0)])])
    for one in (elsewhere, apart):
        refuse(world, one, world.targets(one.id)[0]["id"])
    first = world.targets(campaign.id)[0]
    suppress(world, called(world, campaign, first), first["number"], INVALID)
    assert revive(world) == 1
    assert world.states(elsewhere.id) == {"pending": 2}
    assert world.states(apart.id) == {"refused": 1}, "nothing that was said here kept it out there"
    with reading(world.engine) as connection:
        assert tallies.of_campaign(connection, elsewhere.id)[tallies.GATE] == {}
        assert tallies.of_campaign(connection, apart.id)[tallies.GATE] == {"suppressed": 1}
    world.check()


def refuse(world: World, campaign: Campaign, target_id: int) -> None:
    """As the claim does with a number that is suppressed."""
    delta: tallies.Delta = tallies.Delta()
    tallies.moved(delta, campaign.id, "pending", "refused")
    delta[campaign.id, tallies.GATE, Gate.SUPPRESSED.value] += 1
    with writing(world.engine) as connection:
        queue.refuse(connection, [(target_id, Gate.SUPPRESSED)])
        tallies.add(connection, delta)


def test_many_are_taken_back_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_CONDEMNED", verdicts._CONDEMNED.limit(4))
    one, two = world.called(6), world.called(5)
    for campaign in (one, two):
        for target in world.targets(campaign.id):
            called(world, campaign, target)
    counts = [revive(world) for _ in range(4)]
    assert counts == [4, 4, 3, 0]
    assert world.states(one.id) == {"pending": 6}
    assert world.states(two.id) == {"pending": 5}
    world.check()
