"""Who must never be called is refused as the campaign is filled, and nobody else is."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from store_subjects import NOW, World, number

from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.rules.gates import Gate
from store import suppressions, tallies, targets
from store.engine import reading, writing


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def refuses(
    world: World,
    index: int,
    scope: SuppressionScope = SuppressionScope.CONTROLLER,
    owner: int = 1,
    days: int | None = None,
) -> None:
    row = Suppression(
        number(index), scope, owner, SuppressionReason.MANUAL, "a letter", NOW,
        expires_at=None if days is None else NOW + timedelta(days=days),
    )  # fmt: skip
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])


def filled(world: World, campaign_id: int, list_id: int) -> None:
    with writing(world.engine) as connection:
        targets.fill(connection, campaign_id, list_id, 0, 100, NOW)


def gates(world: World, campaign_id: int) -> dict[str, str | None]:
    return {one["number"]: one["gate"] for one in world.targets(campaign_id)}


def test_whom_operator_or_controller_must_not_call_is_refused_at_once(world: World) -> None:
    owner, other = world.controller(), world.controller("B")
    refuses(world, 1)
    refuses(world, 2, SuppressionScope.OPERATOR, 0)
    refuses(world, 3, owner=other)
    refuses(world, 4, days=30)
    campaign = world.campaign(owner, [world.contacts(owner, [number(n) for n in range(6)])])
    refused = {where for where, gate in gates(world, campaign.id).items() if gate}
    assert refused == {number(1), number(2)}, "until a day, the claim asks whether it is over"
    assert world.states(campaign.id) == {"pending": 4, "refused": 2}
    with reading(world.engine) as connection:
        counts = tallies.of_campaign(connection, campaign.id)
    assert counts[tallies.GATE] == {Gate.SUPPRESSED.value: 2}
    world.check()


def test_filled_again_a_campaign_refuses_who_refused_it_meanwhile_once(world: World) -> None:
    campaign, other = world.called(5), world.called(5)
    refuses(world, 2, SuppressionScope.CAMPAIGN, campaign.id)
    for _ in range(2):
        filled(world, campaign.id, 1)
        filled(world, other.id, 2)
    assert gates(world, campaign.id)[number(2)] == Gate.SUPPRESSED
    assert world.states(campaign.id) == {"pending": 4, "refused": 1}
    assert world.states(other.id) == {"pending": 5}
    world.check()


def test_who_was_called_before_is_left_to_the_claim(world: World) -> None:
    """A call may be up, or its end not settled yet."""
    campaign = world.called(3)
    with writing(world.engine) as connection:
        connection.exec_driver_sql("UPDATE target SET attempts = 1 WHERE id = 1")
    refuses(world, 0)
    filled(world, campaign.id, 1)
    assert world.states(campaign.id) == {"pending": 3}
