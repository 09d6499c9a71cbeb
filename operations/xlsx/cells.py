"""The rows of a worksheet as they are written, one at a time, whatever its size."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from operations.rows import MAX_COLUMNS, MAX_RECORD
from operations.xlsx.markup import local, read
from operations.xlsx.strings import MAX_CELL, SharedStrings, TextCollector, unescaped
from operations.xlsx.values import PLAIN, Style, shown

MAX_LINE = 1_048_576
"""Rows of a worksheet, as in Excel."""
_SHOWN_FORMULA = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row as it is written.

    Attributes:
        column: where, from 0; None where it is the whole row.
        code: the reason's code.
        reason: what is wrong, in the user's terms.
        remedy: what to do.
        value: what stands there.
    """

    column: int | None
    code: str
    reason: str
    remedy: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row's cells up to the last one that is written, and the first thing that is wrong."""

    line: int
    cells: list[str]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is needed to read a cell besides itself."""

    strings: SharedStrings
    styles: list[Style]
    since_1904: bool

    def text(self, kind: str, written: str, style: str) -> str:
        """What a cell shows.

        Raises:
            LookupError, ValueError: it refers to a text that is not there.
        """
        if kind == "s":
            return self.strings[int(written[:10])]
        if kind in {"str", "inlineStr"}:
            return unescaped(written)
        if kind == "b":
            return "TRUE" if written == "1" else "FALSE"
        if kind in {"e", "d"}:
            return written.removesuffix("T00:00:00")
        return shown(written, self._style(style), since_1904=self.since_1904)

    def _style(self, number: str) -> Style:
        place = int(number) if number.isascii() and number.isdigit() else 0
        return self.styles[place] if place < len(self.styles) else PLAIN


def raw_rows(pieces: Iterable[bytes], reading: Reading) -> Iterator[RawRow]:
    """Every row that is written in the part of a worksheet that `markup.check` has passed."""
    done: list[RawRow] = []
    rows = _Rows(reading, done.append)
    for _ in read(pieces, rows.start, rows.end, rows.text):
        yield from done
        done.clear()


class _Rows:
    """Makes rows of what the parser tells."""

    def __init__(self, reading: Reading, keep: Callable[[RawRow], None]) -> None:
        self._reading = reading
        self._keep = keep
        self._line = 0
        self._cells: list[str] = []
        self._size = 0
        self._fault: Fault | None = None
        self._column = -1
        self._kind = self._style = ""
        self._runs = TextCollector()
        self._inside = ""
        self._value: list[str] = []
        self._formula: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = local(name)
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v":
            self._inside = "v"
        elif name == "f":
            self._inside = "f"
            self._formula = []
        elif name == "row":
            self._begin_row(attributes.get("r", ""))
        else:
            self._runs.start(name)

    def text(self, data: str) -> None:
        if self._inside == "v":
            if not self._value:
                self._value.append(data)
            elif len(self._value[0]) <= MAX_CELL:
                self._value[0] += data
        elif self._inside == "f":
            if self._formula is not None and len(self._formula) < _SHOWN_FORMULA:
                self._formula.append(data[:_SHOWN_FORMULA])
        else:
            self._runs.text(data)

    def end(self, name: str) -> None:
        name = local(name)
        self._inside = ""
        if name == "c":
            self._end_cell()
        elif name == "v" and not self._value:
            self._value.append("")
        elif name == "row":
            self._keep(RawRow(self._line, self._cells, self._fault))
        else:
            self._runs.end(name)

    def _begin_row(self, number: str) -> None:
        """A row that names no place, or one that is taken, follows the one before."""
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 0
        self._line = place if self._line < place <= MAX_LINE else self._line + 1
        self._cells, self._size, self._fault, self._column = [], 0, None, -1

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = _column(attributes.get("r", "").rstrip("0123456789"))
        self._column = self._column + 1 if place is None else place
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s", "")
        self._value.clear()
        self._formula = None

    def _end_cell(self) -> None:
        inline = self._runs.take()
        if not self._value and not inline:
            if self._formula is not None:
                self._note(_unknown_result(self._place(), self._column, self._formula))
            return
        try:
            written = self._value[0] if self._value else inline
            self._put(self._reading.text(self._kind, written, self._style))
        except (LookupError, ValueError):
            self._note(_lost_text(self._place(), self._column))

    def _put(self, text: str) -> None:
        column = min(self._column, MAX_COLUMNS)
        self._size += len(text)
        if len(text) > MAX_CELL:
            self._note(_too_long(self._place(), self._column, text))
        elif self._size > MAX_RECORD:
            self._note(_row_too_long())
        elif column >= len(self._cells):
            self._cells += [""] * (column - len(self._cells))
            self._cells.append(text)
        else:
            self._cells[column] = text

    def _note(self, fault: Fault) -> None:
        self._fault = self._fault or fault

    def _place(self) -> str:
        return f"{column_letters(self._column)}{self._line}"


def column_letters(column: int) -> str:
    """How a spreadsheet calls a column: 0 is A, 26 is AA."""
    letters = ""
    number = column + 1
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def _column(letters: str) -> int | None:
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        return None
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _unknown_result(place: str, column: int, formula: list[str]) -> Fault:
    return Fault(
        column,
        "formula_without_value",
        f"Cell {place} is a formula whose result is not in the file.",
        "Open the file in a spreadsheet and save it, or put the value in place of the formula.",
        "=" + "".join(formula),
    )


def _lost_text(place: str, column: int) -> Fault:
    return Fault(
        column,
        "lost_text",
        f"Cell {place} refers to a text that the file does not hold.",
        "Open the file in a spreadsheet, look at the cell, and save the file again.",
    )


def _too_long(place: str, column: int, text: str) -> Fault:
    return Fault(
        column,
        "cell_too_long",
        f"Cell {place} is longer than {MAX_CELL} characters.",
        "Shorten it, then import this row again in a file of its own.",
        text,
    )


def _row_too_long() -> Fault:
    return Fault(
        None,
        "row_too_long",
        "It is too long for a row of a list.",
        "Shorten it, then import this row again in a file of its own.",
    )
