"""Refusals of before there were digests are in force after, and none of them twice."""

import pytest
from erasing import with_key
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError
from store_subjects import NOW, number
from test_audit_migration import at_revision

from store import schema, suppressions
from store.columns import to_ms
from store.engine import reading

BEFORE = "0007"
A_REFUSAL = """
INSERT INTO suppression (number, scope, owner_id, reason, source, created_at)
VALUES (:number, 'controller', 1, 'key', 's', :at)
"""


def test_refusals_stay_in_force(store: Engine) -> None:
    at_revision(store, BEFORE)
    row = {"number": number(1), "at": to_ms(NOW)}
    with store.begin() as connection:
        connection.execute(text(A_REFUSAL), row)
    schema.upgrade(store)
    with_key(store)
    with reading(store) as connection:
        found = suppressions.in_force(connection, [number(1), number(2)], 1, 1, NOW)
    assert found == {number(1)}
    with pytest.raises(IntegrityError), store.begin() as connection:
        connection.execute(text(A_REFUSAL), row)


def test_a_digest_has_room(store: Engine) -> None:
    (column,) = [
        one for one in inspect(store).get_columns("suppression") if one["name"] == "number"
    ]
    assert getattr(column["type"], "length", None) == 64
