"""What an export beside the calls is judged by, and that what it exports is what was made."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.downloading import Taken, rows_of
from bench.exporting import Found, broken, past, result
from operations.call_exports import attempts
from operations.exports import csv_pieces
from operations.workspace import open_workspace
from operations.xlsx.writing import xlsx_pieces
from store import controllers
from store.engine import writing


def found(rows: int = 1000, memory: tuple[float, float] = (100.0, 110.0)) -> Found:
    small = [Taken("csv", 100, 0.0, 1.0, 1), Taken("xlsx", 100, 1.0, 2.0, 1)]
    large = [Taken("csv", rows, 30.0, 40.0, 1), Taken("xlsx", rows, 40.0, 60.0, 1)]
    return Found([(10.0, 20.0), (70.0, 80.0)], (34.0, 60.0), small, large, memory)


STEADY = [place / 10 for place in range(1000)]
"""Ten calls a second."""


def test_a_dialer_that_is_not_disturbed_keeps_its_rate() -> None:
    figures = result(found(), STEADY, 1000)
    assert figures["rate_with_over_without"] == pytest.approx(1, abs=0.02)
    assert figures["rows_per_second"] == 50, "of the slower form"
    assert figures["memory_ratio"] == pytest.approx(1.1)
    assert broken(figures) == []


def test_what_is_slowed_lost_or_piled_up_is_missed() -> None:
    slowed = [at for at in STEADY if not 34 <= at < 36]
    assert broken(result(found(), slowed, 1000)) == ["rate_with_over_without"]
    assert broken(result(found(rows=999), STEADY, 1000)) == ["rows_right"]
    assert broken(result(found(memory=(100.0, 130.0)), STEADY, 1000)) == ["memory_ratio"]


def test_a_past_campaign_has_so_many_attempts_and_files_are_counted_whole(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "portevoix.toml").write_text("")
    workspace = open_workspace(home)
    with writing(workspace.engine) as connection:
        controller = controllers.ensure(connection, "Bench", datetime.now(UTC))
    workspace.engine.dispose()
    for place, rows in ((1, 30), (2, 2500)):
        campaign = past(home / "portevoix.db", controller, place, rows)
        for form, pieces in (("csv", csv_pieces), ("xlsx", xlsx_pieces)):
            exported = attempts(workspace, controller, campaign)
            path = tmp_path / f"{place}.{form}"
            path.write_bytes(b"".join(pieces(exported.header, exported.pages)))
            assert rows_of(path) == rows
    workspace.engine.dispose()
