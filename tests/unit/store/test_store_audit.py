"""The audit is appended to, each process to its own segment, and never changed."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import DBAPIError
from store_subjects import NOW

from operations.audit_proof import Fault, prove
from store import audit
from store.audit_segments import ProcessKind, written_by
from store.engine import open_engine, reading, writing
from store.tables import audit_anchor, audit_chain, audit_event, audit_segment


class Undone(Exception):
    """The transaction is rolled back."""


def act(engine: Engine, what: str, *, undone: bool = False) -> None:
    with suppress(Undone), writing(engine) as connection:
        audit.record(connection, NOW, "Zoé", what, "campaign 1", 1, {"n": 1, "a": "é"})
        if undone:
            raise Undone


@contextmanager
def another_process(engine: Engine) -> Iterator[Engine]:
    other = open_engine(engine.url.render_as_string(hide_password=False))
    yield other
    other.dispose()


def lengths(engine: Engine) -> list[tuple[str, int]]:
    asked = select(audit_segment.c.kind, audit_segment.c.length).order_by(audit_segment.c.id)
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(asked)]


def acts(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [one["act"] for one in audit.latest(connection, 1, 100)]


def check(engine: Engine) -> None:
    faults: list[Fault] = []
    prove(engine, faults.append)
    assert faults == []


def test_what_is_recorded_is_told_newest_first(store: Engine) -> None:
    for what in "abc":
        act(store, what)
    assert acts(store) == ["c", "b", "a"]
    with reading(store) as connection:
        (newest,) = audit.latest(connection, 1, 1)
    assert (newest["at"], newest["actor"], newest["detail"]) == (NOW, "Zoé", {"n": 1, "a": "é"})
    assert lengths(store) == [("command", 3)]
    check(store)


@pytest.mark.parametrize("undone", [{0}, {1}, {3}, {0, 1, 3, 4}])
def test_what_is_rolled_back_leaves_no_hole(store: Engine, undone: set[int]) -> None:
    for number in range(6):
        act(store, str(number), undone=number in undone)
    assert lengths(store) == [("command", 6 - len(undone))]
    assert acts(store) == [str(number) for number in range(5, -1, -1) if number not in undone]
    check(store)


def test_each_process_has_a_segment_of_its_own(store: Engine) -> None:
    written_by(store, ProcessKind.DIALER)
    with another_process(store) as api:
        written_by(api, ProcessKind.API)
        for engine in (store, api, store, api, api):
            act(engine, "a")
    assert lengths(store) == [("dialer", 2), ("api", 3)]
    check(store)


def test_a_segment_that_was_rolled_back_is_not_taken_for_that_of_who_has_its_number(
    store: Engine,
) -> None:
    act(store, "a", undone=True)
    with another_process(store) as other:
        act(other, "b")
        act(store, "c")
    assert lengths(store) == [("command", 1), ("command", 1)]
    check(store)


def test_threads_of_one_process_share_its_segment(store: Engine) -> None:
    act(store, "first")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: act(store, str(n), undone=n % 5 == 0), range(40)))
    assert lengths(store) == [("command", 1 + 32)]
    check(store)


def test_a_process_does_not_wait_for_the_open_transaction_of_another(
    postgres_store: Engine,
) -> None:
    act(postgres_store, "first")
    with another_process(postgres_store) as other:
        act(other, "first")
        with writing(postgres_store) as connection:
            audit.record(connection, NOW, "Zoé", "a", "s", 1)
            act(other, "b")
    assert lengths(postgres_store) == [("command", 2), ("command", 2)]
    check(postgres_store)


@pytest.mark.parametrize(
    "change",
    [
        lambda: update(audit_event).values(actor="Max"),
        lambda: delete(audit_event),
        lambda: update(audit_segment).values(pid=1),
        lambda: delete(audit_segment).where(audit_segment.c.id == 2),
        lambda: update(audit_anchor).values(hash="0"),
        lambda: delete(audit_anchor),
    ],
)
def test_the_database_refuses_to_change_what_was_recorded(
    store: Engine, change: Callable[[], Any]
) -> None:
    act(store, "a")
    with another_process(store) as other:
        act(other, "b")
    with store.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(change())
    check(store)
    with reading(store) as connection:
        assert connection.execute(select(func.count()).select_from(audit_event)).scalar() == 2


def test_no_number_is_recorded_whole(store: Engine) -> None:
    said = "06 39 98 00 01"
    with writing(store) as connection:
        audit.record(connection, NOW, f"Zoé {said}", "a", f"de {said}", 1,
                     {"reason": f"au {said}", "other": ["+33639980001"]})  # fmt: skip
    with reading(store) as connection:
        (kept,) = audit.latest(connection, 1, 1)
    assert (kept["actor"], kept["subject"]) == ("Zoé •• •• 01", "de •• •• 01")
    assert kept["detail"] == {"reason": "au •• •• 01", "other": ["•• •• 01"]}
    check(store)


def test_a_process_vouches_only_for_what_had_grown(store: Engine) -> None:
    for _ in range(3):
        with another_process(store) as command:
            act(command, "a")
    asked = select(audit_anchor.c.segment_id, audit_anchor.c.covered_id, audit_anchor.c.sequence)
    with reading(store) as connection:
        rows = connection.execute(asked.order_by(audit_anchor.c.segment_id)).all()
        assert [tuple(row) for row in rows] == [(2, 1, 1), (3, 2, 1)]
        assert connection.execute(select(audit_chain.c.segments)).scalar() == 3
