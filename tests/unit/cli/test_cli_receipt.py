"""Receipts and requests as a shell sees them."""

import json
from pathlib import Path

import pytest
from cli_subjects import Command
from receipts import SECRET, full_house

from operations.workspace import Workspace

NUMBER = "06 39 98 00 01"


@pytest.fixture(autouse=True)
def full(workspace: Workspace) -> None:
    full_house(workspace)


def ours(portevoix: Command, *arguments: str) -> str:
    done = portevoix(*arguments, "--controller", "Comité")
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_text_is_french_unless_english_is_asked_for(portevoix: Command) -> None:
    assert "Ce que nous détenons" in ours(portevoix, "receipt", NUMBER)
    assert "What we hold" in ours(portevoix, "receipt", NUMBER, "--language", "en")


def test_json_is_one_object_without_anything_of_another_controller(portevoix: Command) -> None:
    said = ours(portevoix, "receipt", NUMBER, "--format", "json")
    assert json.loads(said)["lists"][0]["supplier"] == "Fichiers SA"
    assert SECRET not in said


def test_a_pdf_is_a_file_for_nobody_else(portevoix: Command, tmp_path: Path) -> None:
    file = tmp_path / "receipt.pdf"
    ours(portevoix, "receipt", NUMBER, "--format", "pdf", "--to", str(file))
    assert file.read_bytes().startswith(b"%PDF")
    assert file.stat().st_mode & 0o777 == 0o600


def test_whose_receipt_must_be_said_where_there_are_several(portevoix: Command) -> None:
    done = portevoix("receipt", NUMBER)
    assert done.exit_code == 1
    assert "--controller" in done.stderr


def test_a_controller_that_cannot_be_reached_is_told(portevoix: Command) -> None:
    done = portevoix("receipt", NUMBER, "--controller", "Comité")
    assert "[privacy.contacts]" in done.stderr


def test_a_request_from_its_opening_to_its_answer(portevoix: Command) -> None:
    said = ours(portevoix, "request", "open", "erasure", NUMBER, "--received-on", "2026-01-05")
    assert "answered by 2026-02-05" in said
    late = ours(portevoix, "request", "list")
    assert "days late" in late
    erased = ours(portevoix, "erase", NUMBER, "--by", "DPO")
    assert "Kept: refusals (1)" in erased
    listed = ours(portevoix, "request", "list", "--all", "--json")
    rows = [json.loads(line) for line in listed.splitlines()]
    assert [(one["kind"], one["answer"], one["number"]) for one in rows] == [
        ("erasure", "erased", ""), ("access", None, ""),
    ]  # fmt: skip
    ours(portevoix, "request", "close", "1", "--answer", "receipt sent")
    assert ours(portevoix, "request", "list") == ""


def test_what_was_not_asked_for_on_the_page_is_not_released_there(portevoix: Command) -> None:
    ours(portevoix, "request", "open", "access", NUMBER)
    refused = portevoix("request", "release", "1", "1234", "--controller", "Comité")
    assert refused.exit_code == 1
    assert "was not asked for on the public page" in refused.stderr
