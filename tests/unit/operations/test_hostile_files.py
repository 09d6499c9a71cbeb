"""Odd and hostile files: each is read as far as it can be, or refused in plain words.

Nothing crashes, nothing takes much memory, and nothing is left half imported.
"""

import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import hostile_workbooks as made
import pytest
from sqlalchemy import Engine
from workbooks import SHEET, inline, of_rows, packed, sheet, standing, workbook

from campaigns.contacts.basis import Provenance
from campaigns.errors import InvalidInput
from operations.import_list import import_list
from operations.import_list import rejects as rejects_of
from operations.rows import MAX_COLUMNS
from store import controllers, lists
from store.engine import open_engine, reading, sqlite_url, writing
from store.schema import upgrade

PROVENANCE = Provenance("Comité", "form", date(2025, 9, 1), ("political",), {"w1": "J'accepte."})
MOST_MEMORY_MB = 16


@dataclass(frozen=True)
class Refused:
    """The whole file is refused: the field, and words of the reason and of the remedy."""

    field: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Read:
    """The file is read: how many contacts it gives, and which lines are refused as what."""

    accepted: int
    refused: dict[int, str] = field(default_factory=dict)


CUT = Refused("file", "damaged or was cut short", "save it again as .xlsx")
LOCKED = Refused("file", "password", "without a password")
TOO_LARGE = Refused("file", "would unpack to", "CSV UTF-8")
MISLEADING = Refused("file", "made to mislead", "Ask whoever made it")
NO_BOOK = Refused("file", "zip archive without an Excel workbook", "choose the list in it")
EMPTY = Refused("file", "empty", "Choose the file")
NO_PHONE = Refused("header", "no column looks like a telephone number", "Name it telephone")
NO_NAMES = Refused("header", "holds a telephone number, not column names", "line of column names")
NO_TEXT = Refused("file", "not a text file", "CSV UTF-8")
WEB_PAGE = Refused("file", "a web page or XML", "CSV UTF-8")
NO_ROWS = Refused("file", "column names but no rows", "Choose the file")
WIDE = Refused("file", f"more than {MAX_COLUMNS} columns", "Keep the columns")

HEAD = "telephone;nom\n"
ONE = HEAD + "0639980001;Zoé\n"


def text(content: str, encoding: str = "utf-8") -> bytes:
    return content.encode(encoding)


CSV_FILES: dict[str, tuple[bytes, Refused | Read]] = {
    "nothing": (b"", EMPTY),
    "blank lines": (b"\r\n\n;;\r\n , \n", EMPTY),
    "a byte order mark alone": (b"\xef\xbb\xbf", EMPTY),
    "only a header": (text(HEAD), NO_ROWS),
    "a header and blank rows": (text(HEAD + ";\n;;\n\n"), NO_ROWS),
    "no header": (text("0639980001;Zoé\n0639980002;Noé\n"), NO_NAMES),
    "no column of numbers": (text("nom;ville\nZoé;Paris\n"), NO_PHONE),
    "UTF-8 with its mark": (text(ONE, "utf-8-sig"), Read(1)),
    "UTF-16 with its mark": (text(ONE, "utf-16"), Read(1)),
    "UTF-16, the other way round": (b"\xfe\xff" + text(ONE, "utf-16-be"), Read(1)),
    "UTF-16 without its mark": (
        text(ONE * 2, "utf-16-le"),
        Read(1, {3: "repeated_header", 4: "duplicate"}),
    ),
    "UTF-32 with its mark": (text(ONE, "utf-32"), Read(1)),
    "UTF-16 cut within a letter": (text(ONE, "utf-16")[:-1], Read(1)),
    "Windows-1252": (text("téléphone;prénom\n0639980001;Zoé\n", "cp1252"), Read(1)),
    "two encodings in one file": (text(ONE) + text("0639980002;Noël\n", "cp1252"), Read(2)),
    "bytes that are no letter anywhere": (text(ONE) + b"0639980002;\x81\x8d\n", Read(2)),
    "an overlong zero byte": (text(ONE) + b"06399800\xc0\x8002;x\n", Read(1, {3: "letters"})),
    "Excel's separator line": (text("sep=,\ntelephone,nom\n0639980001,a;b\n"), Read(1)),
    "a separator line and nothing else": (text("sep=;\n"), EMPTY),
    "tabs": (text("telephone\tnom\n0639980001\tZoé, Noé; Léa\n"), Read(1)),
    "bars": (text("nom|telephone\nZoé; Noé|0639980001\n"), Read(1)),
    "mixed line ends": (text("telephone;nom\r0639980001;a\r\n0639980002;b\n0639980003;c"), Read(3)),
    "a line break within quotes": (text(HEAD + '0639980001;"a\r\nb"\n0639980002;c\n'), Read(2)),
    "a quote that nothing closes": (
        text(HEAD + '0639980001;"Zoé\n0639980002;b\n0639980003;c\n'),
        Read(2, {2: "endless_row"}),
    ),
    "a lone quote within a cell": (text(HEAD + '0639980001;5" de pluie\n0639980002;b\n'), Read(2)),
    "a quote in the header that nothing closes": (
        text('"telephone;nom\n0639980001;Zoé\n'),
        Refused("header", "quotation mark", "Mend the line of column names"),
    ),
    "quotes alone": (text(HEAD + '"";""\n"""";""""""\n'), Read(0, {3: "unreadable"})),
    "titles above the header": (text("Adhérents\n;;\n" + ONE), Read(1)),
    "the header again between the rows": (
        text(ONE + HEAD + "0639980002;b\n"),
        Read(2, {3: "repeated_header"}),
    ),
    "two columns of one name": (
        text("telephone;telephone;nom\n0639980001;0199000001;x\n"),
        Read(1),
    ),
    "columns whose new names are taken": (
        text("a;a (3);a;telephone\n1;2;3;0639980001\n"),
        Read(1),
    ),
    "columns without a name": (text(";telephone;\nx;0639980001;y\n"), Read(1)),
    "more cells than columns": (text(ONE + "0639980002;a;b;c\n"), Read(1, {3: "too_many_cells"})),
    "a NUL in a cell": (text(ONE + "0639980002;a\0b\n"), Read(1, {3: "nul_character"})),
    "a NUL in a number": (text(ONE + "06399\x0080002;a\n"), Read(1, {3: "nul_character"})),
    "NULs alone": (b"\0" * 5000, EMPTY),
    "a million separators for a header": (
        b";" * 1_000_000,
        Refused("file", "too long to be column names", "one line for each person"),
    ),
    "a million separators in a row": (
        text(HEAD) + b";" * 1_000_000 + text("\n0639980002;b\n"),
        Read(1, {2: "endless_row"}),
    ),
    "very many columns": (b";".join([b"telephone"] * (MAX_COLUMNS + 1)) + b"\n", WIDE),
    "a cell of a MB": (
        text(HEAD + f"0639980001;{made.LONG}\n0639980002;b\n"),
        Read(1, {2: "endless_row"}),
    ),
    "a quoted cell of a MB": (
        text(HEAD + f'0639980001;"{made.LONG}"\n0639980002;b\n'),
        Read(1, {2: "endless_row"}),
    ),
    "a header of a MB": (
        text(made.LONG),
        Refused("file", "too long to be column names", "one line for each person"),
    ),
    "Excel's ways to keep a number a text": (
        text(HEAD + '="0639980001";a\n"=""0639980002""";b\n\'0639980003;c\n'),
        Read(3),
    ),
    "a number that a spreadsheet rounded": (
        text(HEAD + "6,4E+08;a\n6.39980001E8;b\n"),
        Read(0, {2: "scientific_notation", 3: "scientific_notation"}),
    ),
    "a number without its zero, and as a fraction": (
        text(HEAD + "639980001;a\n639980002.0;b\n33639980003;c\n"),
        Read(3),
    ),
    "formulas": (
        text(HEAD + "=1+1;a\n@SUM(A1);b\n0639980003;=HYPERLINK(A1)\n+cmd|' /C calc'!A0;c\n"),
        Read(1, {2: "unreadable", 3: "letters", 5: "letters"}),
    ),
    "marks of right-to-left writing": (
        text(
            HEAD + "\u200f0639980001\u200e;a\n\u202e0639980002\u202c;b\n\u20670639980003\u2069;c\n"
        ),
        Read(3),
    ),
    "full-width and other digits": (
        text(HEAD + "０６３９９８０００１;a\n٠٦٣٩٩٨٠٠٠٢;b\n＋３３６３９９８０００３;c\n"),
        Read(3),
    ),
    "spaces that nobody sees": (
        text(HEAD + "06\u00a039\u202f98\u200b00\ufeff01;a\n\u3000\u3000;b\n"),
        Read(1, {3: "empty"}),
    ),
    "two numbers in one cell": (
        text(HEAD + "0639980001 / 0639980002;a\n"),
        Read(0, {2: "too_long"}),
    ),
    "a number cut off by hashes": (text(HEAD + "########;a\n"), Read(0, {2: "unreadable"})),
    "emoji and letters": (
        text(HEAD + "📞0639980001;a\nsans;b\n"),
        Read(0, {2: "unreadable", 3: "letters"}),
    ),
    "a number of very many digits": (text(HEAD + "6" * 100_000 + ";a\n"), Read(0, {2: "too_long"})),
    "an old Mac's line ends": (text("telephone;nom\r0639980001;a\r0639980002;b\r"), Read(2)),
    "the mark of the end of a DOS file": (text(ONE) + b"\x1a", Read(1, {3: "unreadable"})),
    "all bytes there are": (bytes(range(256)) * 40, NO_TEXT),
    "JSON": (b'[{"telephone": "0639980001"}]', NO_PHONE),
}

OTHER_FORMATS: dict[str, tuple[bytes, Refused | Read]] = {
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, LOCKED),
    "a web page that is called .xls": (
        b"<html><table><tr><td>telephone</td></tr></table>",
        WEB_PAGE,
    ),
    "a web page with a mark and spaces": (text("\ufeff \n<!DOCTYPE html>"), WEB_PAGE),
    "XML of Excel 2003": (b'<?xml version="1.0"?><Workbook/>', WEB_PAGE),
    "a web page in UTF-16": (text("<html>", "utf-16"), WEB_PAGE),
    "a PDF": (b"%PDF-1.7\n", Refused("file", "a PDF", "CSV UTF-8")),
    "a compressed file": (b"\x1f\x8b\x08\0", Refused("file", "compressed", "Unpack it")),
    "a text document": (b"{\\rtf1 telephone}", Refused("file", "text document", "CSV UTF-8")),
    "an empty archive": (packed({}), Refused("file", "empty or split zip", "Choose the file")),
    "an archive of lists": (packed({"liste.csv": ONE}), NO_BOOK),
    "an OpenDocument table": (
        packed({"content.xml": "<x/>"}),
        Refused("file", "OpenDocument", r"\.xlsx or CSV"),
    ),
    "a binary workbook": (
        packed({"xl/workbook.bin": "x"}),
        Refused("file", "xlsb", r"\.xlsx or CSV"),
    ),
    "a Word document": (
        packed({"word/document.xml": "<x/>"}),
        Refused("file", "Word", "spreadsheet"),
    ),
    "a CSV that is called .xlsx": (text(ONE), Read(1)),
}

WORKBOOKS: dict[str, tuple[bytes, Refused | Read]] = {
    "whole": (made.WHOLE, Read(1)),
    "four bytes of a workbook": (made.WHOLE[:4], CUT),
    "half of a workbook": (made.WHOLE[: len(made.WHOLE) // 2], CUT),
    "all of a workbook but its end": (made.WHOLE[:-1], CUT),
    "a workbook with something before it": (b"PK\3\4" + made.WHOLE, Read(1)),
    "a byte changed on the way": (made.with_wrong_checksum(), CUT),
    "locked": (made.locked(), LOCKED),
    "packed otherwise": (made.compressed_otherwise(), CUT),
    "a directory of 2 GB": (made.endless_directory(), CUT),
    "without its worksheet": (made.without(SHEET), CUT),
    "without its links": (made.without(made.BOOK_LINKS), CUT),
    "without a worksheet in its book": (made.with_part(made.BOOK, "<workbook/>"), EMPTY),
    "with a book that is cut short": (made.with_part(made.BOOK, "<workbook><sheets>"), CUT),
    "with a worksheet that is no XML": (made.with_sheet("telephone;nom"), CUT),
    "with a worksheet that is cut short": (
        made.with_sheet(sheet(made.HEADER + made.PERSON)[:-9]),
        CUT,
    ),
    "without cells": (of_rows(""), EMPTY),
    "with blank cells alone": (workbook([["", " "], [" "]]), EMPTY),
    "only a header": (workbook([["telephone", "nom"]]), NO_ROWS),
    "no column of numbers": (workbook([["nom", "ville"], ["Zoé", "Paris"]]), NO_PHONE),
    "no header": (workbook([[639980001, "Zoé"]]), NO_NAMES),
    "a bomb": (made.bomb(), TOO_LARGE),
    "a bomb that says it is none": (made.lying_bomb(), CUT),
    "a bomb of parts that overlap": (made.overlapping_bomb(), TOO_LARGE),
    "a directory of very many parts": (made.overlapping_bomb(25_000), CUT),
    "archives within archives": (made.nested_bomb(), NO_BOOK),
    "entities that grow": (made.with_document_type(made.LAUGHS, "&l9;"), MISLEADING),
    "an entity from a file": (
        made.with_document_type('<!ENTITY x SYSTEM "file:///etc/hostname">', "&x;"),
        MISLEADING,
    ),
    "an entity from a network": (
        made.with_document_type('<!ENTITY x SYSTEM "http://192.0.2.1/x">', "&x;"),
        MISLEADING,
    ),
    "a document type in the shared texts": (
        made.with_part(made.STRINGS, "<!DOCTYPE sst><sst/>"),
        MISLEADING,
    ),
    "a document type in the links": (
        made.with_part(made.BOOK_LINKS, "<!DOCTYPE x><Relationships/>"),
        MISLEADING,
    ),
    "tags a hundred thousand deep": (made.deep(), MISLEADING),
    "a tag without end": (made.with_a_tag_without_end(), MISLEADING),
    "a text without end": (made.with_a_text_without_end(), Read(1, {2: "cell_too_long"})),
    "a shared text without end": (
        made.with_a_shared_text_without_end(),
        Read(1, {2: "cell_too_long"}),
    ),
    "a row without end": (made.with_a_row_without_end(), Read(1, {2: "row_too_long"})),
    "cells far apart": (made.far_apart(), Read(1, {1_048_576: "too_many_cells"})),
    "very many columns in a row": (made.of_very_many_columns(), Read(1, {2: "too_many_cells"})),
    "very many columns in the header": (
        of_rows(inline("telephone", *["x"] * MAX_COLUMNS, line=1)),
        WIDE,
    ),
    "a worksheet from the network": (made.with_a_link_outside(), EMPTY),
    "a worksheet from the file system": (made.with_a_link_upwards(), CUT),
    "a thousand tabs of one worksheet": (made.with_a_thousand_tabs_of_one_worksheet(), Read(1)),
    "a worksheet in UTF-16": (made.in_utf_16(), Read(1)),
    "a hidden worksheet alone": (made.hidden_only(), Read(1)),
    "strict Open XML": (made.of_strict_office(), Read(1)),
    "formulas": (made.of_formulas(), Read(1, {2: "formula_without_value", 3: "letters"})),
    "numbers instead of texts": (made.of_numbers(), Read(3)),
    "the header again between the rows": (
        workbook([["telephone"], ["0639980001"], ["telephone"]]),
        Read(1, {3: "repeated_header"}),
    ),
    "a NUL in disguise": (
        workbook([["telephone", "nom"], ["0639980001", "a_x0000_b"]]),
        Read(0, {2: "nul_character"}),
    ),
    "cells past the header": (
        workbook([["telephone"], ["0639980001", "x"], ["0639980002"]]),
        Read(1, {2: "too_many_cells"}),
    ),
    "a text that is not there": (
        of_rows(made.HEADER + '<row r="2"><c t="s"><v>9</v></c></row>'),
        Read(0, {2: "lost_text"}),
    ),
}

FILES = [
    pytest.param(content, expected, id=f"{kind}: {name}")
    for kind, files in (("csv", CSV_FILES), ("format", OTHER_FORMATS), ("xlsx", WORKBOOKS))
    for name, (content, expected) in files.items()
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made_engine = open_engine(sqlite_url(tmp_path_factory.mktemp("hostile") / "lists.db"))
    upgrade(made_engine)
    yield made_engine
    made_engine.dispose()


@pytest.fixture
def controller(engine: Engine, request: pytest.FixtureRequest) -> int:
    with writing(engine) as connection:
        return controllers.ensure(connection, request.node.name, datetime.now(UTC))


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_a_file_is_read_or_refused_in_plain_words(
    engine: Engine, controller: int, content: bytes, expected: Refused | Read
) -> None:
    if isinstance(expected, Refused):
        with pytest.raises(InvalidInput, match=expected.why) as caught:
            run(engine, controller, content)
        assert caught.value.field == expected.field
        assert expected.remedy.replace("\\", "") in caught.value.remedy
        with reading(engine) as connection:
            assert lists.all_of(connection, controller) == []
        return
    list_id, accepted = run(engine, controller, content)
    found = list(rejects_of(engine, controller, list_id))
    assert {one.line: one.code for one in found} == expected.refused
    assert accepted == expected.accepted
    assert all(one.reason and one.remedy for one in found)
    with reading(engine) as connection:
        assert lists.one(connection, controller, list_id)["state"] == "ready"


def run(engine: Engine, controller: int, content: bytes) -> tuple[int, int]:
    report = import_list(
        engine, controller, io.BytesIO(content), name="x", file_name="x", provenance=PROVENANCE,
        by="test",
    )  # fmt: skip
    return report.list_id, report.accepted


READ_ALL = """
import sys
from pathlib import Path
from campaigns.errors import InvalidInput
from operations.spreadsheet import open_sheet

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

before = peak()
for path in sorted(Path(sys.argv[1]).iterdir()):
    with path.open("rb") as file:
        try:
            for row in open_sheet(file).rows():
                pass
        except InvalidInput:
            pass
print(peak() - before)
"""


def test_no_file_takes_much_memory(tmp_path: Path) -> None:
    for place, one in enumerate(FILES):
        (tmp_path / f"{place:03}").write_bytes(one.values[0])
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(tmp_path)], cwd=root, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert int(done.stdout) < MOST_MEMORY_MB


def test_a_workbook_of_any_length_takes_the_same_memory(tmp_path: Path) -> None:
    rows = "".join(inline("0639980001", f"Nom {line}", line=line) for line in range(2, 20_000))
    (tmp_path / "long").write_bytes(packed({**standing(), SHEET: sheet(made.HEADER + rows)}))
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(tmp_path)], cwd=Path(__file__).parents[3],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 8
