"""The SQLite that is used: the driver's own, not the system's, and one in each process.

Up to 3.51.2 SQLite loses commits where a checkpoint begins while another connection begins the log
anew (https://www.sqlite.org/wal.html#walresetbug); Debian 12 and 13 have such ones. pysqlite3 is
Python's `sqlite3` with a later SQLite built in.

A process that opened a database through both would have neither keep the other out: the locks of
POSIX are a process's, and closing a file lets go of all of them
(https://www.sqlite.org/howtocorrupt.html, «Multiple copies of SQLite linked into the same
application»).
"""

from typing import TYPE_CHECKING

from campaigns.errors import StoreUnavailable

if TYPE_CHECKING:
    import sqlite3 as driver  # noqa: TID251 - for its types
else:
    from pysqlite3 import dbapi2 as driver

__all__ = ["driver", "refuse_unsound", "sound"]

_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""The first of each line in which no commit is lost."""


def sound(version: tuple[int, int, int]) -> bool:
    """Whether this version keeps what was committed while its log is begun anew.

    Args:
        version: of SQLite, as its driver tells it.
    """
    *lines, newest = _MENDED
    return version >= newest or any(one[:2] == version[:2] and version >= one for one in lines)


def refuse_unsound(version: tuple[int, int, int] = driver.sqlite_version_info) -> None:
    """Open nothing with an SQLite that may lose what it committed.

    Args:
        version: of SQLite, as its driver tells it.

    Raises:
        StoreUnavailable: it may.
    """
    if not sound(version):
        raise StoreUnavailable(
            f"SQLite {'.'.join(map(str, version))} may lose what was committed (its WAL-reset bug)."
            " Install pysqlite3 from its wheel, which carries SQLite 3.51.3 or later."
        )
