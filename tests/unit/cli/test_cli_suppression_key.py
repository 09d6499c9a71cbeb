"""The suppression key as a shell sees it."""

from pathlib import Path

import pytest
from cli_subjects import Command

from cli.doctor import keeping
from cli.doctor.check import Level
from operations.settings import load
from operations.suppression_key import FILE_NAME
from operations.workspace import Workspace


def checks(home: Path) -> dict[str, tuple[Level, str]]:
    return {one.name: (one.level, one.detail) for one in keeping.look(load(home))}


def test_a_lost_key_stops_the_dialer_and_the_doctor_says_so(
    portevoix: Command, workspace: Workspace, home: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    assert portevoix("suppressions", "key", "backup", str(backup)).exit_code == 0
    assert checks(home)["suppression key"][0] is Level.OK
    (home / FILE_NAME).unlink()
    refused = portevoix("dialer")
    assert refused.exit_code != 0
    assert "suppressions key restore FILE" in refused.stderr
    level, detail = checks(home)["suppression key"]
    assert level is Level.FAULT
    assert "nobody is called" in detail
    assert portevoix("suppressions", "key", "restore", str(backup)).exit_code == 0
    assert checks(home)["suppression key"][0] is Level.OK


def test_an_existing_file_is_not_written_over(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "notes"
    file.write_text("mine")
    done = portevoix("suppressions", "key", "backup", str(file))
    assert (done.exit_code, file.read_text()) == (1, "mine")


def test_an_erased_number_is_listed_as_such(portevoix: Command, workspace: Workspace) -> None:
    portevoix("key", "make", "site", "--controller", "Comité")
    portevoix("suppressions", "add", "06 39 98 00 01")
    done = portevoix("erase", "06 39 98 00 01", "--by", "DPO")
    assert done.exit_code == 0
    assert done.stdout.startswith("+33 6 39 •• •• 01 is erased.")
    listed = portevoix("suppressions", "list").stdout
    assert "erased" in listed
    assert "manual" in listed
    assert "39980001" not in listed
    assert "suppressed" in portevoix("why", "06 39 98 00 01").stdout


@pytest.mark.parametrize("command", [["erase"], ["request", "open", "erasure"]])
def test_a_number_that_is_none_is_refused_with_its_reason(
    portevoix: Command, workspace: Workspace, command: list[str]
) -> None:
    portevoix("key", "make", "site", "--controller", "Comité")
    done = portevoix(*command, "06 39")
    assert done.exit_code == 1
    assert done.stderr
