"""Whom a controller has called as often as it may: asked in one query, along an index."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, text
from store_subjects import NOW, World, number

from campaigns.campaign import Campaign
from store import frequency
from store.engine import reading

NUMBERS = [number(n) for n in range(50)]


@pytest.fixture
def campaign(sqlite_store: Engine) -> Campaign:
    return World(sqlite_store).called(50, frequency={"most": 1, "days": 30})


def test_one_query_for_a_whole_batch_along_the_index_of_numbers(
    sqlite_store: Engine, campaign: Campaign
) -> None:
    asked: list[tuple[str, object]] = []
    with reading(sqlite_store) as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *args: asked.append((args[2], args[3]))
        )
        assert frequency.capped(connection, campaign, NUMBERS, True, NOW) == {}
        ((statement, values),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "ix_attempt_number_claimed_at (number=? AND claimed_at>?)" in plan[0].detail
    assert "campaign USING INTEGER PRIMARY KEY" in plan[1].detail


def test_no_query_at_all_without_a_cap(sqlite_store: Engine) -> None:
    campaign = World(sqlite_store).called(1)
    with reading(sqlite_store) as connection:
        connection.execute(text("SELECT 1"))
        event.listen(connection, "before_cursor_execute", lambda *_: pytest.fail("it asked"))
        assert frequency.capped(connection, campaign, NUMBERS, True, NOW + timedelta(1)) == {}
