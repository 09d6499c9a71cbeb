"""What somebody changed is heard at once, where the database carries notices."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from dialer import notices
from dialer.notices import Ear
from store.engine import writing
from store.notices import changed


@pytest.fixture
def heard() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def ear(
    postgres_store: Engine, heard: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ear]:
    monkeypatch.setattr(notices, "_WAIT_S", 0.05)
    one = Ear(postgres_store, heard.release)
    yield one
    one.close()


def listening(store: Engine, heard: threading.Semaphore) -> None:
    """It listens from some moment on: tell until it hears."""
    for _ in range(400):
        tell(store)
        if heard.acquire(timeout=0.05):
            break
    else:
        pytest.fail("nothing was heard")
    while heard.acquire(timeout=0.2):
        pass


def tell(store: Engine) -> None:
    with writing(store) as connection:
        changed(connection)


@pytest.mark.usefixtures("ear")
def test_a_change_is_heard_once_it_is_committed(
    postgres_store: Engine, heard: threading.Semaphore
) -> None:
    listening(postgres_store, heard)
    with writing(postgres_store) as connection:
        changed(connection)
        assert not heard.acquire(timeout=0.2), "before the commit"
    assert heard.acquire(timeout=10)


@pytest.mark.usefixtures("ear")
def test_a_lost_connection_is_made_anew(postgres_store: Engine, heard: threading.Semaphore) -> None:
    listening(postgres_store, heard)
    with writing(postgres_store) as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    listening(postgres_store, heard)


def test_a_fault_of_who_hears_ends_no_listening(
    postgres_store: Engine, heard: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_WAIT_S", 0.05)
    failed = threading.Event()

    def hear() -> None:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("a fault of ours")
        heard.release()

    one = Ear(postgres_store, hear)
    listening(postgres_store, heard)
    assert failed.is_set()
    one.close()


def test_another_database_carries_none(own_store: Engine, heard: threading.Semaphore) -> None:
    one = Ear(own_store, heard.release)
    tell(own_store)
    one.close()
    assert not heard.acquire(blocking=False)
