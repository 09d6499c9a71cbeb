"""Retention: nothing is left of people whose time is over, and everything of the others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from erasing import with_key
from sqlalchemy import Engine, func, select
from store_subjects import NOW, World, number
from workspaces import a_workspace

from campaigns.campaign import Campaign
from campaigns.contacts.request import RequestKind
from campaigns.errors import StoreUnavailable
from campaigns.outcome import Outcome
from campaigns.states import Action, CampaignState
from dialer.book import write_closings
from dialer.calls import Call
from dialer.claim import Want, claim
from dialer.outcomes import in_doubt, never_placed
from operations import report, retain
from operations.audit_proof import prove
from operations.progress import progress_of
from operations.requests import close_request, listed, open_request
from operations.workspace import Workspace
from store import requests, retention, suppressions
from store.engine import reading, writing
from store.tables import attempt, contact, contact_list, number_lock, target

YEARS = timedelta(days=1095)
DAY = timedelta(days=1)


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def dialled(world: World, people: int = 6) -> Campaign:
    """A campaign that ended now: one delivered, one refused by key, one in doubt, others not."""
    campaign = world.called(people)
    with writing(world.engine) as connection:
        taken = claim(connection, Want(campaign, 3, True, "n"), world.now).taken
        calls = [Call(one.attempt, campaign, one.attempts, one.tries) for one in taken]
        ends = [
            never_placed(calls[0], Outcome.BUSY, world.now),
            never_placed(calls[1], Outcome.OPTED_OUT, world.now),
            in_doubt(calls[2], world.now),
        ]
        write_closings(connection, ends)
    world.act(campaign.id, Action.STOP)
    world.act(campaign.id, Action.END)
    return campaign


def left(world: World) -> dict[str, int]:
    with reading(world.engine) as connection:
        return {
            one.name: connection.execute(select(func.count()).select_from(one)).scalar_one()
            for one in (target, attempt, number_lock)
        }


def test_nothing_is_removed_before_its_time(world: World, workspace: Workspace) -> None:
    dialled(world)
    before = left(world)
    assert retain.retain(workspace, NOW + YEARS - DAY) == 0
    assert left(world) == before
    world.check()


def test_nobody_is_left_when_it_is_over_and_every_count_stays(
    world: World, workspace: Workspace
) -> None:
    campaign = dialled(world)
    before = progress_of(workspace, 1, campaign.id)
    assert retain.retain(workspace, NOW + YEARS + DAY) == 6 + 6
    assert left(world) == {"target": 0, "attempt": 0, "number_lock": 0}
    after = progress_of(workspace, 1, campaign.id)
    assert (after.states, after.outcomes, after.begun) == (
        before.states, before.outcomes, before.begun,
    )  # fmt: skip
    with reading(world.engine) as connection:
        rows = connection.execute(select(contact)).mappings().all()
        assert {row["number"][0] for row in rows} == {"-"}
        assert {(row["external_id"], str(row["attributes"])) for row in rows} == {(None, "{}")}
        assert suppressions.in_force(connection, [number(1)], 1, 99, NOW) == {number(1)}
        kept = connection.execute(select(contact_list)).mappings().one()
    assert (kept["state"], kept["supplier"]) == ("removed", "Comité")


def test_doing_it_again_removes_nobody(world: World, workspace: Workspace) -> None:
    dialled(world)
    late = NOW + YEARS + DAY
    assert retain.retain(workspace, late) == 12
    assert retain.retain(workspace, late) == 0


def test_what_was_heard_is_still_told(world: World, workspace: Workspace) -> None:
    campaign = dialled(world)
    with writing(world.engine) as connection:
        connection.execute(
            attempt.update()
            .where(attempt.c.number == number(1))
            .values(answered_at=NOW, heard_ms=1500, quartile=3)
        )
    before = report.report_of(workspace, 1, campaign.id).heard
    assert (before.answered, before.seconds, before.quartiles) == (1, 1.5, {3: 1})
    retain.retain(workspace, NOW + YEARS + DAY)
    assert report.report_of(workspace, 1, campaign.id).heard == before


def test_a_list_that_a_later_campaign_uses_is_kept_for_it(
    world: World, workspace: Workspace
) -> None:
    first = dialled(world)
    world.later(days=400)
    second = world.campaign(1, [1])
    assert retain.retain(workspace, NOW + YEARS + DAY) == 6, "the people of the first campaign"
    assert world.targets(first.id) == []
    assert [row["number"] for row in world.targets(second.id)] == [number(n) for n in range(6)]


def test_what_was_never_launched_is_over_as_well(world: World, workspace: Workspace) -> None:
    campaign = world.called(3, state=CampaignState.DRAFT, launched_at=None)
    assert retain.retain(workspace, NOW + YEARS - DAY) == 0
    assert retain.retain(workspace, NOW + YEARS + DAY) == 6
    assert world.targets(campaign.id) == []
    assert progress_of(workspace, 1, campaign.id).state is CampaignState.STOPPED


@pytest.mark.parametrize("state", [CampaignState.RUNNING, CampaignState.PAUSED])
def test_a_campaign_that_lasts_is_not_over(
    world: World, workspace: Workspace, state: CampaignState
) -> None:
    campaign = world.called(3, state=state)
    assert retain.retain(workspace, NOW + 2 * YEARS) == 0
    assert len(world.targets(campaign.id)) == 3


def test_of_requests_closed_long_ago_no_number_is_left(world: World, workspace: Workspace) -> None:
    with_key(world.engine)
    owner = world.controller()
    for index in range(3):
        open_request(workspace, owner, RequestKind.ACCESS, number(index), by="DPO", note="Anne")
    for one in (1, 2):
        close_request(workspace, owner, one, "sent", "DPO")
    closed = datetime.now(UTC)
    retain.retain(workspace, closed + YEARS - DAY)
    assert [one["number"] for one in listed(workspace, owner, closed=True)] == [
        number(index) for index in range(3)
    ]
    retain.retain(workspace, closed + YEARS + DAY)
    found = listed(workspace, owner, closed=True)
    assert [(one["number"], one["note"]) for one in found] == [
        ("", ""), ("", ""), (number(2), "Anne"),
    ]  # fmt: skip
    with reading(world.engine) as connection:
        assert len(requests.of_number(connection, owner, number(0))) == 1, "its digest finds it"


def test_it_goes_on_where_it_was_cut_short(
    world: World, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = dialled(world)
    late = NOW + YEARS + DAY

    def fail(*_: object) -> int:
        raise StoreUnavailable("full")

    for step in ("remove_attempts", "remove_targets", "blank_contacts", "close_list"):
        monkeypatch.setattr(retention, step, fail)
        with pytest.raises(StoreUnavailable):
            retain.retain(workspace, late)
        monkeypatch.undo()
        assert prove(world.engine, lambda fault: pytest.fail(str(fault))).faults == 0
        assert progress_of(workspace, 1, campaign.id).targets == 6
    retain.retain(workspace, late)
    assert left(world) == {"target": 0, "attempt": 0, "number_lock": 0}


def test_more_people_than_go_in_one_transaction(
    world: World, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retain, "AT_ONCE", 2)
    dialled(world, people=7)
    assert retain.retain(workspace, NOW + YEARS + DAY) == 14
    assert left(world) == {"target": 0, "attempt": 0, "number_lock": 0}
