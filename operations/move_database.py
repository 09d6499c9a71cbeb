"""Moving the database of a home from SQLite to PostgreSQL, all of it or nothing.

One transaction makes the tables, copies every row, reads everything back and says who moved it: a
move that ends early leaves the target as empty as it was. Meanwhile nobody else has the SQLite
file open, so that nothing can be written to it that the copy lacks.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, Table

from campaigns.errors import InvalidInput, StoreUnavailable
from operations.audit_proof import Fault, Proof, prove
from operations.move_ends import empty, locked, opened, source_file, target_url
from operations.settings import Settings
from store import audit, moving, snapshot
from store.audit_rows import as_stored
from store.stored_rows import Sum, summed
from store.tables import metadata


@dataclass(frozen=True, slots=True)
class MoveProgress:
    """How far a move is.

    Attributes:
        doing: copying or verifying.
        table: which.
        done, total: rows, of which each is copied and then read back.
    """

    doing: str
    table: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did.

    Attributes:
        url: of the new database.
        sums: what each table holds, here as there.
        proof: of the audit in the new database.
        faults: of the audit; the old one has the same.
    """

    url: URL
    sums: dict[str, Sum]
    proof: Proof
    faults: list[Fault] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(one.rows for one in self.sums.values())


def move(settings: Settings, to: str, by: str, tell: Callable[[MoveProgress], None]) -> Moved:
    """Copy a home's SQLite database into an empty PostgreSQL one, and verify it.

    Args:
        settings: of the home.
        to: URL of the empty database.
        by: who asks, for the audit.
        tell: called now and again.

    Raises:
        InvalidInput: the URL is none of PostgreSQL, or nobody is named.
        NotAllowed: one of the two databases is not as it must be, or in use.
        StoreUnavailable: PostgreSQL cannot be reached, or cannot record.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who asks for it.")
    url, file = target_url(to), source_file(settings)
    with locked(settings) as old, opened(url) as new:
        with as_stored(old) as source, empty(new) as target:
            sums = _Copying(source, target, tell).all()
            _record(target, by, file, sums)
        faults: list[Fault] = []
        return Moved(url, sums, prove(new, faults.append), faults)


class _Copying:
    """Copies every table, and reads it back."""

    def __init__(
        self, source: Connection, target: Connection, tell: Callable[[MoveProgress], None]
    ) -> None:
        self._source = source
        self._target = target
        self._tell = tell
        self._done = 0
        self._total = 2 * sum(snapshot.standing(source).rows.values())

    def all(self) -> dict[str, Sum]:
        """Every table, those first that others refer to.

        Raises:
            StoreUnavailable: a copy is not what its original is.
        """
        sums = {table.name: self._copied(table) for table in metadata.sorted_tables}
        moving.continue_keys(self._source, self._target)
        for table in metadata.sorted_tables:
            _compare(table.name, sums[table.name], self._read_back(table))
        return sums

    def _copied(self, table: Table) -> Sum:
        return moving.copy(self._source, self._target, table, self._telling("copying", table.name))

    def _read_back(self, table: Table) -> Sum:
        tell = self._telling("verifying", table.name)
        return summed(self._target, table, lambda rows: tell(len(rows)))

    def _telling(self, doing: str, table: str) -> Callable[[int], None]:
        def tell(rows: int) -> None:
            self._done += rows
            self._tell(MoveProgress(doing, table, self._done, self._total))

        return tell


def _compare(table: str, there: Sum, here: Sum) -> None:
    if there != here:
        raise StoreUnavailable(
            f"The copy of table {table} is not what its original is ({here.rows:,} rows of "
            f"{there.rows:,}). Nothing was kept of the move."
        )


def _record(connection: Connection, by: str, file: Path, sums: dict[str, Sum]) -> None:
    """Say in the new database whose rows it has."""
    over_all = "".join(f"{name} {one.rows} {one.sha256}\n" for name, one in sums.items())
    detail = {
        "from": str(file),
        "rows": {name: one.rows for name, one in sums.items() if one.rows},
        "sha256": hashlib.sha256(over_all.encode()).hexdigest(),
    }
    audit.record(connection, datetime.now(UTC), by, "database.move", "database", None, detail)
