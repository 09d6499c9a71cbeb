"""Moving to PostgreSQL: every row, byte for byte, all of it or nothing, and nothing unsaid."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import full_store
import pytest
from postgres import Postgres
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    delete,
    func,
    insert,
    inspect,
    literal_column,
    select,
    text,
    update,
)
from store_subjects import World, number

from campaigns.errors import InvalidInput, NotAllowed, StoreUnavailable
from operations.backup import sha256_of
from operations.move_database import Moved, MoveProgress, move
from operations.settings import FILE_NAME, load
from store import audit, leases, moving, schema, stored_rows
from store.engine import open_engine, reading, writing
from store.sqlite import driver as sqlite3
from store.stored_rows import Rows
from store.tables import audit_event, contact, metadata, webhook_event

BY = "Ana"

Changing = Callable[[Callable[[Engine], object]], None]


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that even small tables come in several parts."""
    monkeypatch.setattr(stored_rows, "AT_ONCE", 5)


@pytest.fixture
def home(migrated_file: Path, tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "portevoix.db").write_bytes(migrated_file.read_bytes())
    return tmp_path / "home"


@pytest.fixture
def changing(home: Path) -> Changing:
    """Does something to the SQLite database, and closes it, as a move wants it."""

    def change(act: Callable[[Engine], object]) -> None:
        engine = open_engine(load(home).url)
        act(engine)
        engine.dispose()

    return change


@pytest.fixture
def to(postgres: Postgres) -> Iterator[str]:
    with postgres.empty() as url:
        yield url


def moved(home: Path, to: str, tell: Callable[[MoveProgress], None] = lambda _: None) -> Moved:
    return move(load(home), to, BY, tell)


def rows_of(engine: Engine, table: Table) -> list[tuple[Any, ...]]:
    """What the program reads of a table, in no order of any database."""
    with reading(engine) as connection:
        return sorted((tuple(one) for one in connection.execute(select(table))), key=repr)


def tables_in(url: str) -> list[str]:
    with opened(url) as engine:
        return inspect(engine).get_table_names()


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.mark.parametrize("options", ["", "LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' LOCALE 'C'"])
def test_every_row_of_every_table_arrives_as_it_was(
    home: Path, changing: Changing, postgres: Postgres, options: str
) -> None:
    """Also where PostgreSQL orders text as French does."""
    changing(full_store.fill)
    before = sha256_of(home / "portevoix.db")
    with postgres.empty(f"ENCODING 'UTF8' {options}") as to:
        found = moved(home, to)
        assert sha256_of(home / "portevoix.db") == before
        with opened(load(home).url) as old, opened(to) as new:
            for table in metadata.sorted_tables:
                there, here = rows_of(old, table), rows_of(new, table)
                assert len(there) == found.sums[table.name].rows > 0, table.name
                if not table.name.startswith("audit_"):  # which has the move itself
                    assert here == there, table.name
            there, here = rows_of(old, audit_event), rows_of(new, audit_event)
            assert [one for one in here if one in there] == there
            assert len(here) == len(there) + 1
            assert schema.revision(new) == schema.newest()
    assert found.proof.faults == 0


def test_the_new_audit_says_who_moved_what(home: Path, changing: Changing, to: str) -> None:
    changing(lambda engine: World(engine).called(5))
    assert moved(home, to).faults == []
    with opened(to) as new, reading(new) as connection:
        (entry,) = audit.latest(connection, None, 10)
    assert (entry["actor"], entry["act"], entry["subject"]) == (BY, "database.move", "database")
    assert entry["detail"]["from"] == str(home / "portevoix.db")
    assert entry["detail"]["rows"]["contact"] == 5
    assert "reply" not in entry["detail"]["rows"]


def test_no_key_is_given_again(home: Path, changing: Changing, to: str) -> None:
    """Not even that of an event which was removed, where that is promised."""

    def spend_keys(engine: Engine) -> None:
        world = World(engine)
        world.called(5)
        event = {
            "controller_id": 1, "kind": "x", "subject": "x", "at": world.now, "data": {},
            "spread": False,
        }  # fmt: skip
        with writing(engine) as connection:
            connection.execute(insert(webhook_event), [{**event, "key": str(n)} for n in range(9)])
            connection.execute(delete(webhook_event).where(webhook_event.c.id > 3))

    changing(spend_keys)
    moved(home, to)
    with opened(to) as new:
        world = World(new)
        world.contacts(world.controller("Autre"), [number(50)])
        with writing(new) as connection:
            assert connection.execute(select(func.max(contact.c.id))).scalar_one() == 6
            key = text("SELECT nextval(pg_get_serial_sequence('webhook_event', 'id'))")
            assert connection.execute(key).scalar_one() == 10


def test_progress_ends_with_every_row_copied_and_read_back(
    home: Path, changing: Changing, to: str
) -> None:
    changing(lambda engine: World(engine).called(5))
    told: list[MoveProgress] = []
    found = moved(home, to, told.append)
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert (told[0].doing, told[-1].doing) == ("copying", "verifying")
    assert told[-1].done == told[-1].total == 2 * found.rows


def test_a_copy_that_differs_is_noticed_and_nothing_of_it_stays(
    home: Path, changing: Changing, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changing(lambda engine: World(engine).called(5))
    put = moving._put

    def careless(target: Connection, table: Table, rows: Rows) -> None:
        if table is contact:
            rows = [*rows[:-1], (*rows[-1][:3], number(99), *rows[-1][4:])]
        put(target, table, rows)

    monkeypatch.setattr(moving, "_put", careless)
    with pytest.raises(StoreUnavailable, match="The copy of table contact is not"):
        moved(home, to)
    assert tables_in(to) == []


def test_a_move_that_is_interrupted_leaves_nothing_and_can_be_made_again(
    home: Path, changing: Changing, to: str
) -> None:
    changing(lambda engine: World(engine).called(5))

    def interrupt(now: MoveProgress) -> None:
        if now.doing == "verifying":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        moved(home, to, interrupt)
    assert tables_in(to) == []
    assert moved(home, to).sums["contact"].rows == 5
    with pytest.raises(NotAllowed, match="has tables already"):
        moved(home, to)


def test_a_server_that_goes_away_is_said_so_and_keeps_nothing(
    home: Path, changing: Changing, to: str
) -> None:
    changing(lambda engine: World(engine).called(12))

    def end_server(now: MoveProgress) -> None:
        if now.table == "contact":
            with opened(to) as other, other.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )

    with pytest.raises(StoreUnavailable, match="cannot record now"):
        moved(home, to, end_server)
    assert tables_in(to) == []


def test_values_that_postgresql_does_not_take_are_named_and_nothing_stays(
    home: Path, changing: Changing, to: str
) -> None:
    def spoil(engine: Engine) -> None:
        World(engine).called(15)
        nul = literal_column("'a' || char(0) || 'b'")
        spoilt = update(contact).where(contact.c.id > 3)
        with writing(engine) as connection:
            connection.execute(spoilt.values(external_id=nul))

    changing(spoil)
    with pytest.raises(NotAllowed) as refused:
        moved(home, to)
    named = str(refused.value).splitlines()[1:]
    assert [one.partition(":")[0] for one in named] == [f"contact id {id_}" for id_ in range(4, 14)]
    assert tables_in(to) == []


def test_a_fault_of_the_audit_moves_too_and_is_said(
    home: Path, changing: Changing, to: str
) -> None:
    def forge(engine: Engine) -> None:
        full_store.fill(engine)
        with writing(engine) as connection:
            connection.exec_driver_sql("DROP TRIGGER audit_event_refuses_update")
            connection.exec_driver_sql("UPDATE audit_event SET actor = 'Zoé' WHERE sequence = 2")

    changing(forge)
    found = moved(home, to)
    assert found.proof.faults == len(found.faults) > 0


def test_nobody_else_may_have_the_database_open(home: Path, changing: Changing, to: str) -> None:
    """Be it idle: it might write, and what it wrote would be missing."""
    with opened(load(home).url) as api:
        World(api).called(1)
        with pytest.raises(NotAllowed, match=r"Stop «portevoix serve»"):
            moved(home, to)
    assert moved(home, to).sums["contact"].rows == 1


def test_while_it_moves_nobody_can_write(home: Path, changing: Changing, to: str) -> None:
    changing(lambda engine: World(engine).called(1))
    refused: list[str] = []

    def write(now: MoveProgress) -> None:
        other = sqlite3.connect(home / "portevoix.db", timeout=0)
        try:
            other.execute("UPDATE contact SET line = line + 1")
        except sqlite3.OperationalError as error:
            refused.append(str(error))
        finally:
            other.close()

    moved(home, to, write)
    assert set(refused) == {"database is locked"}


@pytest.mark.parametrize("open_", [True, False])
def test_a_dialer_must_have_ended(home: Path, to: str, open_: bool) -> None:
    engine = open_engine(load(home).url)
    with writing(engine) as connection:
        own = leases.acquire(connection, datetime.now(UTC))
    if not open_:
        engine.dispose()
    with pytest.raises(NotAllowed, match=re.escape(f"A dialer ({own.process}) runs")):
        moved(home, to)
    with writing(engine) as connection:
        leases.release(connection, own, datetime.now(UTC))
    engine.dispose()
    moved(home, to)


def test_older_tables_are_not_moved(home: Path, changing: Changing, to: str) -> None:
    def age(engine: Engine) -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    changing(age)
    with pytest.raises(NotAllowed, match="are at revision 0001"):
        moved(home, to)


def test_there_must_be_a_database(tmp_path: Path, to: str) -> None:
    with pytest.raises(NotAllowed, match="nothing to move"):
        moved(tmp_path, to)
    assert not (tmp_path / "portevoix.db").exists()


def test_a_home_on_postgresql_is_not_moved(home: Path, to: str) -> None:
    (home / FILE_NAME).write_text(f'database_url = "{to}"\n')
    with pytest.raises(NotAllowed, match="no SQLite file"):
        moved(home, to)


@pytest.mark.parametrize(
    "url",
    ["x", "", "sqlite:///x.db", "postgres://h/d", "postgresql+asyncpg://h/d", "postgresql://h"],
)
def test_what_is_no_url_of_postgresql_is_refused(home: Path, url: str) -> None:
    with pytest.raises(InvalidInput, match=r"postgresql\+psycopg://USER@HOST/DATABASE"):
        moved(home, url)


def test_somebody_must_answer_for_it(home: Path, to: str) -> None:
    with pytest.raises(InvalidInput, match="names nobody"):
        move(load(home), to, " ", lambda _: None)


def test_a_server_that_is_not_there_is_said_so_without_the_password(home: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refused:
        moved(home, "postgresql://ana:geheim@127.0.0.1:1/portevoix")
    assert "geheim" not in str(refused.value)


def test_a_database_in_another_encoding_is_refused(home: Path, postgres: Postgres) -> None:
    with (
        postgres.empty("ENCODING 'LATIN1' LOCALE 'C'") as to,
        pytest.raises(NotAllowed, match="LATIN1"),
    ):
        moved(home, to)


def test_one_in_which_nothing_may_be_made_is_refused(home: Path, postgres: Postgres) -> None:
    with (
        postgres.empty(configured="default_transaction_read_only TO on") as to,
        pytest.raises(NotAllowed, match=r"no table can be made there: .*read-only"),
    ):
        moved(home, to)


def test_days_arrive_whatever_the_server_writes_them_like(
    home: Path, changing: Changing, postgres: Postgres
) -> None:
    changing(full_store.fill)
    with postgres.empty(configured="datestyle TO 'German'") as to:
        moved(home, to)
