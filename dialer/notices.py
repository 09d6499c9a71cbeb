"""Hearing at once that somebody changed something: `store.notices` tells of it."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from store.notices import CHANNEL

_WAIT_S = 1.0
"""How soon it is seen that nobody wants to hear any more, and a lost connection is made anew."""

log = structlog.get_logger()


class Ear:
    """Hears notices on a thread and a connection of its own; does nothing on another database.

    Args:
        engine: of the database.
        heard: called on that thread for each notice.
    """

    def __init__(self, engine: Engine, heard: Callable[[], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="notices", daemon=True)
        if engine.dialect.name == "postgresql":
            self._thread.start()

    def close(self) -> None:
        """Hear no more."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join(2 * _WAIT_S)

    def _listen(self) -> None:
        while not self._done.is_set():
            try:
                self._hear_until_lost()
            except (DBAPIError, psycopg.Error) as error:
                log.warning("changes are not heard at once", why=str(error))
            except Exception:  # nor are they after a fault of ours, which ends no listening
                log.exception("changes are not heard at once")
            self._done.wait(_WAIT_S)

    def _hear_until_lost(self) -> None:
        connection = self._engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.autocommit = True
            driver.execute(f"LISTEN {CHANNEL}")
            while not self._done.is_set():
                for _ in driver.notifies(timeout=_WAIT_S):
                    self._heard()
        finally:
            connection.invalidate()
