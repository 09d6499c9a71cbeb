"""Rows of an uploaded file, whatever its format: what was read, and what could not be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from campaigns.errors import InvalidInput
from operations.columns import guesses_phone

MAX_COLUMNS = 512
MAX_RECORD = 262_144
"""Characters of one row, line breaks within cells included."""
TITLES = 10
"""Among how many first rows the column names are looked for: titles may stand above them."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be read as one.

    Attributes:
        line: where it begins, 1 being the file's first line.
        code: the reason's code.
        reason: what is wrong, in the user's terms.
        remedy: what to do.
        field: the column it is about, as the user named it; empty where it is the whole row.
        value: what stands there.
    """

    line: int
    code: str
    reason: str
    remedy: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class DataRow:
    """A row's cells, as many as the header has; missing ones at the end are empty."""

    line: int
    cells: list[str]


Row: TypeAlias = DataRow | BadRow


class Sheet(Protocol):
    """A file's one table, its header read and its rows to come.

    Attributes:
        header: the column names as written.
        read_as: what the file was taken for, for the person who gave it.
    """

    header: tuple[str, ...]
    read_as: str

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in order."""


def header_at(rows: Sequence[Sequence[str]]) -> int | None:
    """Which of a file's first rows holds the column names; None where none says anything.

    It is the first that says something, unless one below it, before any telephone number, is the
    first to name a column of numbers: then what stands above is a title or a merged heading.
    """
    speaking = [place for place, row in enumerate(rows) if says_something(row)]
    for place in speaking[:TITLES]:
        if any(map(_is_number, rows[place])):
            break
        if guesses_phone(rows[place]):
            return place
    return speaking[0] if speaking else None


def check_header(cells: Sequence[str]) -> None:
    """Refuse what cannot be column names.

    Raises:
        InvalidInput: there are too many of them, or they are no names.
    """
    if len(cells) > MAX_COLUMNS:
        raise InvalidInput(
            "file",
            f"it has more than {MAX_COLUMNS} columns, which are the most that are read.",
            "Keep the columns that the calls need, and save it again.",
        )
    if any(_is_number(cell) for cell in cells):
        raise InvalidInput(
            "header",
            "the first line holds a telephone number, not column names.",
            "Put a line of column names on top, such as telephone;prenom;nom.",
        )


def empty_file() -> InvalidInput:
    """The refusal of a file that says nothing."""
    return InvalidInput("file", "it is empty.", "Choose the file that holds the list.")


def fitted(line: int, cells: list[str], header: tuple[str, ...]) -> Row:
    """A row as wide as the header, or why it is none."""
    width = len(header)
    if len(cells) != width:
        if any(cells[width:]):
            return _too_many(line, len(cells), width)
        cells = cells[:width] + [""] * (width - len(cells))
    if cells[0] == header[0] and tuple(cells) == header:
        return BadRow(
            line,
            "repeated_header",
            "It repeats the column names.",
            "Nothing to do, unless lists with other columns were put below one another.",
        )
    text = "".join(cells)
    if "\0" in text:
        return _with_nul(line, cells, header)
    if '="' in text:
        cells = [_unwrapped(cell) for cell in cells]
    return DataRow(line, cells)


def says_something(row: Sequence[str]) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(sign.isalnum() for cell in row for sign in cell)


def _too_many(line: int, found: int, width: int) -> BadRow:
    return BadRow(
        line,
        "too_many_cells",
        f"It has {found} cells where the header has {width}.",
        "Remove what stands right of the named columns, or put quotes around cells that contain "
        "the separator.",
    )


def _with_nul(line: int, cells: Sequence[str], header: Sequence[str]) -> BadRow:
    place = next(place for place, cell in enumerate(cells) if "\0" in cell)
    return BadRow(
        line,
        "nul_character",
        "It contains NUL characters, which no text has.",
        "Export the list again as CSV UTF-8.",
        header[place].replace("\0", "").strip(),
        cells[place].replace("\0", "\N{SYMBOL FOR NULL}"),
    )


def _unwrapped(cell: str) -> str:
    """What Excel's `="0612"` keeps from being taken for a number."""
    text = cell.strip()
    return text[2:-1] if text.startswith('="') and text.endswith('"') and len(text) > 2 else cell


def _is_number(cell: str) -> bool:
    digits = sum(sign.isdigit() for sign in cell)
    return digits >= 9 and not any(sign.isalpha() for sign in cell)
