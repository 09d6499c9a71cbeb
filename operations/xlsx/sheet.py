"""The list in an XLSX workbook: its first worksheet that holds anything, in flat memory.

It is read by the standard library alone, zipfile and expat. Readers that were tried keep a whole
worksheet in memory, and one of them takes the process down with it where two cells stand far apart
(python-calamine 0.9.1, a cell in A1 and one in XFD1048576); others cannot tell a formula whose
result is missing from an empty cell.

A workbook is read through once before any of its rows is given, so that one that was cut short or
made to harm is refused whole.
"""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from operations.rows import BadRow, Row, check_header, empty_file, fitted, header_at, says_something
from operations.xlsx.archive import Archive
from operations.xlsx.book import Book, Worksheet
from operations.xlsx.cells import Fault, RawRow, column_letters, raw_rows
from operations.xlsx.markup import check

_FIRST_ROWS = 20


class XlsxSheet:
    """One worksheet of a workbook, its header read and its rows to come.

    Attributes:
        header: the column names as written.
        read_as: which worksheet it is.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._archive = Archive(file)
        book = Book(self._archive)
        self._reading = book.reading
        self._worksheet, first = self._first_filled(book)
        place = header_at([row.cells for row in first]) or 0
        self._header_line = first[place].line
        self.header = _trimmed(first[place].cells)
        check_header(self.header)
        self.read_as = _described(book, self._worksheet)

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in order."""
        for raw in raw_rows(self._archive.pieces(self._worksheet.part), self._reading):
            if raw.line <= self._header_line:
                continue
            fault = raw.fault
            if fault is not None and (fault.column or 0) < len(self.header):
                yield self._bad(raw.line, fault)
            elif any(raw.cells):
                yield fitted(raw.line, raw.cells, self.header)

    def _first_filled(self, book: Book) -> tuple[Worksheet, list[RawRow]]:
        """The first worksheet that says something, and its first rows that do."""
        for worksheet in book.worksheets:
            check(self._archive.pieces(worksheet.part))
            rows = raw_rows(self._archive.pieces(worksheet.part), self._reading)
            first = list(islice((row for row in rows if says_something(row.cells)), _FIRST_ROWS))
            if first:
                return worksheet, first
        raise empty_file()

    def _bad(self, line: int, fault: Fault) -> BadRow:
        name = "" if fault.column is None else self._column_name(fault.column)
        return BadRow(line, fault.code, fault.reason, fault.remedy, name, fault.value)

    def _column_name(self, column: int) -> str:
        return self.header[column].strip() or column_letters(column)


def _trimmed(cells: list[str]) -> tuple[str, ...]:
    """Column names without the empty cells behind the last one."""
    width = max(place for place, cell in enumerate(cells, start=1) if cell.strip())
    return tuple(cells[:width])


def _described(book: Book, chosen: Worksheet) -> str:
    if len(book.worksheets) == 1:
        return f"XLSX, worksheet «{chosen.name}»"
    others = [f"«{one.name}»" for one in book.worksheets if one is not chosen]
    named = ", ".join(others[:5]) + (", …" if len(others) > 5 else "")
    return f"XLSX, worksheet «{chosen.name}»; not read: {named}"
