"""Why a number is not being called: the answer is the claim's own."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update
from store_subjects import TRUNK, World, number
from workspaces import a_workspace, show

from campaigns.campaign import Campaign
from campaigns.contacts.basis import Evidence
from campaigns.contacts.slot import read_slot
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.contacts.terms import Terms
from campaigns.errors import InvalidInput
from campaigns.outcome import Outcome
from campaigns.retry import RetryPolicy
from campaigns.rules.gates import Gate
from campaigns.rules.windows import ALWAYS, Window
from campaigns.states import Action, CampaignState, TargetState
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import in_doubt, never_placed
from operations import launch
from operations.explain import Explanation, why
from operations.workspace import Workspace
from store import export_pages, suppressions
from store.engine import reading, writing
from store.tables import target

EVERY_DAY = frozenset(range(1, 8))
AT_ONCE = RetryPolicy(3, dict.fromkeys((Outcome.BUSY, Outcome.NO_ANSWER), timedelta(seconds=1)))
REHEARSAL = {"trunks": {TRUNK: {"rehearsal": True}}}


@pytest.fixture
def world(own_store: Engine) -> World:
    return World(own_store, datetime.now(UTC) - timedelta(seconds=1))


def only(workspace: Workspace, one: str = number(0), controller: int = 1) -> Explanation:
    (found,) = why(workspace, controller, one)
    return found


def of(workspace: Workspace, campaign: Campaign) -> Explanation:
    """What is told of one campaign, where the number is in several."""
    (found,) = [one for one in why(workspace, 1, number(0)) if one.campaign_id == campaign.id]
    return found


def take(world: World, campaign: Campaign, rehearsal: bool = True) -> list[Call]:
    now = datetime.now(UTC)
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 50, rehearsal, "n"), now).taken
    return [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]


def called(world: World, campaign: Campaign, outcome: Outcome) -> datetime:
    """Call the one person of a campaign; when that began, as it is kept."""
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, outcome, datetime.now(UTC))])
    begun: datetime = world.attempts()[call.attempt.id]["claimed_at"]
    return begun


def suppress(world: World, scope: SuppressionScope, owner: int) -> None:
    row = Suppression(number(0), scope, owner, SuppressionReason.FORM, "t", world.now)
    with writing(world.engine) as connection:
        suppressions.add(connection, [row])


def test_nobody_knows_the_number(workspace: Workspace, world: World) -> None:
    world.controller()
    assert why(workspace, 1, number(0)) == []
    with pytest.raises(InvalidInput):
        why(workspace, 1, "12")


def test_any_way_of_writing_it(workspace: Workspace, world: World) -> None:
    world.called(1)
    assert only(workspace, "06 39 98 00 00").line == 2


def test_lists_of_others_are_not_told(workspace: Workspace, world: World) -> None:
    world.called(1)
    assert why(workspace, world.controller("B"), number(0)) == []


def test_no_dialer(workspace: Workspace, world: World) -> None:
    world.called(1)
    assert only(workspace).gate is Gate.PBX_UNAVAILABLE


@pytest.mark.parametrize("action", [Action.PAUSE, Action.STOP])
def test_a_campaign_that_does_not_run(workspace: Workspace, world: World, action: Action) -> None:
    campaign = world.called(1)
    show(world, **REHEARSAL)
    world.act(campaign.id, action)
    assert only(workspace).gate is Gate.CAMPAIGN_NOT_RUNNING


def test_what_the_dialer_says_of_its_trunk(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    show(world, campaigns={str(campaign.id): {"gate": "trunk_unavailable"}})
    assert only(workspace).gate is Gate.TRUNK_UNAVAILABLE


def test_hours_with_the_instant_at_which_they_open(workspace: Workspace, world: World) -> None:
    local = (datetime.now(UTC) + timedelta(hours=4)).weekday() + 1
    other_day = frozenset({local % 7 + 1})
    windows = (Window(other_day, time(10), time(11)),)
    world.called(1, windows=windows)
    show(world, **REHEARSAL)
    found = only(workspace)
    assert found.gate is Gate.OUTSIDE_WINDOW
    assert found.opens_at is not None
    assert found.opens_at > datetime.now(UTC)


def test_a_retry_that_is_not_due(workspace: Workspace, world: World) -> None:
    campaign = world.called(1, retry=RetryPolicy())
    show(world, **REHEARSAL)
    (call,) = take(world, campaign)
    assert only(workspace).gate is Gate.LIVE_CALL_ON_NUMBER
    with writing(world.engine) as connection:
        write_closings(connection, [never_placed(call, Outcome.BUSY, datetime.now(UTC))])
    found = only(workspace)
    assert (found.gate, found.outcome) == (Gate.RETRY_NOT_DUE, "busy")
    assert found.opens_at is not None


def test_doubt(workspace: Workspace, world: World) -> None:
    campaign = world.called(1)
    (call,) = take(world, campaign)
    with writing(world.engine) as connection:
        write_closings(connection, [in_doubt(call, datetime.now(UTC))])
    assert only(workspace).gate is Gate.IN_DOUBT


def test_nothing_but_limits(workspace: Workspace, world: World) -> None:
    world.called(1)
    show(world, **REHEARSAL)
    assert only(workspace).gate is Gate.LIMIT_REACHED


def test_targets_cancelled_with_their_campaign(workspace: Workspace, world: World) -> None:
    campaign = world.called(1, state=CampaignState.STOPPED)
    with writing(world.engine) as connection:
        connection.execute(update(target).values(state=TargetState.CANCELLED.value))
    assert campaign.id
    assert only(workspace).gate is Gate.CAMPAIGN_NOT_RUNNING


@pytest.mark.parametrize(
    ("scope", "owner", "gate"),
    [
        (SuppressionScope.CONTROLLER, 1, Gate.SUPPRESSED),
        (SuppressionScope.OPERATOR, 0, Gate.SUPPRESSED),
        (SuppressionScope.CONTROLLER, 2, Gate.LIMIT_REACHED),
    ],
)
def test_suppressions_of_another_controller_are_not_told(
    workspace: Workspace, world: World, scope: SuppressionScope, owner: int, gate: Gate
) -> None:
    world.called(1)
    show(world, **REHEARSAL)
    suppress(world, scope, owner)
    assert only(workspace).gate is gate


def test_a_call_of_another_controller_reads_as_nothing_but_a_delay(
    workspace: Workspace, world: World
) -> None:
    ours = world.called(1)
    show(world, **REHEARSAL)
    theirs = world.controller("B")
    other = world.campaign(theirs, [world.contacts(theirs, [number(0)])])
    take(world, other)
    assert only(workspace).gate is Gate.TEMPORARILY_NOT_CALLABLE
    assert only(workspace, controller=theirs).gate is Gate.LIVE_CALL_ON_NUMBER
    take(world, ours)
    found = only(workspace)
    assert (found.gate, found.opens_at) == (Gate.TEMPORARILY_NOT_CALLABLE, None)
    with reading(world.engine) as connection:
        (kept,) = export_pages.targets(connection, ours.id, 0, 1000, 10)
    assert kept.gate == "temporarily_not_callable", "exports, pages and the API read what is kept"


@pytest.mark.parametrize(
    ("day", "opens"), [("2027-05-17", "2027-05-18T10:00"), ("2027-05-06", "2027-05-07T10:00")]
)
def test_a_public_holiday_and_when_it_is_over(
    own_store: Engine, tmp_path: Path, day: str, opens: str
) -> None:
    office = (Window(frozenset({1, 2, 3, 4, 5}), time(10), time(20)),)
    with time_machine.travel(datetime.fromisoformat(f"{day}T12:00+02:00")):
        world = World(own_store, datetime.now(UTC) - timedelta(seconds=1))
        world.called(1, windows=office, holidays=["L3133-1"])
        show(world, **REHEARSAL)
        found = only(a_workspace(own_store, tmp_path))
    assert found.gate is Gate.PUBLIC_HOLIDAY
    assert found.opens_at == datetime.fromisoformat(f"{opens}+02:00")


def test_a_person_called_often_enough_and_until_when(workspace: Workspace, world: World) -> None:
    campaign = world.called(1, frequency={"most": 1, "days": 30}, retry=AT_ONCE)
    show(world, **REHEARSAL)
    begun = called(world, campaign, Outcome.NO_ANSWER)
    other = world.campaign(1, [world.contacts(1, [number(0)])], frequency={"most": 1, "days": 30})
    told = of(workspace, other)
    assert (told.gate, told.opens_at) == (Gate.FREQUENCY_CAP, begun + timedelta(days=30))
    assert take(world, other) == []
    again = of(workspace, other)
    assert (again.gate, again.opens_at) == (told.gate, told.opens_at), "the claim says the same"


def test_hours_agreed_to_and_when_they_begin(own_store: Engine, tmp_path: Path) -> None:
    workspace = a_workspace(own_store, tmp_path)
    with time_machine.travel(datetime.fromisoformat("2026-11-26T12:00+01:00"), tick=False):
        world = World(own_store, datetime.now(UTC) - timedelta(seconds=1))
        world.controller()
        listed = world.contacts(1, [number(0)], terms=Terms(read_slot("18h-20h")))
        campaign = world.campaign(1, [listed])
        show(world, **REHEARSAL)
        told = only(workspace)
        assert take(world, campaign) == []
        again = only(workspace)
    opens = datetime.fromisoformat("2026-11-26T18:00+01:00")
    assert (told.gate, told.opens_at) == (Gate.OUTSIDE_CONSENTED_SLOT, opens)
    assert (again.gate, again.opens_at) == (told.gate, told.opens_at), "the claim says the same"


def test_a_draft_whose_pack_is_past_its_date(workspace: Workspace, world: World) -> None:
    past = datetime.now(UTC).date() - timedelta(days=1)
    draft = {"state": CampaignState.DRAFT, "rehearsal": False, "verify_by": past}
    world.called(1, **draft)
    assert only(workspace).gate is Gate.PACK_EXPIRED
    launch.acknowledge(workspace, 1, 1, "Zoé")
    assert only(workspace).gate is Gate.CAMPAIGN_NOT_RUNNING


class Situation:
    """One number in a random state of everything that the gates look at."""

    def __init__(self, engine: Engine, seed: int) -> None:
        chance = random.Random(seed)
        self.world = World(engine, datetime.now(UTC) - timedelta(seconds=1))
        ours, theirs = self.world.controller("A"), self.world.controller("B")
        listed = self.world.contacts(
            ours,
            [number(0)],
            chance.choice([("political",), ("political",), ("survey",)]),
            chance.choice([Evidence.ROW, Evidence.ROW, Evidence.LIST, Evidence.NONE]),
            chance.choice(["Europe/Paris", "Pacific/Tahiti|Pacific/Gambier"]),
            chance.random() < 0.5,
            self._terms(chance),
        )
        never = (Window(frozenset({(datetime.now(UTC).weekday() + 3) % 7 + 1}), time(1), time(2)),)
        self.campaign = self.world.campaign(
            ours,
            [listed],
            chance.choice([CampaignState.RUNNING] * 4 + [CampaignState.PAUSED]),
            RetryPolicy(chance.randint(1, 2)),
            chance.choice([ALWAYS, ALWAYS, never]),
            frequency=chance.choice([None, {"most": 1, "days": 30}, {"most": 2, "days": 1}]),
        )
        self._call_before(chance, ours)
        self.rehearsal = chance.random() < 0.7
        if chance.random() < 0.3:
            scope = chance.choice(list(SuppressionScope))
            owner = 0 if scope is SuppressionScope.OPERATOR else chance.randint(1, 2)
            suppress(self.world, scope, owner)
        if chance.random() < 0.3:
            other = self.world.campaign(theirs, [self.world.contacts(theirs, [number(0)])])
            take(self.world, other)
        later = timedelta(hours=1) if chance.random() < 0.2 else timedelta()
        with writing(engine) as connection:
            connection.execute(
                update(target)
                .where(target.c.campaign_id == self.campaign.id)
                .values(attempts=chance.randint(0, 2), due_at=self.world.now + later)
            )
        show(self.world, trunks={TRUNK: {"rehearsal": self.rehearsal}})

    def _terms(self, chance: random.Random) -> Terms:
        """Hours of now or of another day, and days before and after today."""
        today = datetime.now(UTC).date()
        other_day = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")[(today.weekday() + 3) % 7]
        past, coming = today - timedelta(days=3), today + timedelta(days=3)
        return Terms(
            chance.choice([None, None, read_slot("0h-24h"), read_slot(f"{other_day} 8h-9h")]),
            chance.choice([None, None, None, coming, past]),
            chance.choice([None] * 6 + [past]),
        )

    def _call_before(self, chance: random.Random, controller: int) -> None:
        """A call or two to the same number in other campaigns of its controller."""
        for _ in range(chance.choice([0, 0, 1, 2])):
            listed = self.world.contacts(controller, [number(0)])
            outcome = chance.choice([Outcome.BUSY, Outcome.CONGESTION])
            called(self.world, self.world.campaign(controller, [listed]), outcome)


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(seed=st.integers(0, 2**32))
def test_the_answer_is_what_the_claim_does(
    new_sqlite_store: Callable[[], Engine], tmp_path: Path, seed: int
) -> None:
    engine = new_sqlite_store()
    situation = Situation(engine, seed)
    workspace = a_workspace(engine, tmp_path)
    told = of(workspace, situation.campaign)
    claimed = take(situation.world, situation.campaign, situation.rehearsal)
    (after,) = situation.world.targets(situation.campaign.id)
    if told.gate is Gate.LIMIT_REACHED:
        assert len(claimed) == 1, "nothing but limits kept it, so it is taken"
    else:
        assert claimed == []
        if after["state"] == "refused" or after["gate"]:
            # The other call of the situation is always another controller's.
            assert after["gate"] == told.gate != Gate.LIVE_CALL_ON_NUMBER
        else:
            assert told.gate in {
                Gate.CAMPAIGN_NOT_RUNNING, Gate.OUTSIDE_WINDOW, Gate.RETRY_NOT_DUE
            }  # fmt: skip
        assert of(workspace, situation.campaign).gate is told.gate, (
            "and it is told the same afterwards"
        )
