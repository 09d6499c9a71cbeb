"""A file of attempts opens in any spreadsheet and runs nothing there."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.outcome_report import _COLUMNS, write_attempts


def attempt(**values: Any) -> dict[str, Any]:
    return {**dict.fromkeys(_COLUMNS), "id": "01M7ZYXW1EAKNT1PA78T3Z8S9W", "heard_ms": 0, **values}


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    file = tmp_path / "attempts.csv"
    hostile = ["=HYPERLINK(1)", "+33639980001", "-1", "@SUM", "\tx", "\rx"]
    assert write_attempts(file, [attempt(external_id=text, tech=text) for text in hostile]) == 6
    for row, text in zip(rows_of(file), hostile, strict=True):
        assert row["external_id"] == row["tech"] == "'" + text


def test_instants_carry_their_zone_and_what_is_missing_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "attempts.csv"
    write_attempts(file, [attempt(sent_at=datetime(2026, 11, 21, 10, tzinfo=UTC))])
    (row,) = rows_of(file)
    assert row["sent_at"] == "2026-11-21T10:00:00+00:00"
    assert row["answered_at"] == ""


def test_no_attempt_is_a_file_with_headings(tmp_path: Path) -> None:
    file = tmp_path / "attempts.csv"
    assert write_attempts(file, []) == 0
    assert file.read_text("utf-8-sig").startswith("id;line;external_id;number;")
