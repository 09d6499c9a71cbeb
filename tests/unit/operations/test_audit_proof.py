"""Whatever is done to the record afterwards is found, and where."""

# ruff: noqa: S608 - every statement here is ours
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from store_subjects import NOW, World

from dialer.claim import Want, claim
from operations.audit_proof import Fault, Proof, Share, Shares, prove
from store import audit, audit_hashes, audit_rows
from store.engine import open_engine, sqlite_url, writing

COLUMNS = {
    "audit_event": (*audit_hashes.EVENT, "hash"),
    "audit_segment": (*audit_hashes.SEGMENT, "opening", "length", "head"),
    "audit_anchor": ("covered_id", "sequence", "segment_id", "hash"),
    "audit_chain": ("segments", "opening"),
}


def record(engine: Engine, *acts: str) -> None:
    for what in acts:
        with writing(engine) as connection:
            audit.record(connection, NOW, "Zoé", what, "campaign 1", 1, {"reason": "été"})


@contextmanager
def forging(engine: Engine) -> Iterator[Connection]:
    """A hand that no trigger and no key stops."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            for name in connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            ).scalars():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        yield connection
        if engine.dialect.name != "sqlite":
            connection.commit()
        else:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def forge(engine: Engine, *statements: str) -> None:
    with forging(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


def proved(engine: Engine) -> tuple[Proof, list[Fault]]:
    faults: list[Fault] = []
    proof = prove(engine, faults.append)
    assert proof.faults == len(faults)
    return proof, faults


def places(engine: Engine) -> list[tuple[int, int | None]]:
    return [(one.segment, one.sequence) for one in proved(engine)[1]]


@pytest.fixture
def written(store: Engine) -> Engine:
    """Three segments, of three acts each; the first went on after the second had begun."""
    return three_segments(store)


def three_segments(engine: Engine) -> Engine:
    url = engine.url.render_as_string(hide_password=False)
    second, third = open_engine(url), open_engine(url)
    record(engine, "a", "b")
    record(second, "a", "b", "c")
    record(engine, "c")
    record(third, "a", "b", "c")
    second.dispose()
    third.dispose()
    return engine


def test_nothing_is_found_where_nothing_was_changed(written: Engine) -> None:
    proof, faults = proved(written)
    assert faults == []
    assert (proof.segments, proof.events) == (3, 9)


def test_an_empty_audit_is_in_order(store: Engine) -> None:
    assert proved(store) == (Proof(), [])


@pytest.mark.parametrize("many", [1, 2, 3, 4, 5, 6])
def test_it_is_read_piece_by_piece(
    store: Engine, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "AT_ONCE", 2)
    record(store, *"abcdef"[:many])
    assert proved(store) == (Proof(segments=1, events=many), [])
    forge(store, f"DELETE FROM audit_event WHERE sequence = {many}")
    assert places(store) == [(1, many)]


@pytest.fixture(scope="module")
def original(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with three segments, to be copied and forged."""
    path = tmp_path_factory.mktemp("audit") / "original.db"
    shutil.copy(migrated_file, path)
    engine = three_segments(open_engine(sqlite_url(path)))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def flipped(value: object, place: int, bit: int) -> object:
    """The value with one bit of one byte turned; text remains text, be it UTF-8 or not."""
    if value is None:
        return place
    if isinstance(value, int):
        return value ^ (1 << (place * 8 + bit) % 20)
    raw = bytearray(str(value).encode())
    raw[place % len(raw)] ^= 1 << bit
    return bytes(raw)


def a_copy(original: Path, directory: Path) -> Engine:
    path = directory / f"{len(list(directory.iterdir()))}.db"
    shutil.copy(original, path)
    return open_engine(sqlite_url(path))


columns = st.sampled_from([(table, one) for table, names in COLUMNS.items() for one in names])


@settings(max_examples=100, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(columns, st.integers(0, 8), st.integers(0, 255), st.integers(0, 7))
def test_one_byte_changed_anywhere_is_found_and_named(
    original: Path, tmp_path: Path, where: tuple[str, str], nth: int, place: int, bit: int
) -> None:
    table, column = where
    engine = a_copy(original, tmp_path)
    try:
        with forging(engine) as connection:
            rows = connection.execute(text(f"SELECT * FROM {table}")).mappings().all()
            row = rows[nth % len(rows)]
            _put(connection, table, row, column, flipped(row[column], place, bit))
        found = places(engine)
    finally:
        engine.dispose()
    assert found, "a change that nobody sees"
    if table == "audit_event":
        assert (row["segment_id"], row["sequence"]) in found
    elif table == "audit_segment" and column not in {"length", "head"}:
        assert (row["id"], None) in found


def _put(connection: Connection, table: str, row: Any, column: str, value: object) -> None:
    as_text = f"CAST(:value AS {'TEXT' if isinstance(value, bytes) else 'INTEGER'})"
    same = " AND ".join(f"{name} IS :{name}_" for name in row)
    keys = {f"{name}_": one for name, one in row.items()}
    try:
        statement = text(f"UPDATE {table} SET {column} = {as_text} WHERE {same}")
        assert connection.execute(statement, {"value": value, **keys}).rowcount == 1
    except IntegrityError:
        assume(False)


@pytest.mark.parametrize("column", ["at", "actor", "act", "subject", "detail", "hash"])
def test_a_changed_act_is_named(written: Engine, column: str) -> None:
    change = f"{column} + 1" if column == "at" else f"{column} || ' '"
    if column == "hash":
        change = "substr(hash, 2) || substr(hash, 1, 1)"
    forge(written, f"UPDATE audit_event SET {column} = {change} WHERE segment_id = 2 "
                   "AND sequence = 2")  # fmt: skip
    assert places(written)[0] == (2, 2)


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        (["DELETE FROM audit_event WHERE segment_id = 2 AND sequence = 2"], (2, 2)),
        (["DELETE FROM audit_event WHERE segment_id = 2 AND sequence = 1"], (2, 1)),
        (["DELETE FROM audit_event WHERE segment_id = 3 AND sequence >= 2"], (3, 2)),
        (["DELETE FROM audit_event WHERE segment_id = 3"], (3, 1)),
        (
            [
                f"UPDATE audit_event SET sequence = {after} WHERE segment_id = 3 AND sequence = {n}"
                for n, after in ((1, 9), (2, 1), (9, 2))
            ],
            (3, 1),
        ),
        (["UPDATE audit_segment SET length = 2 WHERE id = 3"], (3, 3)),
    ],
)
def test_what_is_missing_or_in_another_order_is_named(
    written: Engine, statements: Sequence[str], first: tuple[int, int]
) -> None:
    forge(written, *statements)
    assert places(written)[0] == first


@pytest.mark.parametrize("segment", [1, 2, 3])
def test_a_removed_segment_is_named(written: Engine, segment: int) -> None:
    forge(
        written,
        f"DELETE FROM audit_anchor WHERE segment_id = {segment}",
        f"DELETE FROM audit_event WHERE segment_id = {segment}",
        f"DELETE FROM audit_segment WHERE id = {segment}",
    )
    assert (segment, None) in places(written)


def test_a_segment_cut_short_with_its_head_is_found_by_those_that_came_after(
    written: Engine,
) -> None:
    """Where a forger also puts the head back to match."""
    forge(
        written,
        "DELETE FROM audit_event WHERE segment_id = 2 AND sequence = 3",
        "UPDATE audit_segment SET length = 2, head = (SELECT hash FROM audit_event "
        "WHERE segment_id = 2 AND sequence = 2) WHERE id = 2",
    )
    assert places(written) == [(2, 3)]


def test_so_is_one_that_was_written_anew(written: Engine) -> None:
    """Where a forger also computes every hash of the segment."""
    with audit_rows.as_stored(written) as connection:
        stretch = audit_rows.stretch(connection, 2, None)
    assert stretch is not None
    event = {**stretch.events[-1], "actor": "Max"}
    forged = audit_hashes.of_event(stretch.events[-2]["hash"], event)
    forge(
        written,
        f"UPDATE audit_event SET actor = 'Max', hash = '{forged}' "
        "WHERE segment_id = 2 AND sequence = 3",
        f"UPDATE audit_segment SET head = '{forged}' WHERE id = 2",
    )
    assert places(written) == [(2, 3)]


@pytest.fixture
def claimed(store: Engine) -> World:
    world = World(store)
    campaign = world.called(7)
    for _ in range(2):
        with writing(store) as connection:
            claim(connection, Want(campaign, 3, True, "here:1:1"), NOW)
    return world


def test_calls_are_held_against_what_allowed_them(claimed: World) -> None:
    assert proved(claimed.engine) == (Proof(segments=1, events=2, calls=6), [])
    shares: Shares = {}
    prove(claimed.engine, lambda _: None, shares)
    assert shares == {1: Share(events=2, calls=6)}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE contact SET evidence = 'list' WHERE id = 5",
        "UPDATE target SET contact_id = 7 WHERE id = 5",
        "UPDATE attempt SET pack = 'fr-political@2020.1.1' WHERE target_id = 5",
        "UPDATE contact SET id = 99 WHERE id = 5; UPDATE target SET contact_id = 99 WHERE id = 5",
    ],
)
def test_a_call_whose_ground_was_changed_is_named(claimed: World, change: str) -> None:
    forge(claimed.engine, *change.split(";"))
    assert places(claimed.engine) == [(1, 2)]


def test_a_changed_basis_touches_every_call_of_its_list(claimed: World) -> None:
    forge(claimed.engine, "UPDATE contact_list SET basis = 'legitimate_interest'")
    assert places(claimed.engine) == [(1, 1), (1, 2)]


@pytest.mark.parametrize("act", audit.REMOVALS)
def test_calls_that_retention_removed_are_counted_and_no_fault(claimed: World, act: str) -> None:
    record(claimed.engine, act)
    forge(claimed.engine, "DELETE FROM attempt WHERE target_id = 5")
    proof, faults = proved(claimed.engine)
    assert (proof.calls, proof.calls_removed, faults) == (3, 3, [])


@pytest.mark.parametrize(
    ("gone", "left"), [("target_id = 5", 5), ("target_id > 3", 3), ("target_id > 0", 0)]
)
def test_calls_that_are_gone_without_retention_are_named(
    claimed: World, gone: str, left: int
) -> None:
    with writing(claimed.engine) as connection:
        audit.record(connection, NOW, "clock", audit.REMOVED, "campaign 2", 1)
        audit.record(connection, NOW, "clock", "person.erase", "campaign 1", 1)
    forge(claimed.engine, f"DELETE FROM attempt WHERE {gone}")
    proof, faults = proved(claimed.engine)
    assert (proof.calls, proof.calls_removed) == (left, 0)
    claims = 2 if left == 0 else 1
    assert [one.sequence for one in faults] == [1, 2][-claims:]
    assert all("are gone, and no retention removed them" in one.what for one in faults)


def test_what_is_left_of_a_claim_must_be_of_its_pack(claimed: World) -> None:
    forge(
        claimed.engine,
        "DELETE FROM attempt WHERE target_id = 5",
        "UPDATE attempt SET pack = 'fr-political@2020.1.1' WHERE target_id = 6",
    )
    assert places(claimed.engine) == [(1, 2), (1, 2)]
