"""What was recorded before there was a chain is put into it."""

import json

from alembic import command
from sqlalchemy import Engine, text
from store_subjects import NOW

from operations.audit_proof import Fault, Proof, prove
from store import audit, schema
from store.columns import to_ms
from store.engine import reading, writing

BEFORE = "0004"
AN_ACT = """
INSERT INTO audit_event (at, controller_id, actor, act, subject, detail)
VALUES (:at, 1, 'Zoé', :a, 's', :d)
"""


def emptied(engine: Engine) -> None:
    """Without any table, as a database begins."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            return
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        for name in list(connection.exec_driver_sql(listed).scalars()):
            connection.exec_driver_sql(f"DROP TABLE {name}")


def at_revision(engine: Engine, revision: str) -> None:
    emptied(engine)
    with engine.connect() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def test_earlier_acts_are_kept_in_a_segment_of_their_own_and_masked(store: Engine) -> None:
    at_revision(store, BEFORE)
    with store.begin() as connection:
        for number in range(3):
            connection.execute(
                text(AN_ACT),
                {
                    "at": to_ms(NOW), "a": f"act {number}",
                    "d": json.dumps({"b": 0.5, "a": ["été", "06 39 98 00 01"]}),
                },
            )  # fmt: skip
    schema.upgrade(store)
    with writing(store) as connection:
        audit.record(connection, NOW, "Max", "act 3", "s", 1)
    faults: list[Fault] = []
    assert (prove(store, faults.append), faults) == (Proof(segments=2, events=4), [])
    with reading(store) as connection:
        told = audit.latest(connection, 1, 9)
    assert [one["act"] for one in told] == ["act 3", "act 2", "act 1", "act 0"]
    assert told[-1]["detail"] == {"b": 0.5, "a": ["été", "•• •• 01"]}
    assert (told[-1]["at"], told[-1]["actor"]) == (NOW, "Zoé")


def test_an_audit_without_acts_has_no_segment(store: Engine) -> None:
    at_revision(store, BEFORE)
    schema.upgrade(store)
    faults: list[Fault] = []
    assert (prove(store, faults.append), faults) == (Proof(), [])
