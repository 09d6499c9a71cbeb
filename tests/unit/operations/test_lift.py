"""A refusal is lifted by a named person, with a reason, and for one owner only."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from store_subjects import NOW, World, number

from campaigns.contacts.suppression import SuppressionReason
from campaigns.errors import InvalidInput, NotFound
from campaigns.states import Action
from operations.lift import lift
from operations.suppress import Owner, listed, owner_of, suppress
from store import audit, controllers, suppressions
from store.engine import reading, writing

MOBILE = "06 39 98 00 01"


@pytest.fixture
def owner(store: Engine) -> Owner:
    with writing(store) as connection:
        made = controllers.ensure(connection, "Comité", datetime.now(UTC))
    suppress(store, Owner.controller(made), MOBILE, source="key", by="x")
    suppress(store, Owner.operator(), MOBILE, source="key", by="x")
    return Owner.controller(made)


def test_only_the_named_owners_list_changes_and_it_is_on_record(
    store: Engine, owner: Owner
) -> None:
    lift(store, owner, "+33639980001", why="wrote on 3 May", by="Zoé")
    assert listed(store, owner) == []
    assert len(listed(store, Owner.operator())) == 1
    with reading(store) as connection:
        (event,) = audit.latest(connection, owner.id, 1)
    assert (event["act"], event["actor"]) == ("suppression.lift", "Zoé")
    assert event["detail"] == {"why": "wrote on 3 May"}
    assert "9980001" not in event["subject"]
    with pytest.raises(NotFound):
        lift(store, owner, MOBILE, why="again", by="Zoé")


def test_a_number_that_the_network_did_not_know_is_let_be_called_by_a_person(
    store: Engine, owner: Owner
) -> None:
    invalid = SuppressionReason.INVALID_NUMBER
    suppress(store, owner, "06 39 98 00 02", source="attempt x", by="x", reason=invalid)
    assert len(listed(store, owner)) == 2
    lift(store, owner, "06 39 98 00 02", why="the carrier has mended its routes", by="Zoé")
    assert [row["number"] for row in listed(store, owner)] == ["+33639980001"]


def test_one_campaign_alone_keeps_to_what_is_asked_of_it(store: Engine) -> None:
    world = World(store)
    campaign, other = world.called(2), world.called(2)
    ours = owner_of(store, 1, campaign.id)
    with pytest.raises(NotFound):
        owner_of(store, world.controller("B"), campaign.id)
    assert owner_of(store, 1, None) == Owner.controller(1)
    assert suppress(store, ours, number(0), source="a letter", by="Zoé")
    with reading(store) as connection:
        assert suppressions.in_force(connection, [number(0)], 1, campaign.id, NOW)
        assert not suppressions.in_force(connection, [number(0)], 1, other.id, NOW)
        (event,) = audit.latest(connection, 1, 1)
    assert (event["act"], event["detail"]["campaign"]) == ("suppression.add", campaign.id)
    assert [row["number"] for row in listed(store, ours)] == [number(0)]
    assert listed(store, Owner.controller(1)) == []
    lift(store, ours, number(0), why="wrote again", by="Zoé")
    assert listed(store, ours) == []


@pytest.mark.parametrize(("why", "by"), [(" ", "Zoé"), ("wrote", "")])
def test_nobody_lifts_without_a_name_and_a_reason(
    store: Engine, owner: Owner, why: str, by: str
) -> None:
    with pytest.raises(InvalidInput):
        lift(store, owner, MOBILE, why=why, by=by)
    assert len(listed(store, owner)) == 1


def test_campaigns_that_live_call_it_again_unless_another_refusal_stands(store: Engine) -> None:
    world = World(store)
    owner, other = world.controller(), world.controller("B")
    for whose in (Owner.controller(owner), Owner.operator()):
        suppress(store, whose, number(0), source="key", by="x")
    suppress(store, Owner.controller(other), number(0), source="key", by="x")
    live, over, theirs = (
        world.campaign(one, [world.contacts(one, [number(0), number(1)])])
        for one in (owner, owner, other)
    )
    world.act(over.id, Action.STOP)
    world.act(over.id, Action.END)
    lift(store, Owner.controller(owner), number(0), why="wrote", by="Zoé")
    assert world.states(live.id) == {"pending": 2}
    assert suppressions_of(world, live.id) == {number(0)}, "the claim refuses it again"
    lift(store, Owner.operator(), number(0), why="wrote", by="Zoé")
    assert suppressions_of(world, live.id) == set()
    assert world.states(over.id)["refused"] == 1
    assert suppressions_of(world, theirs.id, other) == {number(0)}
    world.check()


def suppressions_of(world: World, campaign_id: int, controller_id: int = 1) -> set[str]:
    with reading(world.engine) as connection:
        return suppressions.in_force(connection, [number(0)], controller_id, campaign_id, NOW)
