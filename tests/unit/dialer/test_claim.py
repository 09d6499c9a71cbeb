"""The claim: every gate applied in the transaction that writes the attempts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, update
from store_subjects import NOW, PARIS, World, number
from ulid import ULID

from campaigns.campaign import Campaign
from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.contacts.slot import read_slot
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.terms import UNSAID, Terms
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.rules.blackout import Blackout
from campaigns.rules.windows import Window
from campaigns.states import Action
from dialer.book import write_closings
from dialer.calls import Call
from dialer.candidates import PATIENCE
from dialer.claim import MAX_ROUNDS, Claimed, Want, claim
from dialer.outcomes import Closing, in_doubt, never_placed, unsent
from store import allowed_calls, audit, halts, policies, suppressions, tables
from store.allowed_calls import AllowedCall
from store.engine import reading, writing
from store.halts import Halt

EVERY_DAY = frozenset(range(1, 8))
NODE = "here:1:1"


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def take(
    world: World, campaign: Campaign, count: int = 100, rehearsal: bool = True,
    trunk: str = "", alone: bool = True,
) -> tuple[Claimed, list[Call]]:  # fmt: skip
    want = Want(campaign, count, rehearsal, NODE, trunk, alone)
    with writing(world.engine) as connection:
        claimed = claim(connection, want, world.now)
    calls = [Call(one.attempt, campaign, one.attempts, one.tries) for one in claimed.taken]
    return claimed, calls


def numbers(calls: Sequence[Call]) -> list[str]:
    return [call.attempt.number for call in calls]


def close(world: World, call: Call, outcome: Outcome) -> None:
    write(world, never_placed(call, outcome, world.now))


def write(world: World, *closings: Closing) -> None:
    with writing(world.engine) as connection:
        write_closings(connection, closings)


def suppress(world: World, one: str, scope: SuppressionScope, owner: int,
             expires_at: datetime | None = None) -> None:  # fmt: skip
    row = Suppression(one, scope, owner, SuppressionReason.FORM, "test", NOW, expires_at)
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])


def only(world: World, campaign: Campaign) -> dict[str, Any]:
    (found,) = world.targets(campaign.id)
    return found


def one_contact(world: World, **changes: Any) -> Campaign:
    controller = world.controller()
    list_keys = ("purposes", "evidence", "zones", "fictional", "terms")
    of_list = {key: changes.pop(key) for key in list_keys if key in changes}
    return world.campaign(controller, [world.contacts(controller, [number(0)], **of_list)],
        **changes)  # fmt: skip


def test_as_many_as_asked_for_and_in_order(world: World) -> None:
    campaign = world.called(10)
    claimed, calls = take(world, campaign, 4)
    assert numbers(calls) == [number(n) for n in range(4)]
    assert not claimed.exhausted
    world.check()
    claimed, calls = take(world, campaign, 10)
    assert numbers(calls) == [number(n) for n in range(4, 10)]
    assert claimed.exhausted
    world.check()
    assert world.states(campaign.id) == {"calling": 10}


def test_what_is_written_of_an_attempt(world: World) -> None:
    campaign = world.called(1)
    _, (call,) = take(world, campaign)
    row = world.attempts()[call.attempt.id]
    assert (row["number"], row["state"], row["node"]) == (number(0), "claimed", NODE)
    assert (row["pack"], row["rehearsal"]) == ("fr-political@2026.11.21", True)
    assert row["claimed_at"] == world.now
    assert world.locks() == {number(0): call.attempt.id}


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"purposes": ("survey",)}, "no_basis"),
        ({"evidence": Evidence.LIST}, "evidence_too_weak"),
        ({"evidence": Evidence.NONE}, "evidence_too_weak"),
        ({"terms": Terms(expires_on=NOW.date() - timedelta(days=1))}, "no_basis"),
        ({"terms": Terms(withdrawn_on=NOW.date())}, "no_basis"),
    ],
)
def test_gates_that_never_open_refuse_for_good(
    world: World, changes: dict[str, Any], gate: str
) -> None:
    campaign = one_contact(world, **changes)
    assert take(world, campaign)[1] == []
    assert (only(world, campaign)["state"], only(world, campaign)["gate"]) == ("refused", gate)
    world.check()


def test_a_list_of_a_basis_that_the_rules_do_not_allow_is_not_called(world: World) -> None:
    listed = world.contacts(world.controller(), [number(1)], basis=BasisKind.PUBLIC_TASK)
    refused = world.campaign(1, [listed], bases=["consent"])
    assert take(world, refused)[1] == []
    assert (only(world, refused)["state"], only(world, refused)["gate"]) == ("refused", "no_basis")
    allowed = world.campaign(1, [listed], bases=["consent", "public_task"])
    assert numbers(take(world, allowed)[1]) == [number(1)]
    world.check()


def test_a_purpose_is_the_same_however_it_is_written(world: World) -> None:
    listed = world.contacts(world.controller(), [number(1)], purposes=("Politique",))
    assert numbers(take(world, world.campaign(1, [listed]))[1]) == [number(1)]


def test_fictional_numbers_are_called_in_rehearsals_only(world: World) -> None:
    campaign = one_contact(world)
    assert take(world, campaign, rehearsal=False)[1] == []
    assert only(world, campaign)["gate"] == "rehearsal_only"


@pytest.mark.parametrize(
    ("scope", "owner", "called"),
    [
        (SuppressionScope.OPERATOR, 0, False),
        (SuppressionScope.CONTROLLER, 1, False),
        (SuppressionScope.CAMPAIGN, 1, False),
        (SuppressionScope.CONTROLLER, 2, True),
        (SuppressionScope.CAMPAIGN, 2, True),
    ],
)
def test_suppressions_hold_for_whom_they_are(
    world: World, scope: SuppressionScope, owner: int, called: bool
) -> None:
    campaign = one_contact(world)
    suppress(world, number(0), scope, owner)
    assert bool(take(world, campaign)[1]) is called


@pytest.mark.parametrize(("hours", "called"), [(1, False), (0, True), (-1, True)])
def test_a_suppression_ends_when_it_expires(world: World, hours: int, called: bool) -> None:
    campaign = one_contact(world)
    until = NOW + timedelta(hours=hours)
    suppress(world, number(0), SuppressionScope.OPERATOR, 0, until)
    assert bool(take(world, campaign)[1]) is called


@pytest.mark.parametrize("action", [Action.PAUSE, Action.DRAIN, Action.STOP])
def test_nothing_for_a_campaign_that_does_not_run_whatever_the_dialer_believes(
    world: World, action: Action
) -> None:
    campaign = world.called(3)
    world.act(campaign.id, action)
    claimed, calls = take(world, campaign)
    assert calls == []
    assert claimed.exhausted
    assert world.states(campaign.id) == {"pending": 3}


def test_hours_of_the_callee(store: Engine) -> None:
    world = World(store, NOW.replace(hour=6))
    morning = (Window(EVERY_DAY, time(10), time(13)),)
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(1)], zones=PARIS),
        world.contacts(controller, [number(2)], zones="Pacific/Noumea"),
        world.contacts(controller, [number(3)], zones="Indian/Reunion|Indian/Mayotte"),
    ]
    campaign = world.campaign(controller, lists, windows=morning)
    # 06:00 UTC: 07:00 in Paris, 09:00 in Mayotte, 10:00 in Réunion, 17:00 in Nouméa.
    assert take(world, campaign)[1] == [], "a number of two zones needs both open"
    world.later(hours=1)
    assert numbers(take(world, campaign)[1]) == [number(3)]
    world.later(hours=2)
    assert numbers(take(world, campaign)[1]) == [number(1)]
    world.later(hours=14)  # 10:00 the next day in Nouméa
    assert numbers(take(world, campaign)[1]) == [number(2)]


def test_nobody_is_called_outside_the_hours_they_agreed_to(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(1)]),
        world.contacts(controller, [number(2)], terms=Terms(read_slot("lun-ven 14h-15h"))),
        world.contacts(
            controller,
            [number(3)],
            zones="Pacific/Gambier|Pacific/Marquesas|Pacific/Tahiti",
            terms=Terms(read_slot("18h-20h")),
        ),
    ]
    campaign = world.campaign(controller, lists)
    # Monday 11:00 UTC: 12:00 in Paris, 02:00 in Gambier.
    assert numbers(take(world, campaign)[1]) == [number(1)]
    waiting = {one["number"]: one for one in world.targets(campaign.id)}
    for one, opens in ((number(2), NOW.replace(hour=13)), (number(3), NOW.replace(day=3, hour=4))):
        assert (waiting[one]["state"], waiting[one]["gate"], waiting[one]["due_at"]) == (
            "pending", "outside_consented_slot", opens
        )  # fmt: skip
        world.now = opens - timedelta(seconds=1)
        assert take(world, campaign)[1] == []
        world.later(seconds=1)
        assert numbers(take(world, campaign)[1]) == [one]
    world.check()


def test_consent_holds_until_its_last_day_is_over(world: World) -> None:
    last = Terms(expires_on=NOW.date())
    campaign = one_contact(world, terms=last)
    world.now = NOW.replace(hour=22, minute=59)  # 23:59 in Paris
    assert numbers(take(world, campaign)[1]) == [number(0)]
    late = one_contact(world, terms=last)
    world.later(minutes=1)
    assert take(world, late)[1] == []
    assert only(world, late)["gate"] == "no_basis"


def test_what_consents_say_costs_no_query_more(world: World) -> None:
    controller = world.controller()
    counted = []
    for terms in (UNSAID, Terms(read_slot("2h-3h")), Terms(expires_on=NOW.date())):
        listed = world.contacts(controller, [number(n) for n in range(40)], terms=terms)
        campaign = world.campaign(controller, [listed])
        asked: list[str] = []

        def note(*args: Any, asked: list[str] = asked) -> None:
            if "contact" in args[2]:
                asked.append(args[2])

        event.listen(world.engine, "before_cursor_execute", note)
        take(world, campaign, 10)
        event.remove(world.engine, "before_cursor_execute", note)
        counted.append(len(asked))
    assert max(counted) <= 2 * MAX_ROUNDS, "each round reads its candidates, retries and fresh"


def test_nobody_is_called_on_a_holiday_of_where_they_may_be(store: Engine) -> None:
    abolition_in_reunion = NOW.replace(month=12, day=20, hour=8)
    world = World(store, abolition_in_reunion)
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(1)], zones=PARIS),
        world.contacts(controller, [number(2)], zones="Indian/Reunion|Indian/Mayotte"),
    ]
    campaign = world.campaign(controller, lists, holidays=["L3133-1", "abolition"])
    assert numbers(take(world, campaign)[1]) == [number(1)]
    world.later(days=1)
    assert numbers(take(world, campaign)[1]) == [number(2)]


CAP = {"most": 2, "days": 30}


def called(world: World, controller: int, outcome: Outcome, **changes: Any) -> None:
    """One call to the number in a campaign of its own."""
    rehearsal = changes.pop("rehearsal", True)
    listed = world.contacts(controller, [number(1)], fictional=False)
    _, (call,) = take(world, world.campaign(controller, [listed], **changes), rehearsal=rehearsal)
    close(world, call, outcome)


def test_a_person_is_called_so_often_and_then_waits_until_the_first_call_counts_no_more(
    world: World,
) -> None:
    controller = world.controller()
    called(world, controller, Outcome.BUSY)
    world.later(days=3)
    called(world, controller, Outcome.NO_ANSWER)
    campaign = world.campaign(controller, [world.contacts(controller, [number(1), number(2)])],
        frequency=CAP)  # fmt: skip
    assert numbers(take(world, campaign)[1]) == [number(2)]
    waiting = world.targets(campaign.id)[0]
    assert (waiting["state"], waiting["gate"]) == ("pending", "frequency_cap")
    assert waiting["due_at"] == NOW + timedelta(days=30)
    world.now = waiting["due_at"] - timedelta(seconds=1)
    assert take(world, campaign)[1] == []
    world.later(seconds=1)
    assert numbers(take(world, campaign)[1]) == [number(1)]
    world.check()


@pytest.mark.parametrize(
    ("of_whom", "outcome", "rehearsal"),
    [
        ("B", Outcome.BUSY, True),  # another controller's data
        ("A", Outcome.CONGESTION, True),  # no phone rang
        ("A", Outcome.BUSY, False),  # a real call counts for real calls
    ],
)
def test_calls_that_do_not_count(
    world: World, of_whom: str, outcome: Outcome, rehearsal: bool
) -> None:
    ours, caller = world.controller("A"), world.controller(of_whom)
    for _ in range(2):
        called(world, caller, outcome, rehearsal=rehearsal)
    campaign = world.campaign(ours, [world.contacts(ours, [number(1)])], frequency=CAP)
    assert numbers(take(world, campaign)[1]) == [number(1)]


def test_a_call_that_was_cut_off_after_it_rang_counts(world: World) -> None:
    controller = world.controller()
    for _ in range(2):
        called(world, controller, Outcome.CANCELLED)
    with writing(world.engine) as connection:
        connection.execute(update(tables.attempt).values(ringing_at=world.now))
    campaign = world.campaign(controller, [world.contacts(controller, [number(1)])], frequency=CAP)
    assert take(world, campaign)[1] == []


def test_a_call_that_is_up_is_waited_for_not_counted(world: World) -> None:
    """It may go back unsent; its number would otherwise wait for weeks."""
    controller = world.controller()
    called(world, controller, Outcome.BUSY)
    first, second = (
        world.campaign(controller, [world.contacts(controller, [number(1)])], frequency=CAP)
        for _ in "ab"
    )
    _, (call,) = take(world, first)
    assert take(world, second)[1] == []
    assert only(world, second)["gate"] == "live_call_on_number"
    write(world, unsent(call, world.now))
    world.later(seconds=30)
    assert numbers(take(world, second)[1]) == [number(1)]


def test_a_number_that_is_being_called_waits(world: World) -> None:
    ours, theirs = world.controller("A"), world.controller("B")
    first = world.campaign(ours, [world.contacts(ours, [number(1)])])
    second = world.campaign(theirs, [world.contacts(theirs, [number(1), number(2)])])
    _, (call,) = take(world, first)
    assert numbers(take(world, second)[1]) == [number(2)]
    waiting = world.targets(second.id)[0]
    assert (waiting["state"], waiting["gate"]) == ("pending", "temporarily_not_callable")
    assert waiting["due_at"] == NOW + timedelta(seconds=30)
    close(world, call, Outcome.BUSY)
    world.later(seconds=29)
    assert take(world, second)[1] == []
    world.later(seconds=1)
    assert numbers(take(world, second)[1]) == [number(1)]
    world.check()


def test_two_campaigns_in_one_transaction_never_take_one_number(world: World) -> None:
    controller = world.controller()
    made = [world.campaign(controller, [world.contacts(controller, [number(1)])]) for _ in "ab"]
    with writing(world.engine) as connection:
        found = [claim(connection, Want(one, 5, True, NODE), NOW) for one in made]
    assert [len(one.taken) for one in found] == [1, 0]
    world.check()


def test_claims_of_the_same_millisecond_have_ids_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ULID()
    following = (ULID.from_int(int(one) + n) for n in range(2))
    monkeypatch.setattr("dialer.claim.ULID", _Frozen(following))
    campaign = world.called(4)
    ids = [call.attempt.id for _ in range(2) for call in take(world, campaign, 2)[1]]
    assert len(set(ids)) == 4
    assert ids[1] > ids[0], "the attempts of a claim are a range"
    assert ids[3] > ids[2]


class _Frozen:
    """The library within one millisecond: each id is the one before and one."""

    from_int = ULID.from_int

    def __init__(self, following: Iterator[ULID]) -> None:
        self._following = following

    def __call__(self) -> ULID:
        return next(self._following)


def test_an_attempt_in_doubt_keeps_its_number_from_every_campaign(world: World) -> None:
    first = world.called(1)
    _, (call,) = take(world, first)
    write(world, in_doubt(call, world.now))
    assert world.states(first.id) == {"in_doubt": 1}
    second = world.campaign(1, [world.contacts(1, [number(0)])])
    for _ in range(5):
        assert take(world, second)[1] == []
        world.later(days=1)
    assert only(world, first)["state"] == "in_doubt"
    world.check()


def test_attempts_and_tries_are_carried_from_call_to_call(world: World) -> None:
    policy = RetryPolicy(2, {Outcome.BUSY: timedelta(minutes=1)}, 5, timedelta(minutes=1))
    campaign = world.called(1, retry=policy)
    _, (call,) = take(world, campaign)
    assert (call.attempts, call.tries) == (0, 0)
    close(world, call, Outcome.CONGESTION)
    assert take(world, campaign)[1] == [], "not due yet"
    world.later(minutes=1)
    _, (call,) = take(world, campaign)
    assert (call.attempts, call.tries) == (0, 1)
    close(world, call, Outcome.BUSY)
    world.later(minutes=1)
    _, (call,) = take(world, campaign)
    assert (call.attempts, call.tries) == (1, 1)
    close(world, call, Outcome.BUSY)
    assert only(world, campaign)["state"] == "unreached"
    world.check()


def test_a_call_that_never_left_waits_again_as_it_did(world: World) -> None:
    policy = RetryPolicy(3, {Outcome.BUSY: timedelta(minutes=1)})
    campaign = world.called(1, retry=policy)
    _, (call,) = take(world, campaign)
    close(world, call, Outcome.BUSY)
    world.later(minutes=1)
    _, (call,) = take(world, campaign)
    write(world, unsent(call, world.now))
    target = only(world, campaign)
    assert (target["attempts"], target["tries"], target["outcome"]) == (1, 0, "busy")
    assert numbers(take(world, campaign)[1]) == [number(0)]
    world.check()


QUICK = RetryPolicy(3, {Outcome.BUSY: timedelta(minutes=1)}, 9, timedelta(minutes=1))


def staged(world: World, people: int, *stages: int) -> Campaign:
    return world.called(people, stages=list(stages), retry=QUICK)


def test_no_more_people_than_the_stage_allows(world: World) -> None:
    campaign = staged(world, 10, 4, 7)
    claimed, calls = take(world, campaign, 3)
    assert (len(calls), claimed.exhausted) == (3, False)
    claimed, more = take(world, campaign, 3)
    assert (len(more), claimed.exhausted) == (1, True)
    assert take(world, campaign, 3)[1] == []
    released = replace(campaign, stage=1)
    assert len(take(world, released)[1]) == 3
    assert len(take(world, replace(campaign, stage=2))[1]) == 3
    world.check()


def test_retries_go_on_within_a_stage_and_use_none_of_it(world: World) -> None:
    campaign = staged(world, 6, 3)
    _, calls = take(world, campaign)
    for call in calls:
        close(world, call, Outcome.BUSY if call is calls[0] else Outcome.CONGESTION)
    world.later(minutes=1)
    assert sorted(numbers(take(world, campaign)[1])) == sorted(numbers(calls))
    world.check()


def test_whoever_was_not_called_after_all_leaves_room_in_the_stage(world: World) -> None:
    campaign = staged(world, 6, 3)
    _, calls = take(world, campaign)
    write(world, unsent(calls[0], world.now), unsent(calls[0], world.now))
    world.check()
    assert numbers(take(world, campaign)[1]) == [calls[0].attempt.number]
    world.check()


def test_a_retry_that_was_not_called_after_all_leaves_none(world: World) -> None:
    """Of a call that congestion ended nothing counts but that it was begun."""
    campaign = staged(world, 6, 1)
    _, (call,) = take(world, campaign)
    close(world, call, Outcome.CONGESTION)
    world.later(minutes=1)
    _, (again,) = take(world, campaign)
    write(world, unsent(again, world.now))
    world.check()
    assert numbers(take(world, campaign)[1]) == [call.attempt.number]


def test_refused_people_take_nobody_s_place_in_a_stage(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(n) for n in range(5)], evidence=Evidence.NONE),
        world.contacts(controller, [number(n) for n in range(5, 15)]),
    ]
    campaign = world.campaign(controller, lists, stages=[4])
    calls: list[Call] = []
    claimed = Claimed()
    while not claimed.exhausted:
        claimed, more = take(world, campaign, 2)
        calls += more
    assert numbers(calls) == [number(n) for n in range(5, 9)]
    world.check()


def test_nothing_for_a_campaign_that_is_held_or_while_everything_is_stopped(world: World) -> None:
    campaign = world.called(3)
    with writing(world.engine) as connection:
        halts.put(connection, Halt(world.now, "Zoé", ""))
    assert (take(world, campaign)[0].exhausted, take(world, campaign)[1]) == (True, [])
    with writing(world.engine) as connection:
        halts.lift(connection)
        held = tables.campaign.c.hold
        connection.execute(update(tables.campaign).values({held: {"measure": "opt_outs"}}))
    assert take(world, campaign)[1] == [], "whatever the dialer believes"
    with writing(world.engine) as connection:
        connection.execute(update(tables.campaign).values({held: None}))
    assert len(take(world, campaign)[1]) == 3


def two_trunks(world: World, people: int) -> Campaign:
    return world.called(people, trunk="a", other_trunks=["b"], retry=QUICK)


def test_what_a_trunk_failed_goes_out_by_another(world: World) -> None:
    campaign = two_trunks(world, 2)
    _, calls = take(world, campaign, trunk="a", alone=False)
    assert {call.attempt.trunk for call in calls} == {"a"}
    close(world, calls[0], Outcome.CONGESTION)
    close(world, calls[1], Outcome.BUSY)
    world.later(minutes=1)
    assert numbers(take(world, campaign, trunk="a", alone=False)[1]) == [number(1)]
    _, (call,) = take(world, campaign, trunk="b", alone=False)
    assert (call.attempt.number, call.attempt.trunk) == (number(0), "b")
    world.check()


def test_it_goes_out_by_the_same_where_there_is_no_other_now(world: World) -> None:
    campaign = two_trunks(world, 1)
    _, (call,) = take(world, campaign, trunk="a", alone=False)
    close(world, call, Outcome.CONGESTION)
    world.later(minutes=1)
    assert take(world, campaign, trunk="a", alone=False)[1] == []
    assert len(take(world, campaign, trunk="a", alone=True)[1]) == 1


def test_it_is_left_for_another_for_a_while_only(world: World) -> None:
    campaign = two_trunks(world, 1)
    _, (call,) = take(world, campaign, trunk="a", alone=False)
    close(world, call, Outcome.CONGESTION)
    world.later(minutes=1)
    world.later(seconds=PATIENCE.total_seconds() - 1)
    assert take(world, campaign, trunk="a", alone=False)[1] == []
    world.later(seconds=1)
    assert len(take(world, campaign, trunk="a", alone=False)[1]) == 1


def test_a_call_that_never_left_still_avoids_the_trunk(world: World) -> None:
    campaign = two_trunks(world, 1)
    _, (call,) = take(world, campaign, trunk="a", alone=False)
    close(world, call, Outcome.CONGESTION)
    world.later(minutes=1)
    _, (call,) = take(world, campaign, trunk="b", alone=False)
    write(world, unsent(call, world.now))
    assert take(world, campaign, trunk="a", alone=False)[1] == []
    assert len(take(world, campaign, trunk="b", alone=False)[1]) == 1


def test_retries_of_every_trunk_come_in_the_order_they_are_due(world: World) -> None:
    campaign = two_trunks(world, 4)
    _, calls = take(world, campaign, trunk="a", alone=False)
    for call in reversed(calls):
        world.later(seconds=1)
        close(world, call, Outcome.CONGESTION if call is calls[2] else Outcome.BUSY)
    world.later(minutes=2)
    assert numbers(take(world, campaign, trunk="b", alone=False)[1]) == [
        number(n) for n in (3, 2, 1, 0)
    ]


def test_nobody_is_called_in_a_blackout_nor_so_late_that_the_call_would_reach_into_it(
    world: World,
) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(1)], zones=PARIS),
        world.contacts(controller, [number(2)], zones="Indian/Reunion"),
    ]
    begin = NOW + timedelta(hours=1)
    silent = [Blackout(begin, begin + timedelta(hours=2), frozenset({PARIS}))]
    plain = policies.blackouts_to_plain(silent)
    campaign = world.campaign(controller, lists, blackouts=plain)
    world.later(hours=1, seconds=1 - campaign.max_call_s)
    assert numbers(take(world, campaign)[1]) == [number(2)]
    world.later(hours=2, seconds=campaign.max_call_s - 2)
    assert take(world, campaign)[1] == []
    world.later(seconds=1)
    assert numbers(take(world, campaign)[1]) == [number(1)]


def test_the_zone_whose_hours_end_soonest_goes_first_and_the_other_has_its_turns(
    world: World,
) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(n) for n in range(40)], zones=PARIS),
        world.contacts(controller, [number(n) for n in range(40, 80)], zones="Indian/Reunion"),
    ]
    day = (Window(EVERY_DAY, time(10), time(20)),)
    campaign = world.campaign(controller, lists, windows=day)
    first = []
    for _ in range(40):
        first += numbers(take(world, campaign, 1)[1])
        world.later(seconds=1)
    of_reunion = sum(one >= number(40) for one in first)
    assert of_reunion == pytest.approx(30, abs=2), "where it is three hours later"
    world.check()


def test_retries_and_fresh_ones_take_turns_call_by_call(world: World) -> None:
    campaign = world.called(60, retry=QUICK)
    _, calls = take(world, campaign, 20)
    for call in calls:
        close(world, call, Outcome.BUSY)
    world.later(minutes=1)
    again = 0
    for _ in range(30):
        _, (call,) = take(world, campaign, 1)
        again += call.attempts
        world.later(seconds=1)
    assert again == pytest.approx(15, abs=2)


def test_retries_and_fresh_ones_take_turns(world: World) -> None:
    policy = RetryPolicy(3, {Outcome.BUSY: timedelta(minutes=1)})
    campaign = world.called(20, retry=policy)
    _, calls = take(world, campaign, 5)
    for call in calls:
        close(world, call, Outcome.BUSY)
    world.later(minutes=1)
    _, calls = take(world, campaign, 6)
    again = sum(call.attempts > 0 for call in calls)
    assert (again, len(calls)) == (3, 6)


def test_refused_ones_do_not_stop_the_search_and_it_is_bounded(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(n) for n in range(30)], evidence=Evidence.NONE),
        world.contacts(controller, [number(n) for n in range(30, 40)]),
    ]
    campaign = world.campaign(controller, lists)
    claimed, calls = take(world, campaign, 5)
    assert (calls, claimed.exhausted) == ([], False)
    assert world.states(campaign.id)["refused"] == 5 * MAX_ROUNDS
    while not calls:
        claimed, calls = take(world, campaign, 5)
    assert numbers(calls) == [number(n) for n in range(30, 35)]
    world.check()


def test_nothing_is_left_of_a_claim_that_was_not_committed(world: World) -> None:
    campaign = world.called(5)

    def die() -> None:
        with writing(world.engine) as connection:
            claim(connection, Want(campaign, 5, True, NODE), NOW)
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        die()
    assert (world.attempts(), world.locks()) == ({}, {})
    assert world.states(campaign.id) == {"pending": 5}
    world.check()


def allowed(world: World) -> list[dict[str, Any]]:
    with reading(world.engine) as connection:
        acts = audit.latest(connection, 1, 99, calls=True)
    return [one for one in reversed(acts) if one["act"] == audit.CALLS_ALLOWED]


def test_each_claim_records_what_its_calls_rest_on(world: World) -> None:
    controller = world.controller()
    lists = [
        world.contacts(controller, [number(n) for n in range(4)], evidence=Evidence.NONE),
        world.contacts(controller, [number(n) for n in range(4, 9)]),
    ]
    campaign = world.campaign(controller, lists)
    calls = take(world, campaign, 3)[1] + take(world, campaign, 3)[1]
    first, second = allowed(world)
    told = {name: first["detail"][name] for name in ("pack", "calls", "first", "last")}
    ids = [call.attempt.id for call in calls]
    assert told == {
        "pack": "fr-political@2026.11.21", "calls": 3, "first": ids[0], "last": ids[2],
    }  # fmt: skip
    rests = [
        AllowedCall(id_, n, "row", "consent") for id_, n in zip(ids, range(5, 10), strict=True)
    ]
    assert first["detail"]["digest"] == allowed_calls.digest(rests[:3])
    assert second["detail"]["digest"] == allowed_calls.digest(rests[3:])
    assert (first["at"], first["subject"]) == (NOW, f"campaign {campaign.id}")


def test_a_claim_that_takes_nobody_records_nothing(world: World) -> None:
    campaign = one_contact(world, evidence=Evidence.NONE)
    take(world, campaign)
    assert allowed(world) == []


@pytest.mark.parametrize("count", [1, 50])
def test_the_record_costs_two_statements_a_claim(world: World, count: int) -> None:
    campaign = world.called(60)
    take(world, campaign, 1)
    seen: list[str] = []

    def note(_1: Any, _2: Any, statement: str, *_: Any) -> None:
        if "audit" in statement:
            seen.append(statement.split(maxsplit=1)[0])

    event.listen(world.engine, "before_cursor_execute", note)
    take(world, campaign, count)
    event.remove(world.engine, "before_cursor_execute", note)
    assert seen == ["UPDATE", "INSERT"]
