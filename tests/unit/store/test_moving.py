"""What PostgreSQL does not take of an SQLite database, said of the very value."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, literal_column, update
from store_subjects import World, number

from campaigns.errors import NotAllowed
from store import moving
from store.audit_rows import as_stored
from store.engine import reading, writing, writing_on
from store.stored_rows import in_order
from store.tables import contact, contact_list, controller, metadata


@pytest.fixture
def target(postgres_store: Engine) -> Iterator[Connection]:
    with postgres_store.connect() as connection, writing_on(connection):
        moving.make_ready(connection)
        yield connection


def refusal(source: Engine, target: Connection) -> list[str]:
    """What is said when its contacts are copied, line by line."""
    with as_stored(source) as connection:
        for table in (controller, contact_list):
            moving.copy(connection, target, table, lambda _: None)
        with pytest.raises(NotAllowed) as refused:
            moving.copy(connection, target, contact, lambda _: None)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("external_id", "'a' || char(0) || 'b'", "has a NUL character"),
        ("external_id", "CAST(x'ff41' AS TEXT)", "is no UTF-8"),
        ("attributes", "'{\"a\": NaN}'", "is no JSON"),
        ("kind", "'something'", "is longer than 8 characters"),
        ("line", "2147483648", "is larger than 2,147,483,647"),
        ("line", "-2147483649", "is larger than 2,147,483,647"),
        ("line", "'two'", "is no number"),
        ("line", "x'02'", "is no number"),
        ("consented_on", "'May'", "is no day"),
    ],
)
def test_a_value_is_named(
    sqlite_store: Engine, target: Connection, column: str, value: str, why: str
) -> None:
    World(sqlite_store).called(5)
    spoilt = update(contact).where(contact.c.id.in_([2, 5]))
    with writing(sqlite_store) as connection:
        connection.execute(spoilt.values({column: literal_column(value)}))
    _, first, second = refusal(sqlite_store, target)
    assert first.startswith(f"contact id 2: {column} {why}")
    assert second.startswith(f"contact id 5: {column} {why}")


def test_what_postgresql_alone_finds_is_said_in_its_words(
    sqlite_store: Engine, target: Connection
) -> None:
    World(sqlite_store).called(5)
    with sqlite_store.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("UPDATE contact SET list_id = 77 WHERE id = 2")
    _, told = refusal(sqlite_store, target)
    assert told.startswith("contact: ")
    assert "(list_id)=(77) is not present" in told


def test_no_phone_number_is_shown(sqlite_store: Engine, target: Connection) -> None:
    World(sqlite_store).called(5)
    with sqlite_store.connect() as connection:
        connection.exec_driver_sql("UPDATE contact SET kind = number WHERE id = 2")
    told = "".join(refusal(sqlite_store, target))
    assert "kind is longer" in told
    assert number(1) not in told


def test_sqlite_streams_every_table_without_sorting_it(sqlite_store: Engine) -> None:
    """A sort would take the whole table into memory."""
    with reading(sqlite_store) as connection:
        for table in metadata.sorted_tables:
            asked = str(in_order(connection, table).compile(sqlite_store))
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
            assert "TEMP B-TREE" not in str(plan), table.name
