"""A workbook that is streamed is one that is read back whole, and runs nothing."""

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.rows import DataRow
from operations.spreadsheet import open_sheet
from operations.xlsx.writing import workbook, xlsx_pieces

HEADER = ["telephone", "a", "b"]


def book(*pages: list[list[Any]], **asked: int) -> bytes:
    return b"".join(xlsx_pieces(HEADER, pages, **asked))


def read_back(content: bytes) -> list[list[str]]:
    rows = open_sheet(io.BytesIO(content)).rows()
    return [one.cells for one in rows if isinstance(one, DataRow)]


def test_what_is_written_is_read_back() -> None:
    content = book([["+33639980001", "Élan & <co>", 3], ["x", None, 2.5]], [["y", "", True]])
    assert read_back(content) == [
        ["+33639980001", "Élan & <co>", "3"], ["x", "", "2.5"], ["y", "", "TRUE"]
    ]  # fmt: skip


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "＝"])
def test_no_text_is_a_formula(sign: str) -> None:
    content = book([["x", f"{sign}1+1", "y"]])
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet
    assert f'<c t="inlineStr"><is><t xml:space="preserve">{sign}1+1</t></is></c>' in sheet


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_makes_a_workbook_that_can_be_read(text: str) -> None:
    with zipfile.ZipFile(io.BytesIO(book([["x", text, "y"]]))) as archive:
        assert archive.testzip() is None
    assert read_back(book([["x", text, "y"]]))[0][0] == "x"


def test_each_table_has_a_worksheet_of_its_own() -> None:
    content = workbook([("Jour & nuit", ["day", "n"], [["1 mai", 2]]), ("x" * 40, ["a"], [[None]])])
    assert read_back(content) == [["1 mai", "2"]]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        named = archive.read("xl/workbook.xml").decode()
        assert archive.testzip() is None
    assert 'name="Jour &amp; nuit"' in named
    assert f'name="{"x" * 31}"' in named
    assert archive.namelist().count("xl/worksheets/sheet2.xml") == 1


def test_more_rows_than_a_worksheet_shows_go_on_in_the_next() -> None:
    pages = [[[f"{place}", "a", 1]] * 2 for place in range(5)]
    with zipfile.ZipFile(io.BytesIO(book(*pages, most_rows=4))) as archive:
        sheets = [one for one in archive.namelist() if "worksheets" in one]
        counts = [archive.read(one).decode().count("<row>") for one in sheets]
        workbook = archive.read("xl/workbook.xml").decode()
    assert counts == [5, 5, 3]
    assert workbook.count("<sheet ") == 3


def test_pieces_come_while_pages_do() -> None:
    taken: list[int] = []

    def pages() -> Any:
        for place in range(50):
            taken.append(place)
            yield [["x" * 1000, str(place), place]] * 200

    pieces = xlsx_pieces(HEADER, pages())
    next(pieces)
    assert len(taken) < 40
    pieces.close()  # whoever asked has gone
