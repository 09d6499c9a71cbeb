"""A log that grows without a pause is carried over beside whoever writes it."""

import threading

import pytest
from sqlalchemy import Engine

from campaigns.errors import StoreUnavailable
from store import carrying
from store.carrying import carrying_over


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name == "carrier"]


def test_it_is_done_again_and_again_until_the_end(
    sqlite_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = threading.Semaphore(0)

    def carry(engine: Engine) -> None:
        assert engine is sqlite_store
        sum(range(200_000))
        carried.release()

    monkeypatch.setattr(carrying, "carry_over", carry)
    monkeypatch.setattr(carrying, "EVERY_S", 0.001)
    with carrying_over(sqlite_store) as spent_s:
        assert threads() == ["carrier"]
        for _ in range(3):
            assert carried.acquire(timeout=20)
        assert spent_s() > 0
    assert threads() == []


def test_a_database_that_cannot_be_reached_ends_nothing(
    sqlite_store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Semaphore(0)

    def fails(engine: Engine) -> None:
        del engine
        tried.release()
        raise StoreUnavailable("locked")

    monkeypatch.setattr(carrying, "carry_over", fails)
    monkeypatch.setattr(carrying, "EVERY_S", 0.001)
    with carrying_over(sqlite_store):
        for _ in range(2):
            assert tried.acquire(timeout=20)
    assert threads() == []


def test_a_server_carries_its_own(postgres_store: Engine) -> None:
    with carrying_over(postgres_store) as spent_s:
        assert threads() == []
        assert spent_s() == 0
