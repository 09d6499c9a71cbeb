"""Keeping the rows of a list: a piece of its file at a time, in many small transactions.

Contacts are kept by number, then whatever was refused; the last transaction of a piece notes the
line it came to. An import that dies in the midst of a piece begins it anew: what is there stays.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from operator import attrgetter, itemgetter
from time import monotonic
from typing import Any

from sqlalchemy import Connection

from campaigns.contacts.generated import Detector
from campaigns.errors import NotAllowed
from operations.columns import Columns
from operations.contact_rows import ContactValues
from operations.duplicates import duplicate_row, erased_row, rejected_values
from operations.list_reading import NUMBER, Contacts, Piece
from operations.rejects import Reject
from operations.withdrawals import Withdrawals
from store import list_rows, lists, suppressions
from store.staging import Rows, Staging
from store.tables import contact, rejected_row

LOCK_GOAL_S = 0.012
"""How long a transaction should hold the write lock; 0.05 is the most it may."""
_SMALLEST_BATCH, _FIRST_BATCH, _LARGEST_BATCH = 50, 500, 3000

_LINE = itemgetter(ContactValues._fields.index("line"))
_FICTIONAL = itemgetter(ContactValues._fields.index("fictional"))
_WITHDRAWN = itemgetter(ContactValues._fields.index("withdrawn_on"))


@dataclass(slots=True)
class _Found:
    """What has become of a piece so far.

    Attributes:
        refused: rows that are not kept.
        real: line and number of contacts that are, but for numbers kept for fiction.
    """

    refused: list[Reject]
    real: list[tuple[int, str]] = field(default_factory=list)


class Keeper:
    """Keeps the rows of one list, from the line an earlier run came to."""

    def __init__(
        self,
        stage: Staging,
        known: Mapping[str, Any],
        columns: Columns,
        bind: Callable[[Contacts], Rows],
        withdrawals: Withdrawals,
        detector: Detector,
    ) -> None:
        self._stage = stage
        self._detector = detector
        self._list_id: int = known["id"]
        self._controller_id: int = known["controller_id"]
        self._columns = columns
        self._bind = bind
        self._withdrawals = withdrawals
        self._line: int = known["imported_line"]
        self._batch = _FIRST_BATCH

    def keep(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, int]]:
        """Keep all pieces, a transaction at a time.

        Yields:
            How many rows of this run are kept, and how far into the file they go, in bytes.
        """
        done = at = told = 0
        for piece in pieces:
            for some in self._piece(piece):
                if done + some > told:
                    told = done + some
                    yield told, at + (piece.bytes_read - at) * some // piece.rows
            done, at = done + piece.rows, piece.bytes_read

    def _piece(self, piece: Piece) -> Iterator[int]:
        """Yields how many rows of a piece are kept; all of them once that is noted."""
        found, kept = _Found([*piece.refused]), 0
        for some in self._batches(chain.from_iterable(piece.contacts)):
            self._contacts(some, found)
            kept += len(some)
            yield min(kept, piece.rows - 1)
        found.refused.sort(key=attrgetter("line"))
        for few in self._batches(iter(found.refused)):
            self._refused(few)
            yield min(kept, piece.rows - 1)
        self._advance(piece, len(found.refused))
        # Numbers kept for fiction are made up by nature, and can be called in a rehearsal alone.
        self._detector.look([number for _, number in sorted(found.real)])
        yield piece.rows

    def _batches(self, rows: Iterator[Any]) -> Iterator[list[Any]]:
        while some := list(islice(rows, self._batch)):
            yield some

    def _contacts(self, some: Contacts, found: _Found) -> None:
        """Keep contacts but for those that are erased or there already, on another line."""
        withdrawn = [ContactValues(*one) for one in some if _WITHDRAWN(one) is not None]
        some = self._without_erased(some, found)
        self._stage.put(contact, self._bind(some))
        with self._stage.reading() as connection:
            list_rows.look_up(connection, self._stage)
        with self._writing() as connection:
            repeated = list_rows.add_contacts(connection, self._stage, len(some))
            self._withdrawals.suppress(connection, withdrawn)
        lines = {one.line for one in repeated}
        found.refused += [duplicate_row(self._columns, *one) for one in repeated]
        found.real += [
            (_LINE(one), NUMBER(one))
            for one in some
            if not _FICTIONAL(one) and _LINE(one) not in lines
        ]

    def _without_erased(self, some: Contacts, found: _Found) -> Contacts:
        numbers = list(map(NUMBER, some))
        with self._stage.reading() as connection:
            now = datetime.now(UTC)
            erased = suppressions.erased_among(connection, self._controller_id, numbers, now)
        if not erased:
            return some
        found.refused += [
            erased_row(self._columns, _LINE(one)) for one in some if NUMBER(one) in erased
        ]
        return [one for one in some if NUMBER(one) not in erased]

    def _refused(self, some: Sequence[Reject]) -> None:
        rows = [tuple(rejected_values(self._list_id, one).values()) for one in some]
        self._stage.put(rejected_row, rows)
        with self._writing() as connection:
            list_rows.add_refused(connection, self._stage)
            self._withdrawals.suppress(connection, some)

    def _advance(self, piece: Piece, refused: int) -> None:
        with self._writing() as connection:
            accepted = piece.rows - refused
            lists.advance(connection, self._list_id, self._line, piece.line, accepted, refused)
        self._line = piece.line

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction; the next one has more rows where it held the lock for less than its goal.

        Raises:
            NotAllowed: somebody else imports the list, or it was removed.
        """
        with self._stage.writing() as connection:
            begun = monotonic()
            if not lists.is_at(connection, self._list_id, self._line):
                raise NotAllowed(
                    "The same file is being imported at this moment, or its import was undone."
                )
            yield connection
        held = monotonic() - begun
        ratio = min(2.0, max(0.25, LOCK_GOAL_S / max(held, 1e-6)))
        self._batch = min(_LARGEST_BATCH, max(_SMALLEST_BATCH, round(self._batch * ratio)))
