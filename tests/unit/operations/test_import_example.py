"""The list in examples/ is what its maker makes, and holds the faults it announces."""

import csv
import runpy
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from campaigns.contacts.basis import Evidence, Provenance
from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import parse
from operations.import_list import import_list
from store import controllers
from store.engine import open_engine, sqlite_url, writing
from store.schema import upgrade

EXAMPLES = Path(__file__).parents[3] / "examples"
PROVENANCE = Provenance(
    "Comité de soutien",
    "bulletins et formulaire",
    date(2025, 12, 31),
    ("political",),
    {"voix-papier-1": "...", "voix-site-2": "..."},
)


def test_its_maker_makes_it_byte_for_byte(tmp_path: Path) -> None:
    made = runpy.run_path(str(EXAMPLES / "make_contacts.py"))
    made["write"](tmp_path / "contacts.csv")
    assert (tmp_path / "contacts.csv").read_bytes() == (EXAMPLES / "contacts.csv").read_bytes()


def test_it_has_a_thousand_rows_and_only_fictional_numbers() -> None:
    with (EXAMPLES / "contacts.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    assert len(rows) == 1000
    readable = 0
    for row in rows:
        try:
            number = parse(row["telephone"])
        except InvalidNumber:
            continue
        readable += 1
        assert number.fictional, row
    assert readable == 991


def test_its_faults_are_found(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "example.db"))
    upgrade(engine)
    with writing(engine) as connection:
        controller = controllers.ensure(connection, "Exemple", datetime.now(UTC))
    with (EXAMPLES / "contacts.csv").open("rb") as file:
        report = import_list(
            engine, controller, file,
            name="Exemple", file_name="contacts.csv", provenance=PROVENANCE, by="test",
        )  # fmt: skip
    engine.dispose()
    assert (report.rows, report.accepted, report.rejected) == (1000, 990, 10)
    assert report.evidence == {Evidence.NONE: 0, Evidence.LIST: 3, Evidence.ROW: 987}
    assert report.reasons == dict.fromkeys(
        (
            "duplicate", "empty", "extension", "foreign", "letters", "premium",
            "scientific_notation", "short_number", "special_number", "too_short",
        ),
        1,
    )  # fmt: skip


@pytest.mark.parametrize("column", ["prenom", "nom", "commune"])
def test_it_has_accents(column: str) -> None:
    with (EXAMPLES / "contacts.csv").open(encoding="utf-8-sig", newline="") as file:
        words = {row[column] for row in csv.DictReader(file, delimiter=";")}
    assert any(not word.isascii() for word in words)
