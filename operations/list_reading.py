"""The rows of a list as contacts or refusals; those of a large file are read by another process.

Reading a row takes about as long as keeping it does. With two processors both go on at once, which
threads of one Python do not.

Rows come by pieces of the file, the contacts of each by their numbers: in the order of a file
nearly every row would have another page of the index of numbers to be written anew.
"""

import contextlib
import fcntl
import io
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from operator import itemgetter
from typing import IO, Any, BinaryIO, Protocol, TypeAlias

from sqlalchemy.dialects import sqlite

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput
from operations.columns import Columns
from operations.contact_rows import ContactRows, ContactValues
from operations.rejects import Reject
from operations.rows import Row
from store.staging import Binder
from store.tables import contact

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is worth another process: its start takes as long as some 20,000
rows."""

FIRST_PIECE, PIECE = 25_000, 200_000
"""Rows of the first piece, and of the largest: each is twice the one before. A larger one would
write less still, and hold more memory (some 400 bytes for each row)."""

AT_ONCE = 2000
"""Rows that are handed over together."""

READER = "operations.list_reader"
"""The program that reads."""

_PIPE = 1024 * 1024
"""Bytes that may wait between both: some thousand rows, the most that Linux gives to anybody."""

NUMBER = itemgetter(ContactValues._fields.index("number"))

_BINDER = Binder(contact, sqlite.dialect())

Contacts: TypeAlias = list[tuple[Any, ...]]
"""Values of contacts in the order of `ContactValues`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows that follow each other in a file.

    Attributes:
        contacts: some at a time, by number, and by line where that is the same; to be taken once,
            before the next piece is.
        count: of contacts.
        refused: the other rows, in their order.
        line: the last row's.
        bytes_read: how far into the file it goes.
    """

    contacts: Iterable[Contacts]
    count: int
    refused: list[Reject]
    line: int
    bytes_read: int

    @property
    def rows(self) -> int:
        """How many they are."""
        return self.count + len(self.refused)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How rows are read.

    Attributes:
        list_id: the list that they are for.
        columns: what the columns mean.
        provenance: what the list declares of itself.
        latest: the last day that is not in the future anywhere in France.
        after: the line that an earlier import came to; 0 for all.
        bound: contacts are made as SQLite's driver takes them, which whoever reads does for whoever
            keeps; dates are ISO 8601 then, attributes JSON.
    """

    list_id: int
    columns: Columns
    provenance: Provenance
    latest: date
    after: int
    bound: bool = False

    def pieces(self, rows: Iterator[Row], tell: Callable[[], int]) -> Iterator[Piece]:
        """What becomes of the rows of a file.

        Args:
            rows: the file's.
            tell: says how far into the file they have come, in bytes.
        """
        reader = ContactRows(self.list_id, self.columns, self.provenance, self.latest)
        read = (reader.read(row) for row in rows if row.line > self.after)
        size = FIRST_PIECE
        while (piece := self._piece(islice(read, size), tell)).rows:
            yield piece
            size = min(PIECE, 2 * size)

    def _piece(self, read: Iterator[ContactValues | Reject], tell: Callable[[], int]) -> Piece:
        contacts: Contacts = []
        refused: list[Reject] = []
        line = 0
        while some := list(islice(read, AT_ONCE)):
            contacts += self._bound([one for one in some if isinstance(one, ContactValues)])
            refused += [one for one in some if isinstance(one, Reject)]
            line = some[-1].line
        contacts.sort(key=NUMBER)
        return Piece(parts(contacts), len(contacts), refused, line, tell())

    def _bound(self, contacts: Sequence[ContactValues]) -> Sequence[tuple[Any, ...]]:
        return _BINDER.bound(contacts) if self.bound else contacts


def parts(contacts: Contacts) -> Iterator[Contacts]:
    """The same contacts, some at a time."""
    return (contacts[at : at + AT_ONCE] for at in range(0, len(contacts), AT_ONCE))


@dataclass(frozen=True, slots=True)
class Told:
    """What the other process says.

    A piece without its contacts, which follow until all are told; neither at the end; or what is
    wrong with the file.
    """

    piece: Piece | None = None
    contacts: Contacts = field(default_factory=list)
    spent_s: float = 0.0
    fault: tuple[str, str, str] | None = None


class Reading(Protocol):
    """A file that is being read.

    Attributes:
        pieces: of it.
        spent_s: processor seconds that another process has taken for it.
    """

    pieces: Iterator[Piece]
    spent_s: float


@contextmanager
def reading_list(
    file: BinaryIO, size: int, rows: Iterator[Row], wanted: Wanted
) -> Iterator[Reading]:
    """Read the rows of a file, here or by another process.

    Args:
        file: where `rows` come from.
        size: of the file, in bytes.
        rows: what they are to be made of where it is done here.
        wanted: how they are read.
    """
    descriptor = _descriptor(file) if size >= LARGE else None
    if descriptor is None:
        yield _Here(wanted.pieces(rows, file.tell))
        return
    with closing(_Apart(descriptor, wanted)) as apart:
        yield apart


def _descriptor(file: BinaryIO) -> int | None:
    """The descriptor of a file that another process can open; None where it is in memory."""
    try:
        return file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None


@dataclass(slots=True)
class _Here:
    """A file that is read by this process."""

    pieces: Iterator[Piece]
    spent_s: float = 0.0


class _Apart:
    """A file that another process reads."""

    def __init__(self, descriptor: int, wanted: Wanted) -> None:
        self.spent_s = 0.0
        # -P: whatever lies in the directory that somebody works in is not imported.
        self._process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-P", "-m", READER, str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[descriptor],
        )
        self.pieces = self._pieces(wanted)

    def close(self) -> None:
        """End the process, which may be in the midst of it."""
        with self._process:
            self._process.kill()

    def _pieces(self, wanted: Wanted) -> Iterator[Piece]:
        sent, told = self._process.stdin, self._process.stdout
        assert sent is not None  # noqa: S101 - asked for above
        assert told is not None  # noqa: S101
        fcntl.fcntl(told, fcntl.F_SETPIPE_SZ, _PIPE)
        with contextlib.suppress(BrokenPipeError), sent:
            pickle.dump(wanted, sent)
        while (piece := self._told(told).piece) is not None:
            yield replace(piece, contacts=self._contacts(told, piece.count))

    def _contacts(self, stream: IO[bytes], count: int) -> Iterator[Contacts]:
        while count:
            some = self._told(stream).contacts
            count -= len(some)
            yield some

    def _told(self, stream: IO[bytes]) -> Told:
        try:
            # Written by a process that we started, of rows that it has read.
            found: Told = pickle.load(stream)  # noqa: S301
        except (EOFError, pickle.UnpicklingError) as error:
            raise InvalidInput(
                "file",
                "reading it broke off before its end.",
                "Import the same file again: it goes on where it stopped.",
            ) from error
        if found.fault is not None:
            raise InvalidInput(*found.fault)
        self.spent_s = found.spent_s
        return found
