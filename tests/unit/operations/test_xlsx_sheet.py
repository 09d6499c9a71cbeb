"""Workbooks as Excel and others write them are read row by row, as their owners see them."""

import io

import pytest
from workbooks import (
    SHEET,
    STRINGS,
    inline,
    of_rows,
    packed,
    sheet,
    standing,
    strings,
    workbook,
)

from campaigns.errors import InvalidInput
from operations.rows import BadRow, DataRow, Sheet
from operations.spreadsheet import open_sheet

STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="0000000000"/>'
    '<numFmt numFmtId="165" formatCode="dd/mm/yyyy;@"/>'
    '<numFmt numFmtId="166" formatCode="#,##0\\ &quot;day&quot;"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="166"/><xf numFmtId="22"/></cellXfs>'
)


def opened(content: bytes) -> Sheet:
    return open_sheet(io.BytesIO(content))


def cells(content: bytes) -> list[list[str]]:
    return [row.cells for row in opened(content).rows() if isinstance(row, DataRow)]


def bad(content: bytes) -> list[BadRow]:
    return [row for row in opened(content).rows() if isinstance(row, BadRow)]


def number(written: str, style: int = 0, book: str = "") -> str:
    """What a cell that is written so is read as."""
    head = inline("tel", line=1)
    row = f'<row r="2"><c r="A2" s="{style}"><v>{written}</v></c></row>'
    ((cell,),) = cells(of_rows(head + row, styles=STYLES, book=book))
    return cell


def test_texts_and_numbers_come_as_they_were_typed() -> None:
    content = workbook([["téléphone", "nom", "voix"], ["06 39 98 00 01", "Zoé", 3], [639980002]])
    assert opened(content).header == ("téléphone", "nom", "voix")
    assert cells(content) == [["06 39 98 00 01", "Zoé", "3"], ["639980002", "", ""]]


def test_rows_are_named_by_their_place_in_the_worksheet() -> None:
    content = workbook([[], ["tel", "nom"], [], [1, "a"], ["", ""], [2, "b"]])
    assert [row.line for row in opened(content).rows()] == [4, 6]


@pytest.mark.parametrize(
    ("written", "style", "read"),
    [
        ("639980001", 0, "639980001"),
        ("6.39980001E8", 0, "639980001"),
        ("3.3639980001E10", 0, "33639980001"),
        ("639980001", 2, "0639980001"),
        ("6.39980001E8", 2, "0639980001"),
        ("12.5", 0, "12.5"),
        ("0.1", 0, "0.1"),
        ("1E+300", 0, "1E+300"),
        ("NaN", 1, "NaN"),
        ("45730", 1, "2025-03-14"),
        ("45730", 3, "2025-03-14"),
        ("45730", 4, "45730"),
        ("45730.5", 5, "2025-03-14 12:00:00"),
        ("45730.999999", 5, "2025-03-15"),
        ("0.25", 5, "06:00:00"),
        ("1", 1, "1900-01-01"),
        ("59", 1, "1900-02-28"),
        ("61", 1, "1900-03-01"),
        ("-1", 1, "-1"),
        ("99999999", 1, "99999999"),
        ("45730", 999, "45730"),
    ],
)
def test_a_number_is_read_as_it_is_shown(written: str, style: int, read: str) -> None:
    assert number(written, style) == read


def test_days_may_be_counted_from_1904() -> None:
    assert number("44268", 1, book='<workbookPr date1904="1"/>') == "2025-03-14"


def test_the_first_worksheet_that_holds_anything_is_read_and_named() -> None:
    rows = inline("tel", line=1) + inline("0639980001", line=2)
    parts = standing(names=("-Brouillon", "Vide", "Contacts", "Notes"))
    parts |= {SHEET: sheet(inline("x", line=1)), "xl/worksheets/sheet2.xml": sheet("<row/>")}
    parts |= {"xl/worksheets/sheet3.xml": sheet(rows), "xl/worksheets/sheet4.xml": sheet("")}
    found = opened(packed(parts))
    assert found.header == ("tel",)
    assert found.read_as == ("XLSX, worksheet «Contacts»; not read: «Vide», «Notes», «Brouillon»")


def test_a_title_and_merged_headings_above_the_column_names_are_passed_over() -> None:
    rows: list[list[str | int | float | None]] = [
        ["Liste des adhérents, mars 2025"],
        ["Identité", None, "Contact"],
        ["nom", "prénom", "portable"],
        ["Martin", "Zoé", 639980001],
    ]
    content = workbook(rows)
    assert opened(content).header == ("nom", "prénom", "portable")
    assert [row.line for row in opened(content).rows()] == [4]


def test_the_result_of_a_formula_counts_and_one_without_is_refused_alone() -> None:
    rows = (
        inline("tel", "nom", line=1)
        + '<row r="2"><c r="A2" t="str"><f>"0"&amp;B9</f><v>0639980001</v></c></row>'
        + '<row r="3"><c r="A3"><f>1+1</f></c><c r="B3" t="inlineStr"><is><t>x</t></is></c></row>'
        + '<row r="4"><c r="A4" t="str"><f>IF(1,"")</f><v></v></c></row>'
        + '<row r="5"><c r="A5" t="e"><f>B1/0</f><v>#DIV/0!</v></c></row>'
    )
    assert cells(of_rows(rows)) == [["0639980001", ""], ["#DIV/0!", ""]]
    (row,) = bad(of_rows(rows))
    assert (row.line, row.code) == (3, "formula_without_value")
    assert (row.field, row.value) == ("tel", "=1+1")
    assert "A3" in row.reason
    assert "save it" in row.remedy


def test_rich_texts_are_joined_without_how_they_are_pronounced() -> None:
    item = (
        "<si><r><t>06 39</t></r><r><rPr/><t> 98 00 01</t></r><rPh><t>zero</t></rPh></si>"
        "<si><t>deux_x000D_lignes_xD800_</t></si>"
    )
    rows = inline("tel", "nom", line=1)
    rows += '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c></row>'
    content = packed({**standing(), SHEET: sheet(rows), STRINGS: strings(item)})
    assert cells(content) == [["06 39 98 00 01", "deux\rlignes\N{REPLACEMENT CHARACTER}"]]


def test_prefixed_names_and_cells_without_a_place_are_read() -> None:
    rows = inline("tel", "nom", line=1) + inline("0639980001", "Zoé", line=2)
    prefixed = sheet(rows).replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")
    prefixed = prefixed.replace("xmlns=", "xmlns:x=")
    content = packed({**standing(), SHEET: prefixed})
    assert cells(content) == [["0639980001", "Zoé"]]


def test_a_reference_to_no_text_costs_its_row_alone() -> None:
    rows = inline("tel", line=1) + '<row r="2"><c r="A2" t="s"><v>77</v></c></row>'
    content = of_rows(rows + inline("0639980001", line=3))
    (row,) = bad(content)
    assert (row.line, row.field, row.code) == (2, "tel", "lost_text")
    assert cells(content) == [["0639980001"]]


def test_thousands_of_shared_texts_are_found_in_any_order() -> None:
    count = 1000
    items = "".join(f"<si><t>Nom {place}</t></si>" for place in range(count))
    rows = inline("tel", line=1) + "".join(
        f'<row r="{line}"><c t="s"><v>{(line * 577) % count}</v></c></row>'
        for line in range(2, count)
    )
    content = packed({**standing(), SHEET: sheet(rows), STRINGS: strings(items)})
    assert cells(content) == [[f"Nom {(line * 577) % count}"] for line in range(2, count)]


def test_a_row_number_that_goes_back_does_not_hide_a_row() -> None:
    rows = inline("tel", line=1) + inline("a", line=5) + inline("b", line=5) + inline("c", line=2)
    assert [row.line for row in opened(of_rows(rows)).rows()] == [5, 6, 7]


def test_a_workbook_of_other_programs_is_named() -> None:
    with pytest.raises(InvalidInput, match="OpenDocument"):
        opened(packed({"mimetype": "x", "content.xml": "<x/>"}))
    with pytest.raises(InvalidInput, match="xlsb"):
        opened(packed({"xl/workbook.bin": b"\1"}))


def test_a_workbook_and_a_csv_of_the_same_cells_are_the_same_list() -> None:
    rows = [["téléphone", "nom"], ["06 39 98 00 01", "Zoé; «x»"], ["", "Noé"], ["06399800", ""]]
    text = "\n".join(";".join(f'"{cell}"' for cell in row) for row in rows)
    ours, theirs = opened(workbook(rows)), opened(text.encode())
    assert ours.header == theirs.header
    assert list(ours.rows()) == list(theirs.rows())
