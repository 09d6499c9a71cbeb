"""Drafts: kept with every step, made into one campaign at most, forgotten in the end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from store_subjects import World

from campaigns.errors import InvalidInput, NotFound
from operations import drafts, retain
from operations.drafts import Taken
from operations.workspace import Workspace
from store import audit
from store.drafts import Filled
from store.engine import reading, writing
from store.tables import campaign_draft

KEY = "a" * 32


def begun(workspace: Workspace, world: World, **filled: str | list[str]) -> int:
    return drafts.begin(workspace, world.controller(), KEY, filled, "people", "Zoé")


def having(**more: str | list[str]) -> Any:
    def change(filled: Filled) -> Filled:
        return {**filled, **more}

    return change


def acts(world: World) -> list[tuple[str, str]]:
    with reading(world.engine) as connection:
        return [(one["act"], one["actor"]) for one in audit.latest(connection, 1, 100)]


def test_a_page_that_is_sent_twice_begins_one_draft(workspace: Workspace, world: World) -> None:
    first = begun(workspace, world, name="Réunion")
    assert begun(workspace, world, name="Réunion") == first
    assert len(drafts.open_ones(workspace, 1)) == 1
    other = drafts.begin(workspace, 1, "b" * 32, {}, "people", "Zoé")
    assert other != first
    assert [act for act in acts(world) if act[0] == "campaign.draft"] == [
        ("campaign.draft", "Zoé")
    ] * 2


def test_two_tabs_do_not_undo_each_other(workspace: Workspace, world: World) -> None:
    draft = begun(workspace, world, name="Réunion")
    drafts.fill(workspace, 1, draft, having(recording1="3"), "message", "Zoé")
    found = drafts.fill(workspace, 1, draft, having(budget="40"), "limits", "Paul")
    assert found.filled == {"name": "Réunion", "recording1": "3", "budget": "40"}
    assert (found.step, found.created_by, found.changed_by) == ("limits", "Zoé", "Paul")


def test_a_draft_is_its_controllers_alone(workspace: Workspace, world: World) -> None:
    draft = begun(workspace, world, name="Réunion")
    other = world.controller("Autre")
    for ask in (
        lambda: drafts.one(workspace, other, draft),
        lambda: drafts.fill(workspace, other, draft, having(), "people", "x"),
        lambda: drafts.make(workspace, other, draft, lambda _: 1),
        lambda: drafts.remove(workspace, other, draft, "x"),
    ):
        with pytest.raises(NotFound):
            ask()
    assert drafts.open_ones(workspace, other) == []
    assert not drafts.is_there(workspace, other, draft)
    assert drafts.is_there(workspace, 1, draft)
    # A key of the same page in another's hands begins another draft.
    assert drafts.begin(workspace, other, KEY, {}, "people", "x") != draft


def test_one_campaign_is_made_of_a_draft(workspace: Workspace, world: World) -> None:
    draft, made = begun(workspace, world, name="Réunion"), world.campaign(1)
    asked: list[str] = []

    def prepare(filled: Filled) -> int:
        asked.append(str(filled["name"]))
        with pytest.raises(Taken):  # the second of two clicks, while the first is at work
            drafts.make(workspace, 1, draft, prepare)
        with pytest.raises(Taken):
            drafts.fill(workspace, 1, draft, having(name="Autre"), "people", "Zoé")
        with pytest.raises(Taken):
            drafts.remove(workspace, 1, draft, "Zoé")
        return made.id

    assert drafts.make(workspace, 1, draft, prepare) == made.id
    assert asked == ["Réunion"]
    with pytest.raises(Taken):
        drafts.make(workspace, 1, draft, prepare)
    assert drafts.open_ones(workspace, 1) == []
    found = drafts.of_campaign(workspace, 1, made.id)
    assert found is not None
    assert (found.id, found.campaign_id, found.taken_at) == (draft, made.id, None)


def test_what_cannot_be_made_stays_a_draft(workspace: Workspace, world: World) -> None:
    draft = begun(workspace, world, name="Réunion")

    def prepare(filled: Filled) -> int:
        raise InvalidInput("name", str(filled["name"]))

    with pytest.raises(InvalidInput, match="Réunion"):
        drafts.make(workspace, 1, draft, prepare)
    assert drafts.fill(workspace, 1, draft, having(), "people", "Zoé").is_open


def test_a_draft_is_free_again_after_a_crash(workspace: Workspace, world: World) -> None:
    draft = begun(workspace, world, name="Réunion")
    with writing(world.engine) as connection:
        connection.execute(update(campaign_draft).values(taken_at=datetime.now(UTC)))
    assert not drafts.one(workspace, 1, draft).is_open
    drafts.give_all_back(workspace)
    assert drafts.one(workspace, 1, draft).is_open


def test_a_deleted_draft_is_gone_and_its_id_is_never_given_again(
    workspace: Workspace, world: World
) -> None:
    draft = begun(workspace, world, name="Réunion")
    drafts.remove(workspace, 1, draft, "Paul")
    with pytest.raises(NotFound, match="deleted"):
        drafts.one(workspace, 1, draft)
    assert ("campaign.discard", "Paul") in acts(world)
    assert begun(workspace, world, name="Autre") > draft


def test_a_draft_that_nobody_changes_is_forgotten(workspace: Workspace, world: World) -> None:
    begun(workspace, world, name="Réunion")
    late = datetime.now(UTC) + drafts.KEPT_FOR
    retain.retain(workspace, late - timedelta(minutes=1))
    assert len(drafts.open_ones(workspace, 1)) == 1
    retain.retain(workspace, late + timedelta(minutes=1))
    with reading(world.engine) as connection:
        left = connection.execute(select(func.count()).select_from(campaign_draft)).scalar_one()
    assert left == 0
    assert ("campaign.discard", "clock") in acts(world)
