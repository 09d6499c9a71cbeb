"""Sums over calls: each is counted once, whatever is looked at how often, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from store_subjects import World

from campaigns.outcome import Outcome
from operations import calls_made
from operations.calls_made import CallsMade
from store.engine import reading, writing
from store.tables import attempt, target

LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
LONGEST_S = 90


class Calls:
    """A campaign whose calls are written by hand."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.campaign = World(engine).called(3)
        with reading(engine) as connection:
            self._target = connection.execute(select(target.c.id).limit(1)).scalar_one()
        self._made = 0

    def add(self, at: datetime, outcome: Outcome | None, **values: Any) -> str:
        self._made += 1
        id_ = f"{self._made:026d}"
        row = {
            "id": id_, "campaign_id": self.campaign.id, "target_id": self._target,
            "number": "+33639980001", "trunk": "rehearsal", "caller_id": "+33199000001",
            "node": "n", "pack": "p", "rehearsal": True, "claimed_at": at,
            "state": "closed" if outcome else "claimed",
            "outcome": outcome.value if outcome else None,
            **values,
        }  # fmt: skip
        with writing(self.engine) as connection:
            connection.execute(insert(attempt).values(row))
        return id_

    def answered(self, at: datetime, heard_s: float, outcome: Outcome, **values: Any) -> str:
        return self.add(
            at, outcome, sent_at=at, ringing_at=at + timedelta(seconds=2),
            answered_at=at + timedelta(seconds=5), ended_at=at + timedelta(seconds=5 + heard_s),
            heard_ms=round(heard_s * 1000), **values,
        )  # fmt: skip

    def end(self, id_: str, outcome: Outcome) -> None:
        with writing(self.engine) as connection:
            connection.execute(
                update(attempt).where(attempt.c.id == id_).values(outcome=outcome.value)
            )


@pytest.fixture
def calls(store: Engine, monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.setattr(calls_made, "LONGEST_LOOK_S", 60)  # a busy machine is not what is tested
    return Calls(store)


def test_what_was_heard_pressed_and_how_long_it_took(calls: Calls) -> None:
    calls.answered(LONG_AGO, 10.4, Outcome.DELIVERED)
    calls.answered(LONG_AGO, 2.9, Outcome.OPTED_OUT, keys="9")
    calls.answered(LONG_AGO + timedelta(minutes=1), 0, Outcome.SILENT_CALL)
    calls.add(LONG_AGO, Outcome.BUSY)
    made = CallsMade().of_campaign(calls.engine, calls.campaign.id, LONGEST_S, ended=False)
    assert (made.calls, made.answered, made.silent, made.whole) == (4, 3, 1, True)
    assert made.answer_seizure_ratio == 0.75
    assert made.post_dial_delay_s == 2
    assert made.duration_s == pytest.approx((10.4 + 2.9) / 3)
    assert made.keys == {"9": 1}
    assert made.listening(11) == [3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0]
    assert len({minute for minute, _ in made.outcomes}) == 2


def test_a_call_is_counted_once_however_often_it_is_looked_at(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_made, "AT_ONCE", 3)
    kept = CallsMade()

    def look() -> int:
        return kept.of_campaign(calls.engine, calls.campaign.id, LONGEST_S, ended=False).calls

    for second in range(10):
        calls.answered(LONG_AGO + timedelta(seconds=second), 3, Outcome.DELIVERED)
    assert (look(), look()) == (10, 10)
    under_way = calls.add(datetime.now(UTC), None)
    assert look() == 10, "what has not ended is no outcome yet"
    calls.end(under_way, Outcome.BUSY)
    assert (look(), look()) == (11, 11)


def test_what_was_in_doubt_is_counted_once_the_campaign_has_ended(calls: Calls) -> None:
    kept = CallsMade()
    doubtful = calls.add(LONG_AGO, None)
    calls.answered(LONG_AGO + timedelta(seconds=1), 3, Outcome.DELIVERED)
    look = kept.of_campaign
    assert look(calls.engine, calls.campaign.id, LONGEST_S, ended=False).calls == 1
    calls.end(doubtful, Outcome.NO_ANSWER)
    assert look(calls.engine, calls.campaign.id, LONGEST_S, ended=True).calls == 2


def test_a_look_that_takes_too_long_says_so_and_goes_on(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in range(4):
        calls.answered(LONG_AGO + timedelta(seconds=second), 3, Outcome.DELIVERED)
    kept = CallsMade()
    monkeypatch.setattr(calls_made, "LONGEST_LOOK_S", 0)
    made = kept.of_campaign(calls.engine, calls.campaign.id, LONGEST_S, ended=False)
    assert (made.calls, made.whole) == (0, False)
    monkeypatch.setattr(calls_made, "LONGEST_LOOK_S", 60)
    made = kept.of_campaign(calls.engine, calls.campaign.id, LONGEST_S, ended=False)
    assert (made.calls, made.whole) == (4, True)


def test_the_last_hour_leaves_out_what_was_before(calls: Calls) -> None:
    now = datetime.now(UTC)
    calls.answered(LONG_AGO, 3, Outcome.DELIVERED)
    calls.answered(now - timedelta(minutes=30), 3, Outcome.DELIVERED)
    since = now - timedelta(hours=1)
    made = CallsMade().lately(calls.engine, calls.campaign.id, LONGEST_S, since)
    assert made.calls == 1


def test_what_has_fallen_out_of_the_window_counts_nowhere(calls: Calls) -> None:
    now = datetime.now(UTC)
    calls.answered(now - timedelta(minutes=30), 3, Outcome.DELIVERED)
    kept = CallsMade()
    earlier = kept.lately(calls.engine, calls.campaign.id, LONGEST_S, now - timedelta(hours=1))
    assert (earlier.calls, earlier.talked.total(), earlier.duration_s is None) == (1, 1, False)
    later = kept.lately(calls.engine, calls.campaign.id, LONGEST_S, now - timedelta(minutes=10))
    assert (later.calls, later.talked.total(), later.duration_s) == (0, 0, None)
