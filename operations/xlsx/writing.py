"""Writing a workbook as a stream: worksheets of text and numbers, in flat memory.

Texts are inline strings (ECMA-376, 18.18.11 `inlineStr`), which no program takes for formulas. The
parts that name the worksheets come last, when it is known how many there are; an Open Packaging
archive may have its parts in any order.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import IO, Any
from xml.sax.saxutils import escape, quoteattr

MOST_ROWS = 1_000_000
"""Rows of one worksheet: 1,048,576 are the most that spreadsheets show."""

MOST_BYTES = 1_500_000_000
"""Of one worksheet's XML: from 2 GiB on the archive would have to be ZIP64, which not all read."""

LONGEST_NAME = 31
"""Characters of a worksheet's name."""

_LONGEST = 32_767
"""Characters of a cell."""

_COMPRESSION = 1
"""The quickest: a level more takes as long as all the rest."""

_IMPOSSIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold in any way."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BEGIN = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    "</sheetView></sheetViews><sheetData>"
)
_END = "</sheetData></worksheet>"


class _Sink(io.RawIOBase):
    """Takes what the archive writes, until it is taken away."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        kept = bytes(piece)
        self._pieces.append(kept)
        return len(kept)

    def taken(self) -> bytes:
        """What came since the last time."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def xlsx_pieces(
    header: Sequence[str],
    pages: Iterable[Sequence[Sequence[object]]],
    most_rows: int = MOST_ROWS,
) -> Iterator[bytes]:
    """A workbook as bytes, about a piece for each page of rows.

    Args:
        header: column names, on top of every worksheet.
        pages: rows as wide as the header; cells are texts, numbers, booleans or None.
        most_rows: of one worksheet; where a page would pass them, it begins the next.
    """
    sink = _Sink()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION) as archive,
        closing(_Book(archive, header, most_rows)) as book,
    ):
        for page in pages:
            book.write(page)
            if piece := sink.taken():
                yield piece
        book.end()
    yield sink.taken()


def workbook(tables: Sequence[tuple[str, Sequence[str], Sequence[Sequence[object]]]]) -> bytes:
    """A whole workbook with a worksheet for each table.

    Args:
        tables: name, column names, and rows as wide; cells as in `xlsx_pieces`. A name is of
            letters, digits and spaces: some signs are not allowed in one.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, (_, header, rows) in enumerate(tables, start=1):
            content = _BEGIN + _row(header) + "".join(map(_row, rows)) + _END
            archive.writestr(f"xl/worksheets/sheet{place}.xml", content)
        for part, content in _parts([name[:LONGEST_NAME] for name, _, _ in tables]).items():
            archive.writestr(part, content)
    return file.getvalue()


class _Book:
    """Writes worksheets, one after the other."""

    def __init__(self, archive: zipfile.ZipFile, header: Sequence[str], most_rows: int) -> None:
        self._archive = archive
        self._top = _BEGIN + _row(header)
        self._most_rows = most_rows
        self._sheets = 0
        self._begin()

    def write(self, page: Sequence[Sequence[object]]) -> None:
        """Write a page of rows into one worksheet."""
        content = "".join(map(_row, page)).encode()
        if self._rows + len(page) > self._most_rows or self._size + len(content) > MOST_BYTES:
            self._finish()
            self._begin()
        self._sheet.write(content)
        self._rows += len(page)
        self._size += len(content)

    def end(self) -> None:
        """Write what says which worksheets there are."""
        self._finish()
        names = [str(one) for one in range(1, self._sheets + 1)]
        for name, content in _parts(names).items():
            self._archive.writestr(name, content)

    def close(self) -> None:
        """Leave it as it is, where nobody wants the rest: an archive cannot be with a part open."""
        self._sheet.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._rows, self._size = 0, len(self._top)
        self._sheet: IO[bytes] = self._archive.open(
            f"xl/worksheets/sheet{self._sheets}.xml", "w"
        )  # fmt: skip
        self._sheet.write(self._top.encode())

    def _finish(self) -> None:
        self._sheet.write(_END.encode())
        self._sheet.close()


def _row(cells: Sequence[object]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(value: object) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = escape(_IMPOSSIBLE.sub("", str(value))[:_LONGEST])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _parts(names: Sequence[str]) -> dict[str, str]:
    """The parts of the archive besides its worksheets, which have these names."""
    every = range(1, len(names) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{one}.xml" ContentType="{_KIND}.worksheet+xml"/>'
        for one in every
    )
    named = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{one}" r:id="r{one}"/>'
        for one, name in enumerate(names, start=1)
    )
    led = "".join(
        f'<Relationship Id="r{one}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{one}.xml"/>'
        for one in every
    )
    return {
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{named}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}">{led}'
        "</Relationships>",
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_TYPES}">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f"{types}</Types>",
    }
