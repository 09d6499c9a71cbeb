"""CSV files as spreadsheets and people make them are read row by row, in flat memory."""

import io
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import InvalidInput
from operations.columns import CONTACT_FIELDS, Field, match_columns
from operations.csv_sheet import CsvSheet
from operations.rows import MAX_COLUMNS, MAX_RECORD, BadRow, DataRow

TEXT = "téléphone;prénom;ville\r\n0639980001;Zoé;Châtel\r\n0639980002;Noël;Pré\r\n"


def sheet(content: str | bytes) -> CsvSheet:
    return CsvSheet(io.BytesIO(content.encode() if isinstance(content, str) else content))


def cells(content: str | bytes) -> list[list[str]]:
    return [row.cells for row in sheet(content).rows() if isinstance(row, DataRow)]


def bad(content: str | bytes) -> list[BadRow]:
    return [row for row in sheet(content).rows() if isinstance(row, BadRow)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_usual_encoding_gives_the_same_rows(encoding: str) -> None:
    content = TEXT.encode(encoding)
    assert sheet(content).header == ("téléphone", "prénom", "ville")
    assert cells(content) == [["0639980001", "Zoé", "Châtel"], ["0639980002", "Noël", "Pré"]]


def test_a_file_of_two_encodings_keeps_both() -> None:
    content = "tel;nom\n1;Zoé\n".encode() + "2;Noël\n".encode("cp1252")
    assert cells(content) == [["1", "Zoé"], ["2", "Noël"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found(delimiter: str, newline: str) -> None:
    content = newline.join(
        delimiter.join(row) for row in (["tel", "nom"], ["1", "a"], ["2", "b"], ["", ""])
    )
    assert sheet(content).delimiter == delimiter
    assert cells(content) == [["1", "a"], ["2", "b"]]


def test_commas_within_cells_do_not_win_over_the_separator() -> None:
    content = 'nom;telephone;avis\n"Roÿ, Zoé, Noé, Léa";1;"a, b, c"\nPâris, A, B, C;2;a, b, c\n'
    assert sheet(content).delimiter == ";"


def test_excel_s_separator_line_is_obeyed() -> None:
    content = "sep=,\ntel,nom\n1,a;b;c\n"
    assert sheet(content).header == ("tel", "nom")
    assert [row.line for row in sheet(content).rows()] == [3]


def test_one_column_without_separator_is_a_list() -> None:
    assert cells("téléphone\n06 39 98 00 01\n") == [["06 39 98 00 01"]]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = 'tel;note\n1;"a\nb"\n\n;\n2;c\n'
    assert [row.line for row in sheet(content).rows()] == [2, 6]


def test_missing_cells_at_the_end_are_empty_and_extra_ones_are_refused() -> None:
    assert cells("tel;a;b\n1\n2;x;y;;\n") == [["1", "", ""], ["2", "x", "y"]]
    (row,) = bad("tel;a\n1;x;y\n")
    assert (row.line, row.code) == (2, "too_many_cells")
    assert "3 cells" in row.reason


def test_a_nul_is_refused_with_its_row_alone() -> None:
    content = "tel;a\n" + "1;x\n" * 3000 + "2;\0\n3;y\n"
    (row,) = bad(content)
    assert (row.line, row.code) == (3002, "nul_character")
    assert cells(content)[-1] == ["3", "y"]


def test_a_quote_that_nothing_closes_names_the_lines_it_swallowed() -> None:
    rows = "".join(f"{number};b;c\n" for number in range(60))
    (row,) = bad(f'tel;a;b\n1;"x;y\n{rows}')
    assert (row.line, row.code) == (2, "endless_row")
    assert "Lines 2 to 62" in row.reason


def test_an_endless_quote_costs_a_stretch_of_the_file_and_not_the_rest() -> None:
    rows = "".join(f"{number};b;c\n" for number in range(40_000))
    content = f'tel;a;b\n1;"x;y\n{rows}'
    (row,) = bad(content)
    read = cells(content)
    assert row.line == 2
    assert read[-1] == ["39999", "b", "c"]
    last = int(row.reason.split(" to ")[1].split()[0])
    assert len(read) == 40_000 + 2 - last


def test_a_line_without_end_is_refused_in_bounded_memory() -> None:
    content = b"tel;a\n1;" + b"x" * (40 * MAX_RECORD) + b"\n2;y\n"
    file = io.BytesIO(content)
    tracemalloc.start()
    found = list(CsvSheet(file).rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(found[0], BadRow)
    assert (found[0].line, found[0].code) == (2, "endless_row")
    assert found[1:] == [DataRow(3, ["2", "y"])]
    assert peak < 16 * MAX_RECORD


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n;;\n", "empty"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"0639980001;a\n", "column names"),
        (b";".join([b"a"] * (MAX_COLUMNS + 1)), "columns"),
        (b"a" * (MAX_RECORD + 1), "too long"),
        (b"a" * 150_000, "too long"),
    ],
)
def test_what_is_no_list_is_refused_in_plain_words(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        sheet(content)


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_or_a_refusal(content: bytes) -> None:
    with suppress(InvalidInput):
        for row in sheet(content).rows():
            assert row.line > 1


@pytest.mark.parametrize(
    ("header", "phone"),
    [
        ("nom;Téléphone", 1),
        ("N° de téléphone;nom", 0),
        ("TEL. PORTABLE;nom", 0),
        ("Telephone fixe;Tél mobile", 1),
        ("phone_number;name", 0),
        ("Numéro;nom", 0),
    ],
)
def test_the_column_of_numbers_is_found_by_its_name(header: str, phone: int) -> None:
    assert match_columns(header.split(";"), CONTACT_FIELDS).places[Field.PHONE] == phone


def test_known_columns_are_found_and_the_others_kept_by_name() -> None:
    header = ["Identifiant", "tel", "Date de consentement", "Formulation", "", "bureau", "bureau"]
    columns = match_columns(header, CONTACT_FIELDS)
    assert columns.places == {
        Field.EXTERNAL_ID: 0,
        Field.PHONE: 1,
        Field.CONSENT_DATE: 2,
        Field.WORDING_ID: 3,
    }
    assert columns.others == ((4, "column 5"), (5, "bureau"), (6, "bureau (7)"))
    assert columns.name_of(Field.CONSENT_SOURCE) == "consent_source"


def test_the_user_s_own_choice_comes_first() -> None:
    header = ["tel", "tel bureau", "id"]
    chosen = match_columns(
        header, CONTACT_FIELDS, {Field.PHONE: "tel bureau", Field.EXTERNAL_ID: ""}
    )
    assert chosen.places == {Field.PHONE: 1}
    with pytest.raises(InvalidInput, match="no column «portable»"):
        match_columns(header, CONTACT_FIELDS, {Field.PHONE: "portable"})


def test_a_list_without_numbers_says_what_it_has() -> None:
    with pytest.raises(InvalidInput, match=r"prenom, nom"):
        match_columns(["prenom", "nom"], CONTACT_FIELDS)
