"""CSV for people's spreadsheets: every file that Porte-voix writes for one goes through here."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""

ENCODING = "utf-8-sig"
"""So that Excel reads the accents."""


def write_csv(file: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write rows of which no cell is taken for a formula; how many.

    Args:
        file: opened with `encoding=ENCODING, newline=""`.
        header: the column names, ours.
        rows: as wide as the header.
    """
    writer = csv.writer(file, delimiter=";")
    writer.writerow(header)
    count = 0
    for row in rows:
        count += 1
        writer.writerow([_neutralised(cell) if isinstance(cell, str) else cell for cell in row])
    return count


def csv_pieces(
    header: Sequence[str], pages: Iterable[Sequence[Sequence[object]]]
) -> Iterator[bytes]:
    """The same as bytes, a piece for each page of rows, so that memory stays flat."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    yield text.getvalue().encode(ENCODING)
    for page in pages:
        text.seek(0)
        text.truncate()
        writer.writerows(
            [_neutralised(cell) if isinstance(cell, str) else cell for cell in row] for row in page
        )
        yield text.getvalue().encode()


def _neutralised(cell: str) -> str:
    """With an apostrophe before it, where a spreadsheet would take it for a formula.

    A number such as +33639980001 gets it too: taken for a formula it would lose its +. With it, it
    is shown whole, and an import reads it as the number it is.
    """
    return "'" + cell if cell.startswith(_FORMULA) else cell
