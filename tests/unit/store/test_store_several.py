"""A number of several lists: its target rests on the newest row, and what the others say holds."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, update
from store_subjects import NOW, World, number

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Evidence
from campaigns.contacts.slot import read_slot
from campaigns.contacts.terms import UNSAID, Terms
from campaigns.outcome import Outcome
from campaigns.rules.gates import Gate
from campaigns.selection import Selection
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import never_placed, unsent
from operations.audit_proof import Fault, prove
from store import audit, tables, tallies, targets
from store import campaigns as kept
from store.engine import reading, writing

EVENING, NOON = Terms(read_slot("18h-20h")), Terms(read_slot("11h-14h"))
YEARS = (date(2024, 5, 1), date(2026, 1, 5))


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def listed(world: World, terms: Terms = UNSAID, **more: Any) -> int:
    return world.contacts(world.controller(), [number(0)], terms=terms, **more)


def add(world: World, campaign: Campaign, list_id: int) -> None:
    """As `operations.add_list` does."""
    with writing(world.engine) as connection:
        if list_id not in kept.lists_of(connection, campaign.id):
            kept.add_lists(connection, campaign.id, [list_id])
        targets.fill(connection, campaign.id, list_id, 0, 100, world.now)


def only(world: World, campaign: Campaign) -> dict[str, Any]:
    (found,) = world.targets(campaign.id)
    return found


def take(world: World, campaign: Campaign) -> list[Call]:
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 10, True, "n"), world.now).taken
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]


def gates(world: World, campaign: Campaign) -> dict[str, int]:
    with reading(world.engine) as connection:
        return tallies.of_campaign(connection, campaign.id)[tallies.GATE]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_newer_consent_counts_whichever_list_comes_first(
    world: World, order: tuple[int, int]
) -> None:
    lists = [listed(world, consented_on=day) for day in YEARS]
    campaign = world.campaign(world.controller(), [lists[one] for one in order])
    assert only(world, campaign)["list_id"] == lists[1]
    world.check()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("slots", [(EVENING, UNSAID), (UNSAID, EVENING), (EVENING, NOON)])
def test_no_call_outside_the_hours_of_any_row(
    world: World, slots: tuple[Terms, Terms], order: tuple[int, int]
) -> None:
    """At noon in Paris."""
    lists = [
        listed(world, terms, consented_on=day) for terms, day in zip(slots, YEARS, strict=True)
    ]
    campaign = world.campaign(world.controller(), [lists[one] for one in order])
    assert take(world, campaign) == []
    assert only(world, campaign)["gate"] == Gate.OUTSIDE_CONSENTED_SLOT
    if EVENING in slots and NOON in slots:
        return
    world.later(hours=6, minutes=30)
    assert len(take(world, campaign)) == 1


def test_the_earlier_last_day_holds_and_one_that_is_over_is_no_word_more(world: World) -> None:
    lists = [
        listed(world, Terms(expires_on=NOW.date()), consented_on=YEARS[0]),
        listed(world, consented_on=YEARS[1]),
    ]
    campaign = world.campaign(world.controller(), lists)
    world.later(days=2)
    assert take(world, campaign) == []
    assert only(world, campaign)["gate"] == Gate.NO_BASIS
    renewed = world.campaign(world.controller(), lists)  # when the older one is over
    assert only(world, renewed)["other_expires_on"] is None
    assert len(take(world, renewed)) == 1


@pytest.mark.parametrize(
    ("refused", "gate"),
    [({"evidence": Evidence.LIST}, Gate.EVIDENCE_TOO_WEAK),
     ({"purposes": ["survey"]}, Gate.NO_BASIS)],
)  # fmt: skip
def test_who_was_refused_for_a_basis_waits_again_with_a_better_one(
    world: World, refused: dict[str, Any], gate: Gate
) -> None:
    campaign = world.campaign(world.controller(), [listed(world, **refused)])
    assert take(world, campaign) == []
    assert gates(world, campaign) == {gate: 1}
    add(world, campaign, listed(world, **refused))
    assert only(world, campaign)["state"] == "refused", "no better"
    better = listed(world, EVENING)
    add(world, campaign, better)
    after = only(world, campaign)
    assert (after["state"], after["gate"], after["list_id"]) == ("pending", None, better)
    assert gates(world, campaign) == {}
    world.check()


def test_who_was_called_goes_on_resting_on_the_row_of_that_call(world: World) -> None:
    first = listed(world, consented_on=YEARS[0])
    campaign = world.campaign(world.controller(), [first])
    (call,) = take(world, campaign)
    add(world, campaign, listed(world, EVENING, consented_on=YEARS[1]))
    assert only(world, campaign)["other_slots"] is None, "not while it is being called"
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.BUSY, world.now)])
    add(world, campaign, listed(world, EVENING, consented_on=YEARS[1]))
    after = only(world, campaign)
    assert (after["list_id"], after["other_slots"]) == (first, "18:00-20:00")
    world.later(minutes=30)
    assert take(world, campaign) == [], "the hours hold for the next call"
    told: list[Fault] = []
    assert prove(world.engine, told.append).calls == 1
    with reading(world.engine) as connection:
        stands = (audit.latest(connection, None, 9), only(world, campaign), call)
    assert told == [], stands


def test_a_call_that_was_never_sent_is_in_the_audit_too(world: World) -> None:
    first = listed(world, consented_on=YEARS[0])
    campaign = world.campaign(world.controller(), [first])
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_closings(connection, [unsent(call, world.now)])
    add(world, campaign, listed(world, consented_on=YEARS[1]))
    assert only(world, campaign)["list_id"] == first
    assert prove(world.engine, lambda fault: pytest.fail(str(fault))).faults == 0


def test_who_was_chosen_by_a_segment_stays_with_the_row_that_says_so(world: World) -> None:
    lists = [listed(world, consented_on=YEARS[0]), listed(world, EVENING, consented_on=YEARS[1])]
    campaign = world.campaign(world.controller(), lists[:1])
    with writing(world.engine) as connection:
        kept.add_lists(connection, campaign.id, lists[1:])
        everybody = Selection(None, {})
        targets.fill(connection, campaign.id, lists[1], 0, 100, world.now, everybody)
    after = only(world, campaign)
    assert (after["list_id"], after["other_slots"]) == (lists[0], "18:00-20:00")


def test_filling_again_changes_nothing(world: World) -> None:
    lists = [listed(world, EVENING, consented_on=day) for day in YEARS]
    campaign = world.campaign(world.controller(), lists)
    before = only(world, campaign)
    for list_id in lists:
        add(world, campaign, list_id)
    assert only(world, campaign) == before


def test_what_a_form_is_told_later_counts_when_its_list_is_added_again(world: World) -> None:
    lists = [listed(world, consented_on=day) for day in YEARS]
    campaign = world.campaign(world.controller(), lists)
    with writing(world.engine) as connection:
        connection.execute(
            update(tables.contact)
            .where(tables.contact.c.list_id == lists[0])
            .values(consented_on=date(2026, 2, 1), slot="18:00-20:00")
        )
    add(world, campaign, lists[0])
    assert only(world, campaign)["list_id"] == lists[0]
    assert take(world, campaign) == []
