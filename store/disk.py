"""Taking SQLite's log to the disk apart from the commits, so that nobody waits for a slow disk.

A commit that waits for the disk (`synchronous=FULL`) does so under the write lock: a disk that
stalls for 300 ms keeps every refusal and every import waiting for as long. One that does not
(`NORMAL`) is in force at once, survives the death of any process, and is on the disk after the next
fdatasync(2) of the log, in which its frames stand with their checksums
(https://www.sqlite.org/wal.html, https://www.sqlite.org/atomiccommit.html). Frames that are in the
log no more have been carried over, which synchronises log and database by itself.
"""

import os
from pathlib import Path

from sqlalchemy import Engine

from campaigns.errors import StoreUnavailable


class Disk:
    """Where commits of an engine's database go that did not wait for it.

    PostgreSQL's commits wait themselves, beside each other. Belongs to one thread at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._sqlite = engine.dialect.name == "sqlite"
        self._log = Path(f"{engine.url.database}-wal")
        self._descriptor = -1

    def reach(self) -> None:
        """Wait until everything that was committed before is on the disk.

        Raises:
            StoreUnavailable: the disk does not take it.
        """
        if not self._sqlite:
            return
        try:
            if self._opened():
                os.fdatasync(self._descriptor)
        except OSError as error:
            raise StoreUnavailable(f"The database cannot be synchronised: {error}") from error

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
