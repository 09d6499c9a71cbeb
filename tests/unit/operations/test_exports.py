"""What Porte-voix writes for a spreadsheet runs nothing there, and can be read back."""

import csv
import io
from pathlib import Path

import pytest

from campaigns.contacts.phone import parse
from operations.exports import write_csv

ROOT = Path(__file__).parents[3]


def written(*cells: object) -> list[str]:
    text = io.StringIO(newline="")
    assert write_csv(text, ["a"] * len(cells), [cells]) == 1
    return list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=";"))[1]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_begins_as_a_formula_does(sign: str) -> None:
    assert written(sign + "1+1", "x" + sign) == [f"'{sign}1+1", "x" + sign]


def test_figures_and_what_is_missing_stay_as_they_are() -> None:
    assert written(-3, 2.5, None, True) == ["-3", "2.5", "", "True"]


def test_a_number_stays_whole_and_can_be_imported_again() -> None:
    (cell,) = written("+33639980001")
    assert cell == "'+33639980001"
    assert parse(cell).e164 == "+33639980001"


def test_every_csv_for_people_is_written_in_this_one_place() -> None:
    packages = ("api", "cli", "operations", "dialer", "store", "audio", "rehearsal", "campaigns")
    found = [
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if "csv.writer" in path.read_text() or "DictWriter" in path.read_text()
    ]
    assert found == ["operations/exports.py"]
