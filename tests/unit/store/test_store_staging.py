"""What is staged takes no lock, and is kept whole or not at all."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select
from store_subjects import World, number

from campaigns.contacts.terms import UNSAID
from operations.contact_rows import ContactValues, term_values
from store import list_rows, lists
from store.engine import reading
from store.sqlite import driver as sqlite3
from store.staging import Binder, Staging, staging
from store.tables import contact, contact_list, rejected_row


def test_a_contact_has_the_columns_of_its_table() -> None:
    assert list(ContactValues._fields) == [one.name for one in contact.c if not one.primary_key]


class Failed(Exception):
    """Something goes wrong within the transaction."""


def rows(store: Engine, list_id: int, first: int, count: int) -> list[tuple[Any, ...]]:
    made = [
        ContactValues(
            list_id, first + index, number(first + index), "mobile", "Europe/Paris",
            fictional=True, external_id=None, attributes={"nom": "Été"}, evidence="row",
            consented_on=None, consent_source=None, wording_id=None, **term_values(UNSAID),
        )
        for index in range(count)
    ]  # fmt: skip
    return Binder(contact, store.dialect).bound(made)


@pytest.fixture
def world(store: Engine) -> World:
    return World(store)


@pytest.fixture
def list_id(world: World) -> int:
    return world.contacts(world.controller(), [])


def kept(engine: Engine, list_id: int) -> list[tuple[int, str]]:
    with reading(engine) as connection:
        found = lists.contacts(connection, list_id, 0, 1000)
    return [(one["line"], one["attributes"].get("nom", "")) for one in found]


def add(stage: Staging, count: int) -> list[list_rows.Repeated]:
    with stage.writing() as connection:
        return list_rows.add_contacts(connection, stage, count)


def test_rows_are_kept_with_the_transaction(world: World, list_id: int) -> None:
    with staging(world.engine, contact) as stage:
        for first in (2, 5):
            stage.put(contact, rows(world.engine, list_id, first, 3))
            assert add(stage, 3) == []
    assert kept(world.engine, list_id) == [(line, "Été") for line in range(2, 8)]


def failing(stage: Staging) -> None:
    with stage.writing() as connection:
        list_rows.add_contacts(connection, stage, 3)
        raise Failed


def test_nothing_is_kept_of_a_transaction_that_fails(world: World, list_id: int) -> None:
    with staging(world.engine, contact) as stage:
        stage.put(contact, rows(world.engine, list_id, 2, 3))
        with pytest.raises(Failed):
            failing(stage)
        assert kept(world.engine, list_id) == []
        stage.put(contact, rows(world.engine, list_id, 9, 1))
        add(stage, 1)
    assert kept(world.engine, list_id) == [(9, "Été")], "what was made ready before is forgotten"


def test_putting_waits_for_no_other_writer(sqlite_store: Engine) -> None:
    world = World(sqlite_store)
    list_id = world.contacts(world.controller(), [])
    other = sqlite3.connect(str(sqlite_store.url.database), isolation_level=None)
    with staging(sqlite_store, contact) as stage:
        other.execute("BEGIN IMMEDIATE")
        stage.put(contact, rows(world.engine, list_id, 2, 3))
        other.execute("COMMIT")
        add(stage, 3)
    other.close()
    assert len(kept(sqlite_store, list_id)) == 3


def test_of_one_number_the_first_is_kept_and_the_others_told(world: World, list_id: int) -> None:
    """Also where an import that died had kept some of them: those are no others."""
    made = rows(world.engine, list_id, 2, 3)
    again = [(one[0], one[1] + 10, *one[2:]) for one in made]
    both = sorted([*made, *again], key=lambda one: str(one[2]))
    with staging(world.engine, contact) as stage:
        stage.put(contact, made[:1])
        add(stage, 1)
        stage.put(contact, both)
        found = add(stage, len(both))
    assert sorted(found) == [(one[1] + 10, one[1], one[2]) for one in made]
    assert [line for line, _ in kept(world.engine, list_id)] == [2, 3, 4]


def test_another_list_may_have_the_same_number(world: World, list_id: int) -> None:
    other = world.contacts(1, [])
    with staging(world.engine, contact) as stage:
        for one in (list_id, other):
            stage.put(contact, rows(world.engine, one, 2, 1))
            assert add(stage, 1) == []
    assert len(kept(world.engine, list_id)) == len(kept(world.engine, other)) == 1


def test_a_line_is_refused_once(world: World, list_id: int) -> None:
    refused = [(list_id, line, "tel", "?", "letters", "Why.", "What.") for line in (2, 3)]
    with staging(world.engine, rejected_row) as stage:
        for some in (refused[:1], refused):
            stage.put(rejected_row, some)
            with stage.writing() as connection:
                list_rows.add_refused(connection, stage)
    with reading(world.engine) as connection:
        found = lists.rejected(connection, list_id, 0, 10)
    assert [one["line"] for one in found] == [2, 3]


def test_nothing_is_left_beside_the_tables(world: World, list_id: int) -> None:
    with staging(world.engine, contact, rejected_row) as stage:
        stage.put(contact, rows(world.engine, list_id, 2, 1))
        add(stage, 1)
    with reading(world.engine) as connection:
        assert inspect(connection).get_temp_table_names() == []
        assert inspect(connection).has_table("staged_contact") is False
        assert connection.execute(select(func.count()).select_from(contact_list)).scalar_one() == 1
