"""An import that was a mistake can be undone, and only while no campaign has its people."""

import io
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from store_subjects import World, number

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput, NotAllowed, NotFound, StoreUnavailable
from campaigns.states import Action
from operations import undo_import as undoing
from operations.filling import check_lists
from operations.import_list import ImportProgress, ImportReport, import_list
from operations.undo_import import undo_import
from store import audit, lists, retention
from store.engine import reading, writing
from store.tables import contact, rejected_row, target

PROVENANCE = Provenance("Comité", "form", None, ("political",), {})
CONTENT = "telephone\n" + "".join(f"063998{place:04}\n" for place in range(20)) + "12\n"


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


def imported(world: World, content: str = CONTENT, **more: Any) -> ImportReport:
    return import_list(
        world.engine, world.controller(), io.BytesIO(content.encode()), name="Liste",
        file_name="liste.csv", provenance=PROVENANCE, by="Zoé", **more,
    )  # fmt: skip


def left(world: World, list_id: int) -> tuple[int, int]:
    with reading(world.engine) as connection:
        counts = [
            connection.execute(
                select(func.count()).select_from(one).where(one.c.list_id == list_id)
            ).scalar_one()
            for one in (contact, rejected_row)
        ]
    return counts[0], counts[1]


def test_nobody_is_left_of_it_and_its_file_can_be_imported_again(world: World) -> None:
    first = imported(world)
    other = imported(world, "telephone\n0639980001\n")
    done = undo_import(world.engine, 1, first.list_id, "Max")
    assert (done.name, done.contacts, done.rejected) == ("Liste", 20, 1)
    assert left(world, first.list_id) == (0, 0)
    assert left(world, other.list_id) == (1, 0)
    again = imported(world)
    assert (again.unchanged, again.accepted, again.rejected) == (False, 20, 1)
    assert again.list_id not in {first.list_id, other.list_id}


def test_asked_twice_it_is_done_and_recorded_once(world: World) -> None:
    list_id = imported(world).list_id
    undo_import(world.engine, 1, list_id, "Max")
    again = undo_import(world.engine, 1, list_id, "Max")
    assert (again.contacts, again.rejected) == (0, 0)
    with reading(world.engine) as connection:
        acts = [(one["act"], one["actor"]) for one in audit.latest(connection, 1, 10)]
    assert acts == [("list.undo", "Max"), ("list.import", "Zoé")]


def test_cut_short_it_goes_on_where_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    list_id = imported(world).list_id
    remove, turns = retention.remove_contacts, iter([True, False])

    def cut_short(*arguments: Any) -> int:
        if not next(turns):
            raise StoreUnavailable("the power went")
        return remove(*arguments)

    monkeypatch.setattr(undoing, "AT_ONCE", 6)
    monkeypatch.setattr(retention, "remove_contacts", cut_short)
    with pytest.raises(StoreUnavailable):
        undo_import(world.engine, 1, list_id, "Max")
    assert left(world, list_id) == (14, 1)
    monkeypatch.setattr(retention, "remove_contacts", remove)
    assert undo_import(world.engine, 1, list_id, "Max").contacts == 14
    assert left(world, list_id) == (0, 0)


def test_campaigns_that_have_its_people_are_named_and_nothing_is_removed(world: World) -> None:
    list_id = imported(world).list_id
    running = world.campaign(1, [list_id], name="Premier tour")
    over = world.campaign(1, [list_id], name="Réunion")
    world.act(over.id, Action.STOP)
    world.act(over.id, Action.END)
    with pytest.raises(NotAllowed, match="«Premier tour», «Réunion»"):
        undo_import(world.engine, 1, list_id, "Max")
    world.act(running.id, Action.STOP)
    world.act(running.id, Action.END)
    with pytest.raises(NotAllowed, match="«Premier tour», «Réunion»"):
        undo_import(world.engine, 1, list_id, "Max")
    assert left(world, list_id) == (20, 1)
    world.check()


def test_campaigns_that_are_over_and_have_nobody_of_it_do_not_matter(world: World) -> None:
    list_id = imported(world).list_id
    campaign = world.campaign(1, [list_id])
    world.act(campaign.id, Action.STOP)
    world.act(campaign.id, Action.END)
    with writing(world.engine) as connection:
        connection.execute(target.delete())
    assert undo_import(world.engine, 1, list_id, "Max").contacts == 20


def test_a_campaign_whose_people_are_all_on_another_list_may_still_need_it(world: World) -> None:
    list_id = imported(world).list_id
    same = world.contacts(1, [number(place) for place in range(20)])
    world.campaign(1, [same, list_id], name="Doublons")
    with pytest.raises(NotAllowed, match="«Doublons»"):
        undo_import(world.engine, 1, list_id, "Max")


def test_no_campaign_takes_a_list_that_is_undone(world: World) -> None:
    list_id = imported(world).list_id
    undo_import(world.engine, 1, list_id, "Max")
    with reading(world.engine) as connection, pytest.raises(InvalidInput, match="removed"):
        check_lists(connection, 1, [list_id])


def test_an_import_that_goes_on_meanwhile_keeps_nobody(world: World) -> None:
    content = "telephone\n" + "".join(f"063998{place:04}\n" for place in range(3000))
    undone: list[int] = []

    def undo(progress: ImportProgress) -> None:
        if not undone:
            with reading(world.engine) as connection:
                undone.append(lists.all_of(connection, 1)[0]["id"])
            undo_import(world.engine, 1, undone[0], "Max")

    with pytest.raises(NotAllowed, match="undone"):
        imported(world, content, progress=undo)
    assert left(world, undone[0]) == (0, 0)
    assert imported(world, content).accepted == 3000


def test_another_controller_s_list_is_not_there(world: World) -> None:
    list_id = imported(world).list_id
    with pytest.raises(NotFound):
        undo_import(world.engine, world.controller("Autre"), list_id, "Max")
    assert left(world, list_id) == (20, 1)
