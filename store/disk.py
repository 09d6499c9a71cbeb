"""Taking the database's log to the disk apart from the commits: nobody waits for a slow disk.

SQLite:

A commit that waits for the disk (`synchronous=FULL`) does so under the write lock: a disk that
stalls for 300 ms keeps every refusal and every import waiting for as long. One that does not
(`NORMAL`) is in force at once, survives the death of any process, and is on the disk after the next
fdatasync(2) of the log, in which its frames stand with their checksums
(https://www.sqlite.org/wal.html, https://www.sqlite.org/atomiccommit.html). Frames that are in the
log no more have been carried over, which synchronises log and database by itself.

PostgreSQL: a commit that does not wait (`synchronous_commit = off`) is on the disk with any later
one that does and has written something
(https://www.postgresql.org/docs/current/wal-async-commit.html).
"""

import os
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from campaigns.errors import StoreUnavailable
from store.engine import recording

_WRITE_SOMETHING = select(func.pg_logical_emit_message(True, "portevoix", ""))
"""Into the log alone: a transaction that wrote nothing would not wait for it."""


def begun(connection: Connection) -> str:
    """When the database's server began: commits that did not wait end with it. Empty of a file."""
    if connection.dialect.name != "postgresql":
        return ""
    return str(connection.execute(select(func.pg_postmaster_start_time())).scalar_one())


class Disk:
    """Where commits of an engine's database go that did not wait for it.

    Belongs to one thread at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._log = Path(f"{engine.url.database}-wal")
        self._descriptor = -1

    def reach(self) -> str:
        """Wait until everything that was committed before is on the disk.

        Returns:
            What `begun` says of the server now: commits that another has taken may be gone.

        Raises:
            StoreUnavailable: the disk does not take it.
        """
        if not self._sqlite:
            with recording(), self._engine.begin() as connection:
                connection.execute(_WRITE_SOMETHING)
                return begun(connection)
        try:
            if self._opened():
                os.fdatasync(self._descriptor)
        except OSError as error:
            raise StoreUnavailable(f"The database cannot be synchronised: {error}") from error
        return ""

    def _opened(self) -> bool:
        """Have the log open, as it is now; False where there is none, all being carried over."""
        try:
            status = self._log.stat()
        except FileNotFoundError:
            return False
        if self._descriptor < 0 or os.fstat(self._descriptor).st_ino != status.st_ino:
            self.close()
            self._descriptor = os.open(self._log, os.O_RDONLY)
        return True

    def close(self) -> None:
        """Let go of the log."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
