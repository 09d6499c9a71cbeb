"""`make bench-export`: 1,000,000 attempts as CSV and XLSX, with the rows a second and the memory.

Each table is written by a process of its own, which notes the most memory it held. Meanwhile this
process asks for the write lock, as a dialer does, and notes how long it has to wait.
"""

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import finish, table, tell
from operations.call_exports import attempts
from operations.exports import csv_pieces
from operations.workspace import open_workspace
from operations.xlsx.writing import xlsx_pieces

ROWS = 1_000_000
LARGE = 1_000_000
"""Rows from which on the figures are held against their goals."""
LOOK_EVERY_S = 0.005
_GOALS = {
    "memory_ratio": lambda value: value <= 1.2,
    "longest_lock_ms": lambda value: value <= 50,
    "rows_right": bool,
}
_WRITERS = {"csv": csv_pieces, "xlsx": xlsx_pieces}

_FILL = """
INSERT INTO controller (id, name, created_at) VALUES (1, 'bench', 0);
INSERT INTO contact_list (id, controller_id, name, file_name, sha256, state, basis, supplier,
    method, purposes, wordings, created_at, created_by)
VALUES (1, 1, 'l', 'l.csv', 'x', 'ready', 'consent', 's', 'm', '["political"]', '{}', 0, 'bench');
INSERT INTO campaign (id, controller_id, name, purpose, state, trunk, caller_id, message,
    message_ms, max_channels, max_cps, windows, evidence, ring_timeout_s, retry, pack, rehearsal,
    recordings, created_at, created_by)
VALUES (1, 1, 'c', 'political', 'finished', 'rehearsal', '+33199000001', 'm', 5000, 30, 5, '[]',
    'row', 25, '{}', 'fr-political', 1, '[]', 0, 'bench');
CREATE TEMP TABLE n AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
SELECT i FROM n;
INSERT INTO contact (id, list_id, line, number, kind, zones, fictional, external_id, attributes,
    evidence)
SELECT i, 1, i, printf('+336%08d', i), 'mobile', 'Europe/Paris', 0, 'A' || i, '{}', 'row' FROM n;
INSERT INTO target (id, campaign_id, contact_id, number, zones, state, retry, due_at, attempts,
    tries)
SELECT i, 1, i, printf('+336%08d', i), 'Europe/Paris', 'reached', 0, 0, 1, 0 FROM n;
INSERT INTO attempt (id, campaign_id, target_id, number, trunk, caller_id, node, pack, rehearsal,
    state, claimed_at, sent_at, ringing_at, answered_at, ended_at, outcome, cause, tech, heard_ms,
    quartile, keys, sip_call_id, cost)
SELECT printf('01JD%022d', i), 1, i, printf('+336%08d', i), 'rehearsal', '+33199000001', 'n',
    'fr-political', 1, 'closed', 1790000000000 + i * 50, 1790000000010 + i * 50,
    1790000001300 + i * 50, 1790000005000 + i * 50, 1790000010000 + i * 50, 'delivered', 16,
    'SIP 200 OK', 4800, 4, '', printf('%032x@pbx', i), 4200 FROM n;
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What one export came to.

    Attributes:
        peak_mb: the most memory its process held.
        lock_ms: the longest that a writer waited meanwhile.
    """

    form: str
    rows: int
    seconds: float
    peak_mb: float
    lock_ms: float
    right: bool


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-export", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    asked = parser.parse_args()
    found = [one for rows in (asked.rows // 10, asked.rows) for one in _written(rows)]
    small, large = found[:2], found[2:]
    result = {
        "rows": asked.rows,
        "rows_per_second": min(one.rows / one.seconds for one in large),
        "memory_ratio": max(b.peak_mb / a.peak_mb for a, b in zip(small, large, strict=True)),
        "longest_lock_ms": max(one.lock_ms for one in large),
        "rows_right": all(one.right for one in found),
    }
    table(
        "A campaign's attempts, exported",
        ("form", "rows", "rows/s", "peak MB", "longest wait for the write lock, ms"),
        [(one.form, one.rows, one.rows / one.seconds, one.peak_mb, one.lock_ms) for one in found],
    )
    missed = broken(result)
    for name in missed:
        tell(f"missed: {name}")
    finish(result)
    return 1 if missed else 0


def broken(result: dict[str, Any]) -> list[str]:
    """Figures that miss their goal; of a small table only what no size excuses."""
    judged = _GOALS if result["rows"] >= LARGE else {"rows_right"}
    return [name for name in judged if not _GOALS[name](result[name])]


def _written(rows: int) -> Iterator[Written]:
    with tempfile.TemporaryDirectory(prefix="portevoix-export-") as directory:
        home = Path(directory)
        tell(f"making {rows:,} attempts")
        open_workspace(home).engine.dispose()
        database = home / "portevoix.db"
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript(_FILL.replace("{rows}", str(rows)))
            connection.commit()
        for form in _WRITERS:
            tell(f"writing them as {form}")
            yield _measured(home, form, rows)


def _measured(home: Path, form: str, rows: int) -> Written:
    command = [sys.executable, "-m", "bench.exporting", "--once", str(home), form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        longest = _longest_wait(home / "portevoix.db", process)
        said, _ = process.communicate()
    count, peak_kb, ms = map(int, said.split())
    return Written(form, rows, ms / 1000, peak_kb / 1024, longest * 1000, count == rows)


def _longest_wait(database: Path, process: "subprocess.Popen[str]") -> float:
    longest = 0.0
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        while process.poll() is None:
            begun = time.monotonic()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
            longest = max(longest, time.monotonic() - begun)
            time.sleep(LOOK_EVERY_S)
    return longest


def once(home: Path, form: str) -> int:
    """Write one table to nowhere; prints its rows, the peak of memory in KB, milliseconds."""
    workspace = open_workspace(home)
    table_ = attempts(workspace, 1, 1)
    count, begun = 0, time.monotonic()

    def counted() -> Iterator[Any]:
        nonlocal count
        for page in table_.pages:
            count += len(page)
            yield page

    with Path(os.devnull).open("wb") as nowhere:
        nowhere.writelines(_WRITERS[form](table_.header, counted()))
    ms = round(1000 * (time.monotonic() - begun))
    workspace.engine.dispose()
    sys.stdout.write(f"{count} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss} {ms}\n")
    return 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--once":
        sys.exit(once(Path(sys.argv[2]), sys.argv[3]))
    sys.exit(main())
