"""What is staged takes no lock, and is kept whole or not at all."""

from typing import Any

import pytest
from sqlalchemy import Engine, func, inspect, select
from store_subjects import World, number

from campaigns.contacts.terms import UNSAID
from operations.contact_rows import ContactValues, term_values
from store import lists
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


def test_rows_are_kept_in_their_order_with_the_transaction(world: World, list_id: int) -> None:
    with staging(world.engine, contact) as stage:
        for first in (2, 5):
            stage.put({contact: rows(world.engine, list_id, first, 3)})
            with stage.writing() as connection:
                lists.advance(connection, list_id, 0 if first == 2 else 4, first + 2, 3, 0)
    assert kept(world.engine, list_id) == [(line, "Été") for line in range(2, 8)]


def failing(stage: Staging) -> None:
    with stage.writing():
        raise Failed


def test_nothing_is_kept_of_a_transaction_that_fails(world: World, list_id: int) -> None:
    with staging(world.engine, contact) as stage:
        stage.put({contact: rows(world.engine, list_id, 2, 3)})
        with pytest.raises(Failed):
            failing(stage)
        assert kept(world.engine, list_id) == []
        stage.put({contact: rows(world.engine, list_id, 9, 1)})
        with stage.writing():
            pass
    assert kept(world.engine, list_id) == [(9, "Été")], "what was made ready before is forgotten"


def test_putting_waits_for_no_other_writer(sqlite_store: Engine) -> None:
    world = World(sqlite_store)
    list_id = world.contacts(world.controller(), [])
    other = sqlite3.connect(str(sqlite_store.url.database), isolation_level=None)
    with staging(sqlite_store, contact) as stage:
        other.execute("BEGIN IMMEDIATE")
        stage.put({contact: rows(world.engine, list_id, 2, 3)})
        other.execute("COMMIT")
        with stage.writing():
            pass
    other.close()
    assert len(kept(sqlite_store, list_id)) == 3


def test_nothing_is_left_beside_the_tables(world: World, list_id: int) -> None:
    with staging(world.engine, contact, rejected_row) as stage:
        stage.put({contact: rows(world.engine, list_id, 2, 1), rejected_row: []})
        with stage.writing():
            pass
    with reading(world.engine) as connection:
        assert inspect(connection).get_temp_table_names() == []
        assert inspect(connection).has_table("staged_contact") is False
        assert connection.execute(select(func.count()).select_from(contact_list)).scalar_one() == 1
