"""Contacts counted by what the gates ask of them are the contacts, each once."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from store_subjects import World, number

from campaigns.contacts.basis import Evidence
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.terms import Terms
from campaigns.readiness import Group
from store import readiness, suppressions
from store.engine import reading, writing


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def suppress(
    world: World, index: int, scope: SuppressionScope, owner: int, expired: bool = False
) -> None:
    until = world.now - timedelta(days=1) if expired else None
    row = Suppression(
        number(index), scope, owner, SuppressionReason.MANUAL, "test", world.now, until
    )
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])


def counts(world: World, owner: int, list_id: int, campaign_id: int = 0) -> dict[bool, int]:
    with reading(world.engine) as connection:
        found = readiness.groups(connection, owner, list_id, world.now, campaign_id)
    flags = (False, True)
    return {flag: sum(one.count for one in found if one.suppressed is flag) for flag in flags}


def test_suppressions_of_whoever_they_bind_count_once(world: World) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    list_id = world.contacts(ours, [number(index) for index in range(8)])
    world.contacts(theirs, [number(index) for index in range(8)])
    suppress(world, 0, SuppressionScope.OPERATOR, 0)
    suppress(world, 0, SuppressionScope.CONTROLLER, ours)
    suppress(world, 1, SuppressionScope.CONTROLLER, ours)
    suppress(world, 2, SuppressionScope.CONTROLLER, theirs)
    suppress(world, 3, SuppressionScope.CAMPAIGN, 7)
    suppress(world, 4, SuppressionScope.CONTROLLER, ours, expired=True)
    suppress(world, 99, SuppressionScope.CONTROLLER, ours)
    assert counts(world, ours, list_id) == {False: 6, True: 2}
    assert counts(world, ours, list_id, campaign_id=7) == {False: 5, True: 3}


def test_contacts_are_grouped_by_proof_and_by_fiction(world: World) -> None:
    owner = world.controller()
    list_id = world.contacts(owner, [number(1), number(2)], evidence=Evidence.LIST)
    with reading(world.engine) as connection:
        found = readiness.groups(connection, owner, list_id, world.now)
    assert found == [Group(Evidence.LIST, True, False, 2)]


def test_consents_that_hold_no_more_are_counted_apart(world: World) -> None:
    owner, day = world.controller(), world.now.date()
    for expires_on, withdrawn_on in (
        (day, None), (day - timedelta(days=1), None), (None, day), (None, None)
    ):  # fmt: skip
        terms = Terms(expires_on=expires_on, withdrawn_on=withdrawn_on)
        list_id = world.contacts(owner, [number(1)], terms=terms)
        with reading(world.engine) as connection:
            (found,) = readiness.groups(connection, owner, list_id, world.now)
        assert found.lapsed is (withdrawn_on is not None or expires_on not in {None, day})


def test_numbers_of_a_prefix_are_counted(world: World) -> None:
    owner = world.controller()
    lists = [
        world.contacts(owner, ["+33639980001", "+33639990001", "+33199001234", "+3363"]),
        world.contacts(owner, ["+33639980002"]),
    ]
    with reading(world.engine) as connection:
        counted = {
            prefix: readiness.beginning_with(connection, lists, prefix)
            for prefix in ("+33", "+3363998", "+33639989", "+32")
        }
        assert readiness.beginning_with(connection, lists[:1], "+33639980") == 1
    assert counted == {"+33": 5, "+3363998": 2, "+33639989": 0, "+32": 0}
