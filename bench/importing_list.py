"""`make bench-import`: a list of 6,000,000 people with consent of their own, imported into SQLite.

One row in a hundred cannot be called and one in a thousand is there twice; every refusal is held
against what was put into the file. Another process asks for the write lock all the while, as a
dialer does, and notes how long it has to wait.
"""

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from bench import people
from bench.meter import machine, rss_mb
from bench.report import finish, save, table, tell
from operations.import_list import rejects
from operations.workspace import Workspace, open_workspace
from store import controllers, lists
from store.engine import reading, writing
from store.sqlite import driver as sqlite3

ROWS = 6_000_000
LARGE = 1_000_000
"""Rows from which on speed and memory are held against their goals."""
LOOK_EVERY_S = 0.005
_HEADER = ("telephone", "prenom", "date_consentement", "source_consentement", "formulation")
_COLLECTED = "2025-05-01"
_GOALS = {
    "rows_per_second": lambda value: value >= 30_000,
    "memory_ratio": lambda value: value <= 1.2,
    "longest_lock_ms": lambda value: value <= 50,
    "rejects_right": bool,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import came to.

    Attributes:
        peak_mb: the most memory its process held; `anon_mb` without mapped files.
        lock_ms: the longest that another writer waited.
        rejects_right: every refused row was refused for what was wrong with it, and no other.
    """

    rows: int
    seconds: float
    peak_mb: float
    anon_mb: float
    lock_ms: float
    accepted: int
    rejected: int
    rejects_right: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-import", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--save", type=Path, help="keep the result in this directory")
    asked = parser.parse_args()
    tell(f"on {machine()}")
    small, large = (_imported(rows) for rows in (asked.rows // 10, asked.rows))
    result = {
        "rows_per_second": large.rows / large.seconds,
        "memory_ratio": large.peak_mb / small.peak_mb,
        "peak_mb": large.peak_mb,
        "anon_ratio": large.anon_mb / small.anon_mb,
        "rows": large.rows,
        "accepted": large.accepted,
        "rejected": large.rejected,
        "rejects_right": large.rejects_right and small.rejects_right,
        "longest_lock_ms": large.lock_ms,
    }
    missed = broken(result)
    shown = [(name, value, "missed" if name in missed else "") for name, value in result.items()]
    table("A list imported", ("figure", "value", ""), shown)
    if asked.save:
        save(asked.save, "import", result)
    finish(result)
    return 1 if missed else 0


def broken(result: dict[str, Any]) -> list[str]:
    """Figures that miss their goal; of a small list only what no size excuses."""
    judged = _GOALS if result["rows"] >= LARGE else {"rejects_right"}
    return [name for name in judged if not _GOALS[name](result[name])]


def people_of(rows: int) -> Iterator[tuple[list[str], str]]:
    """The rows of a file, each with the code it is to be refused with, or nothing."""
    for index in range(rows):
        number, code = people.mobile(index), ""
        if index % 100 == 50:
            number, code = number[:8], "too_short"
        elif index % 1000 == 999:
            number, code = people.mobile(index - 1), "duplicate"
        yield [number, "Camille", _COLLECTED, "site", "w"], code


def _imported(rows: int) -> Imported:
    with tempfile.TemporaryDirectory(prefix="portevoix-import-") as directory:
        home, file = Path(directory), Path(directory) / "list.csv"
        tell(f"writing {rows:,} rows")
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(_HEADER)
            writer.writerows(row for row, _ in people_of(rows))
        workspace = open_workspace(home)
        with writing(workspace.engine) as connection:
            controller = controllers.ensure(connection, people.BY, datetime.now(UTC))
        try:
            return _watched(workspace, controller, file, rows)
        finally:
            workspace.engine.dispose()


def _watched(workspace: Workspace, controller: int, file: Path, rows: int) -> Imported:
    tell(f"importing {rows:,} rows")
    begun = time.monotonic()
    arguments = [str(workspace.settings.home), str(controller), str(file)]
    process = subprocess.Popen([sys.executable, "-m", "bench.importing", *arguments])
    waits, peak, anon = [0.0], 0.0, 0.0
    database = str(workspace.engine.url.database)
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as other:
        while process.poll() is None:
            waits.append(_wait_for_lock(other))
            peak = max(peak, rss_mb(process.pid, "VmHWM"))
            anon = max(anon, rss_mb(process.pid, "RssAnon"))
            time.sleep(LOOK_EVERY_S)
    seconds = time.monotonic() - begun
    if process.returncode:
        raise RuntimeError(f"The import ended with {process.returncode}.")
    with reading(workspace.engine) as connection:
        (found,) = lists.all_of(connection, controller)
    right = _rejects_right(workspace, controller, found["id"], rows)
    return Imported(
        found["rows"], seconds, peak, anon, max(waits) * 1000, found["accepted"],
        found["rejected"], right,
    )  # fmt: skip


def _wait_for_lock(connection: sqlite3.Connection) -> float:
    """Take the write lock and give it back; how long that took, in seconds.

    SQLite's own waiting sleeps ever longer; a dialer asks again every two milliseconds.
    """
    begun = time.monotonic()
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            time.sleep(0.002)
        else:
            waited = time.monotonic() - begun
            connection.execute("ROLLBACK")
            return waited


def _rejects_right(workspace: Workspace, controller: int, list_id: int, rows: int) -> bool:
    tell("comparing the refusals")
    found = ((one.line, one.code) for one in rejects(workspace.engine, controller, list_id))
    wanted = ((line, code) for line, (_, code) in enumerate(people_of(rows), start=2) if code)
    return all(one == other for one, other in zip_longest(found, wanted))


if __name__ == "__main__":
    sys.exit(main())
