"""The rows of a list as contacts or refusals; those of a large file are read by another process.

Reading a row takes about as long as keeping it does. With two processors both go on at once, which
threads of one Python do not.
"""

import contextlib
import fcntl
import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, BinaryIO, Protocol, TypeAlias

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput
from operations.columns import Columns
from operations.contact_rows import ContactRows, ContactValues
from operations.rejects import Reject
from operations.rows import Row

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is worth another process: its start takes as long as some 20,000
rows."""

READER = "operations.list_reader"
"""The program that reads."""

_PIPE = 1024 * 1024
"""Bytes that may wait between both: some thousand rows, the most that Linux gives to anybody."""

Read: TypeAlias = ContactValues | Reject


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

    def read(self, rows: Iterator[Row]) -> Iterator[Read]:
        """What becomes of each row."""
        reader = ContactRows(self.list_id, self.columns, self.provenance, self.latest)
        return (reader.read(row) for row in rows if row.line > self.after)


@dataclass(frozen=True, slots=True)
class Told:
    """What the other process says: some rows, none at the end, or what is wrong with the file."""

    rows: list[Read]
    bytes_read: int = 0
    spent_s: float = 0.0
    fault: tuple[str, str, str] | None = None


class Reading(Protocol):
    """Rows that are being read.

    Attributes:
        rows: what becomes of each.
        bound: contacts among them are as SQLite's driver takes them.
        spent_s: processor seconds that another process has taken for it.
    """

    rows: Iterator[Read]
    bound: bool
    spent_s: float

    @property
    def bytes_read(self) -> int:
        """How far into the file it has come."""


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
        yield _Here(file, wanted.read(rows))
        return
    with closing(_Apart(descriptor, wanted)) as apart:
        yield apart


def _descriptor(file: BinaryIO) -> int | None:
    """The descriptor of a file that another process can open; None where it is in memory."""
    try:
        return file.fileno()
    except (AttributeError, io.UnsupportedOperation):
        return None


class _Here:
    """Rows that are read by this process."""

    def __init__(self, file: BinaryIO, rows: Iterator[Read]) -> None:
        self._file = file
        self.rows = rows
        self.bound = False
        self.spent_s = 0.0

    @property
    def bytes_read(self) -> int:
        return self._file.tell()


class _Apart:
    """Rows that another process reads."""

    def __init__(self, descriptor: int, wanted: Wanted) -> None:
        self.bytes_read = 0
        self.bound = wanted.bound
        self.spent_s = 0.0
        # -P: whatever lies in the directory that somebody works in is not imported.
        self._process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-P", "-m", READER, str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[descriptor],
        )
        self.rows = self._rows(wanted)

    def close(self) -> None:
        """End the process, which may be in the midst of it."""
        with self._process:
            self._process.kill()

    def _rows(self, wanted: Wanted) -> Iterator[Read]:
        sent, told = self._process.stdin, self._process.stdout
        assert sent is not None  # noqa: S101 - asked for above
        assert told is not None  # noqa: S101
        fcntl.fcntl(told, fcntl.F_SETPIPE_SZ, _PIPE)
        with contextlib.suppress(BrokenPipeError), sent:
            pickle.dump(wanted, sent)
        while True:
            found = _told(told)
            if found.fault is not None:
                raise InvalidInput(*found.fault)
            self.bytes_read, self.spent_s = found.bytes_read, found.spent_s
            if not found.rows:
                return
            yield from found.rows


def _told(stream: IO[bytes]) -> Told:
    try:
        # Written by a process that we started, of rows that it has read.
        found: Told = pickle.load(stream)  # noqa: S301
    except (EOFError, pickle.UnpicklingError) as error:
        raise InvalidInput(
            "file",
            "reading it broke off before its end.",
            "Import the same file again: it goes on where it stopped.",
        ) from error
    return found
