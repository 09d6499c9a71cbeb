"""XLSX workbooks, whole ones and such as nobody should send."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
BOOK, BOOK_LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"

Cell = str | int | float | None


def workbook(rows: Iterable[Sequence[Cell]], **parts: str) -> bytes:
    """A workbook of one worksheet; numbers are numbers, texts are shared strings."""
    texts: list[str] = []
    lines = [_row(line, row, texts) for line, row in enumerate(rows, start=1)]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    return packed({**standing(**parts), SHEET: sheet("".join(lines)), STRINGS: strings(shared)})


def of_rows(data: str, **parts: str) -> bytes:
    """A workbook whose worksheet holds this XML of rows."""
    return packed({**standing(**parts), SHEET: sheet(data)})


def standing(
    book: str = "", names: Sequence[str] = ("Feuil1",), styles: str = ""
) -> dict[str, str]:
    """The parts that hold no cells."""
    tabs = "".join(
        f'<sheet name={quoteattr(name.removeprefix("-"))} sheetId="{place}" r:id="rId{place}"'
        + (' state="hidden"/>' if name.startswith("-") else "/>")
        for place, name in enumerate(names, start=1)
    )
    sheets = "".join(
        _link(f"rId{place}", "worksheet", f"worksheets/sheet{place}.xml")
        for place in range(1, len(names) + 1)
    )
    links = sheets + _link("s", "sharedStrings", "sharedStrings.xml")
    return {
        "[Content_Types].xml": "<Types/>",
        BOOK: (
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">{book}<sheets>{tabs}</sheets></workbook>'
        ),
        BOOK_LINKS: (
            f'<Relationships xmlns="{PACKAGE}">{links}{_link("y", "styles", "styles.xml")}'
            "</Relationships>"
        ),
        STRINGS: strings(""),
        STYLES: f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
    }


def sheet(data: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{data}</sheetData></worksheet>'


def strings(items: str) -> str:
    return f'<sst xmlns="{MAIN}">{items}</sst>'


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def inline(*texts: str, line: int) -> str:
    """A row of texts that are not shared."""
    cells = "".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in texts)
    return f'<row r="{line}">{cells}</row>'


def _row(line: int, row: Sequence[Cell], texts: list[str]) -> str:
    cells = "".join(
        _cell(f"{chr(ord('A') + place)}{line}", cell, texts)
        for place, cell in enumerate(row)
        if cell is not None
    )
    return f'<row r="{line}">{cells}</row>'


def _cell(place: str, cell: Cell, texts: list[str]) -> str:
    if not isinstance(cell, str):
        return f'<c r="{place}"><v>{cell}</v></c>'
    texts.append(cell)
    return f'<c r="{place}" t="s"><v>{len(texts) - 1}</v></c>'


def _link(id_: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{id_}" Type="{LINKS}/{kind}" Target="{target}"/>'
