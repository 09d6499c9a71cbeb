"""Reading the CSV files that spreadsheets and people make, in flat memory.

Nothing in a file stops the reading once its header is understood: what cannot be read becomes a
`BadRow` that names its line, and the next row is read.
"""

import codecs
import csv
import io
import re
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
_NUMBER = re.compile(r"""[\s"'=(+]*\d[\d\s"().+/-]*""")
_NUMBER_DIGITS = 9

_CONTROLS = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1a"})


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not UTF-8 as Windows-1252, byte by byte, so that mixed files are readable."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error(_FALLBACK, _as_windows_1252)


class _Lines:
    """The lines of a text, none of them longer than a row may be.

    Attributes:
        number: of the line that was read last.
        record: those read since the row began.
        unfinished: the last of them is only the beginning of a line that is too long.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 0
        self.record = list[str]()
        self.unfinished = False
        self._size = 0
        self._again = ""

    def begin(self) -> int:
        """A row begins; the number of its first line."""
        self.record.clear()
        self._size = 0
        return self.number + 1

    def give_back(self) -> None:
        """The line that was read last is read once more, as the first of a row."""
        self._again = self.record.pop()
        self.number -= 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._again = self._again or self._read(), ""
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        self._size += len(line)
        if self._size >= MAX_RECORD:
            self.unfinished = not line.endswith(("\n", "\r"))
            raise _RecordTooLongError
        return line

    def _read(self) -> str:
        if self.unfinished:
            self._skip_to_end_of_line()
        return self._text.readline(MAX_RECORD)

    def _skip_to_end_of_line(self) -> None:
        self.unfinished = False
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
            start = lines.begin()
            try:
                cells = next(reader, None)
            except (csv.Error, _RecordTooLongError):
                if any(map(self._looks_like_row, lines.record[1:])):
                    yield from self._one_by_one(start)
                else:
                    yield _endless_row(start, lines.number)
                continue
            if cells is None:
                return
            if lines.number > start and any(map(self._swallowed_rows, cells)):
                yield from self._one_by_one(start)
            elif any(cells):
                yield fitted(start, cells, self.header)

    def _swallowed_rows(self, cell: str) -> bool:
        """Whether a cell of several lines holds what look like rows: its quote was never closed.

        Where the next row's quote closed it, its first line alone is the rest of a row.
        """
        first, *others = cell.splitlines() or [""]
        if any(map(self._looks_like_row, others)):
            return True
        return bool(others) and self.delimiter in first and self._holds_number(first)

    def _looks_like_row(self, line: str) -> bool:
        """As wide as the header, or with a cell that is a telephone number."""
        separators = len(self.header) - 1
        return 0 < separators <= line.count(self.delimiter) or self._holds_number(line)

    def _holds_number(self, line: str) -> bool:
        return any(map(_looks_like_number, line.split(self.delimiter)))

    def _one_by_one(self, start: int) -> Iterator[Row]:
        """The row in which a quote was opened, and by themselves those that it swallowed.

        A quote that is opened in the last of them may be closed further down: that line is read
        once more. The others are read twice and no more, however the quotes stand.
        """
        lines = self._lines
        first, *others = lines.record
        yield self._unclosed(start, self._alone(first)[0])
        for line, text in enumerate(others, start + 1):
            cells, is_open = self._alone(text)
            if line == lines.number and lines.unfinished:
                yield _endless_row(line, line)
            elif _has_half_a_pair(cells[:-1] if is_open else cells):
                yield _lone_quote(line)
            elif line == lines.number and is_open:
                lines.give_back()
            elif is_open:
                yield self._unclosed(line, cells)
            elif any(cells):
                yield fitted(line, cells, self.header)

    def _alone(self, text: str) -> tuple[list[str], bool]:
        """The cells of a line read by itself, and whether a quote is left open in it."""
        left = iter((text, ""))
        try:
            cells = next(csv.reader(left, delimiter=self.delimiter))
        except csv.Error:
            return [], True
        return cells, next(left, None) is None

    def _unclosed(self, line: int, cells: list[str]) -> BadRow:
        """The refusal of a row whose last cell begins with a quote that nothing closes."""
        named = 0 < len(cells) <= len(self.header)
        return BadRow(
            line,
            "endless_row",
            "A quotation mark is opened in it and never closed.",
            "Take the quotation mark out, then import this row again in a file of its own.",
            self.header[len(cells) - 1].strip() if named else "",
            cells[-1].strip() if cells else "",
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


def _lone_quote(line: int) -> BadRow:
    return BadRow(
        line,
        "lone_quote",
        "It holds one quotation mark of a pair; the other one is on a line above.",
        "Mend both lines, then import them again in a file of their own.",
    )


def _has_half_a_pair(cells: list[str]) -> bool:
    """Whether a quote stands in a cell that no quote began: it closes one from above, as like."""
    return any(cell.count('"') % 2 for cell in cells)


def _looks_like_number(cell: str) -> bool:
    """Whether it may be meant for a telephone number, however it is written; no time of day."""
    return bool(_NUMBER.fullmatch(cell)) and sum(map(str.isdigit, cell)) >= _NUMBER_DIGITS


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
