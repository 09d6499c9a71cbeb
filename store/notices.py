"""Telling dialers at once that something changed, so that they look before their time.

PostgreSQL carries such notices (LISTEN, https://www.postgresql.org/docs/current/sql-notify.html);
beside another database dialers look twice a second all the same.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

_CHANNEL = "portevoix_changed"
_WAIT_S = 1.0
"""How soon it is seen that nobody wants to hear any more, and a lost connection is made anew."""


def changed(connection: Connection) -> None:
    """Tell every dialer, once this transaction is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(_CHANNEL, "")))


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
            except (DBAPIError, psycopg.Error):
                time.sleep(_WAIT_S)  # whoever writes says that the database is gone

    def _hear_until_lost(self) -> None:
        connection = self._engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            driver.autocommit = True
            driver.execute(f"LISTEN {_CHANNEL}")
            while not self._done.is_set():
                for _ in driver.notifies(timeout=_WAIT_S):
                    self._heard()
        finally:
            connection.invalidate()
