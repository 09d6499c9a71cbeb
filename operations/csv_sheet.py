"""Reading the CSV files that spreadsheets and people make, in flat memory.

Nothing in a file stops the reading once its header is understood: what cannot be read becomes a
`BadRow` that names its line, and the next row is read.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from campaigns.errors import InvalidInput
from operations.columns import guesses_phone
from operations.rows import (
    MAX_RECORD,
    BadRow,
    Row,
    check_header,
    empty_file,
    fitted,
    header_at,
    says_something,
)

_SEPARATED = {
    ";": "cells separated by semicolons",
    ",": "cells separated by commas",
    "\t": "cells separated by tabs",
    "|": "cells separated by vertical bars",
}
DELIMITERS = "".join(_SEPARATED)
_ENCODINGS = {
    "utf-8-sig": "UTF-8 or Windows-1252",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
}
_SAMPLE = 65_536
_SAMPLE_ROWS = 20
_FALLBACK = "portevoix-windows-1252"

_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1a"})


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not UTF-8 as Windows-1252, byte by byte, so that mixed files are readable."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_windows_1252)


class _Lines:
    """The lines of a text, none of them longer than a row may be."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 0
        self.record_size = 0
        self._unfinished = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._unfinished:
            self._skip_to_end_of_line()
        line = self._text.readline(MAX_RECORD)
        if not line:
            raise StopIteration
        self.number += 1
        self.record_size += len(line)
        if self.record_size >= MAX_RECORD:
            self._unfinished = not line.endswith(("\n", "\r"))
            raise _RecordTooLongError
        return line

    def _skip_to_end_of_line(self) -> None:
        self._unfinished = False
        piece = self._text.readline(MAX_RECORD)
        while piece and not piece.endswith(("\n", "\r")):
            piece = self._text.readline(MAX_RECORD)


class _RecordTooLongError(Exception):
    """A row, or a quoted cell that nothing closes, passes `MAX_RECORD`."""


class CsvSheet:
    """One CSV file, its header read and its rows to come.

    Attributes:
        header: the column names as written.
        read_as: what the file was taken for.
        delimiter: what separates the cells.
        encoding: as Python calls it; what is not UTF-8 in `utf-8-sig` is read as Windows-1252.
    """

    def __init__(self, file: BinaryIO) -> None:
        head = file.read(_SAMPLE)
        file.seek(0)
        self.encoding = _encoding(head)
        errors = _FALLBACK if self.encoding == "utf-8-sig" else "replace"
        lent = io.BufferedReader(_Lent(file), _SAMPLE)
        self._lines = _Lines(io.TextIOWrapper(lent, self.encoding, errors, newline=""))
        sample = io.StringIO(head.decode(self.encoding, errors), newline="").readlines()
        self.delimiter, declared = _delimiter(sample)
        self._reader = csv.reader(self._lines, delimiter=self.delimiter)
        if declared:
            next(self._lines)
        self.header = self._read_header(_titles(sample[declared:], self.delimiter))
        cells = _SEPARATED[self.delimiter] if len(self.header) > 1 else "one column"
        self.read_as = f"CSV, {_ENCODINGS[self.encoding]}, {cells}"

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in order."""
        lines, reader = self._lines, self._reader
        while True:
            start = lines.number + 1
            lines.record_size = 0
            try:
                cells = next(reader, None)
            except (csv.Error, _RecordTooLongError):
                yield _endless_row(start, lines.number)
                continue
            if cells is None:
                return
            if lines.number > start and self._swallowed_rows(cells):
                yield _endless_row(start, lines.number)
            elif any(cells):
                yield fitted(start, cells, self.header)

    def _swallowed_rows(self, cells: list[str]) -> bool:
        """Whether a cell of several lines holds what look like rows: its quote was never closed."""
        separators = len(self.header) - 1
        return separators > 0 and any(
            line.count(self.delimiter) >= separators
            for cell in cells
            for line in cell.splitlines()[1:]
        )

    def _read_header(self, titles: int) -> tuple[str, ...]:
        """The column names, below so many rows of titles."""
        speaking = filter(says_something, self._reader)
        try:
            cells = next(islice(speaking, titles, None), None)
        except (csv.Error, _RecordTooLongError) as error:
            raise InvalidInput(
                "file",
                "its first line is too long to be column names.",
                "Save the list as CSV UTF-8, one line for each person.",
            ) from error
        if cells is None:
            raise empty_file()
        if any(self.delimiter in line for cell in cells for line in cell.splitlines()[1:]):
            raise InvalidInput(
                "header",
                "a quotation mark in it seems to be opened and never closed.",
                "Mend the line of column names and try again.",
            )
        check_header(cells)
        return tuple(cells)


class _Lent(io.RawIOBase):
    """Lends a file to a text reader, which would otherwise close it when it goes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def _endless_row(first: int, last: int) -> BadRow:
    if last <= first:
        return BadRow(
            first,
            "endless_row",
            f"Line {first} is too long for a row of a list.",
            "Shorten it, then import this line again in a file of its own.",
        )
    return BadRow(
        first,
        "endless_row",
        f"Lines {first} to {last} are read as one row: a quotation mark seems to be opened and "
        "never closed.",
        "Mend the first of these lines, then import these lines again in a file of their own.",
    )


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = head[:4096]
    pairs = len(head) // 2
    # UTF-16 without its mark: text in Latin letters has a NUL in most pairs of bytes.
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        if pairs and head[offset::2].count(0) > 0.8 * pairs:
            return encoding
    if len(head) - len(head.translate(None, _CONTROLS)) > 8 + len(head) // 20:
        raise InvalidInput(
            "file", "it is not a text file.", "Save the list as CSV UTF-8 and try again."
        )
    return "utf-8-sig"


def _delimiter(sample: list[str]) -> tuple[str, bool]:
    """What separates the cells, and whether a first line `sep=;` (Excel's) declares it."""
    first = sample[0].strip().lower() if sample else ""
    if first.startswith("sep=") and len(first) <= len("sep=;") and first[4:] in DELIMITERS:
        return first[4:] or "\t", True
    return max(DELIMITERS, key=lambda delimiter: _plausibility(sample, delimiter)), False


def _plausibility(sample: list[str], delimiter: str) -> tuple[bool, int, int]:
    """A header that names a number column; then rows as wide as it; then width."""
    rows = _sampled(sample, delimiter)
    if not rows:
        return False, 0, 0
    header = rows[header_at(rows) or 0]
    width = len(header)
    alike = sum(len(row) == width for row in rows) if width > 1 else 0
    return guesses_phone(header), alike, width


def _titles(sample: list[str], delimiter: str) -> int:
    """How many rows that say something stand above the column names."""
    return header_at(list(filter(says_something, _sampled(sample, delimiter)))) or 0


def _sampled(sample: list[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(sample[:_SAMPLE_ROWS], delimiter=delimiter) if any(row)]
    except csv.Error:
        return []
