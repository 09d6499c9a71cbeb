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


def test_a_quote_that_nothing_closes_costs_its_own_row_alone() -> None:
    rows = "".join(f"{number};b;c\n" for number in range(60))
    content = f'tel;a;b\n1;"x;y\n{rows}'
    (row,) = bad(content)
    assert (row.line, row.code, row.field, row.value) == (2, "endless_row", "a", "x;y")
    assert row.reason
    assert row.remedy
    found = list(sheet(content).rows())
    assert found[1:] == [DataRow(line, [f"{line - 3}", "b", "c"]) for line in range(3, 63)]


def test_a_quote_that_swallows_more_than_a_row_may_hold_loses_nothing() -> None:
    rows = "".join(f"{number};b;c\n" for number in range(40_000))
    content = f'tel;a;b\n1;"x;y\n{rows}'
    (row,) = bad(content)
    assert row.line == 2
    assert cells(content) == [[f"{number}", "b", "c"] for number in range(40_000)]


def test_a_quote_that_swallows_no_row_names_the_lines_that_it_took() -> None:
    content = 'tel;a\n1;"' + "a word or two\n" * 20_000 + '"\n2;y\n'
    row = bad(content)[0]
    assert (row.line, row.code) == (2, "endless_row")
    assert "Lines 2 to " in row.reason
    assert cells(content)[-1] == ["2", "y"]


FIRST, SECOND, THIRD = "0639980001", "0639980002", "0639980003"


@pytest.mark.parametrize(
    ("content", "refused", "kept"),
    [
        pytest.param(
            f'tel;nom;ville\n{FIRST};"Zoé\n{SECOND};b\n{THIRD};c\n',
            {2: "endless_row"}, {3: [SECOND, "b", ""], 4: [THIRD, "c", ""]}, id="short rows",
        ),
        pytest.param(
            f'tel;nom;ville\n{FIRST};"Zoé\n{SECOND}\n{THIRD};"c";d\n',
            {2: "endless_row"}, {3: [SECOND, "", ""], 4: [THIRD, "c", "d"]},
            id="closed by the quote of another row",
        ),
        pytest.param(
            f'nom;tel\n"Zoé;{FIRST}\n"Luc";{SECOND}\nb;{THIRD}\n',
            {2: "endless_row"}, {3: ["Luc", SECOND], 4: ["b", THIRD]},
            id="closed by that of the next row, in the width of one",
        ),
        pytest.param(
            f'"tel","nom"\n"{FIRST}","Zoé\n"{SECOND}","b"\n',
            {2: "endless_row"}, {3: [SECOND, "b"]}, id="everything quoted",
        ),
        pytest.param(
            f'tel\n"{FIRST}\n06 39 98 00 02\n+33 (0)6.39.98.00.03\n',
            {2: "endless_row"}, {3: ["06 39 98 00 02"], 4: ["+33 (0)6.39.98.00.03"]},
            id="one column",
        ),
        pytest.param(
            f'tel;nom\n{FIRST};"Zoé\n{SECOND};"b\n{THIRD};"c\n',
            {2: "endless_row", 3: "endless_row"}, {4: [THIRD, "c\n"]}, id="one after the other",
        ),
        pytest.param(
            f'tel;nom\n{FIRST};"Zoé\n{SECOND};"b\nd"\n{THIRD};c\n',
            {2: "endless_row"}, {3: [SECOND, "b\nd"], 5: [THIRD, "c"]},
            id="closed by a cell of several lines",
        ),
        pytest.param(
            f'tel;note;nom\n{FIRST};"a;b\n{SECOND};c";Zoé\n{THIRD};d;e\n',
            {2: "endless_row", 3: "lone_quote"}, {4: [THIRD, "d", "e"]},
            id="what may be a note is nobody's row",
        ),
        pytest.param(
            f'tel;note\n{FIRST};"2026-01-31 18:30\nrappeler le 2026-02-01 à 18:30"\n{SECOND};\n',
            {}, {2: [FIRST, "2026-01-31 18:30\nrappeler le 2026-02-01 à 18:30"], 4: [SECOND, ""]},
            id="days and hours are no numbers",
        ),
        pytest.param(
            f'adresse;tel\n"12 rue X\n75001 Paris";{FIRST}\n',
            {}, {2: ["12 rue X\n75001 Paris", FIRST]}, id="a number behind a cell of two lines",
        ),
    ],
)  # fmt: skip
def test_a_quote_left_open_swallows_nobody(
    content: str, refused: dict[int, str], kept: dict[int, list[str]]
) -> None:
    rows = list(sheet(content).rows())
    assert {row.line: row.code for row in rows if isinstance(row, BadRow)} == refused
    assert {row.line: row.cells for row in rows if isinstance(row, DataRow)} == kept


@given(st.lists(st.sampled_from(["", "a", 'a"', '"a', '"a"', 'a";"x', '"a""']), max_size=12))
def test_however_quotes_stand_every_number_is_kept_or_its_line_refused(names: list[str]) -> None:
    numbers = [f"06399800{at:02}" for at in range(len(names))]
    content = "tel;nom\n" + "".join(
        f"{number};{name}\n" for number, name in zip(numbers, names, strict=True)
    )
    rows = list(sheet(content).rows())
    assert [row.line for row in rows] == sorted({row.line for row in rows})
    refused = {row.line for row in rows if isinstance(row, BadRow)}
    first = {row.line: row.cells[0] for row in rows if isinstance(row, DataRow)}
    for line, number in enumerate(numbers, start=2):
        assert line in refused or first.get(line) == number


def test_quotes_that_each_row_opens_anew_cost_no_more_than_reading_twice() -> None:
    """Each of these lines ends within quotes, whether it began within them or not."""
    content = "tel;nom;ville\n" + f'{FIRST}";"x\n' * 30_000
    lines = sheet(content)
    reads = 0

    def counted(text: str) -> tuple[list[str], bool]:
        nonlocal reads
        reads += 1
        return alone(text)

    alone = lines._alone
    lines._alone = counted  # type: ignore[method-assign]
    assert all(isinstance(row, BadRow) for row in lines.rows())
    assert reads <= 30_000 + 30


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
