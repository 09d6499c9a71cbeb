"""Backup, restore and sizing as a shell sees them."""

import json
import re
from pathlib import Path

import pytest
from cli_subjects import Command
from typer.testing import CliRunner, Result

from campaigns.webhook import EventKind
from cli.main import app
from operations.webhooks import make_webhook
from operations.workspace import Workspace


@pytest.fixture(autouse=True)
def no_giving_way_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.backup.give_way", lambda: None)


def restore(home: Path, *arguments: object) -> Result:
    words = ["--home", str(home), "restore", *map(str, arguments), "--by", "Ana"]
    return CliRunner().invoke(app, words)


def test_there_and_back(
    portevoix: Command, workspace: Workspace, campaign_file: Path, tmp_path: Path
) -> None:
    assert portevoix("campaign", "prepare", str(campaign_file)).exit_code == 0
    make_webhook(workspace, 1, "https://crm.example/hook", [EventKind.LIST_IMPORTED], "Ana")
    assert portevoix("key", "make", "crm").exit_code == 0
    file, key = tmp_path / "backup", tmp_path / "key"
    done = portevoix("backup", str(file), "--by", "Ana")
    assert done.exit_code == 0, done.stderr
    assert "suppression key is not in it" in done.stderr
    assert portevoix("suppressions", "key", "backup", str(key)).exit_code == 0
    done = restore(tmp_path / "new", file, "--key", key)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert done.stdout.count("✓ ok") == 3
    assert "Campaigns held: 1." in done.stderr
    assert "Webhooks at rest: 1." in done.stderr
    assert "API keys put out of force: 1," in done.stderr

    def new(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["--home", str(tmp_path / "new"), *arguments])

    assert "restored from a backup, calls since" in new("campaign", "show", "1").stdout
    assert re.search(r"crm\.example.*list\.imported.*20\d\d-", new("webhook", "list").stdout)
    assert new("webhook", "resume", "1", "--by", "Ana").exit_code == 0
    assert not re.search(r"list\.imported.*20\d\d-", new("webhook", "list").stdout)
    assert new("webhook", "resume", "2", "--by", "Ana").exit_code == 1
    again = portevoix("audit", "show", "--everybody").stdout
    assert "backup.make" in again


def test_what_the_journals_do_not_tell_is_said(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    portevoix("backup", str(tmp_path / "backup"), "--by", "Ana")
    saved = tmp_path / "saved"
    saved.mkdir()
    lines = ["start|A|99", "start|B", "optout|B|1772449200000", "nothing"]
    (saved / "00000001.journal").write_text("\n".join(lines) + "\n")
    done = restore(tmp_path / "new", tmp_path / "backup", "--journals", saved)
    said = " ".join(done.stderr.split())
    for one in (
        "1 calls went to people of lists that came later", "1 calls of which the journals",
        "1 of these calls had a 9", "1 lines of the journals",
    ):  # fmt: skip
        assert one in said


def test_journals_are_given_for_each_node(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    portevoix("backup", str(tmp_path / "backup"), "--by", "Ana")
    words = []
    for index, node in enumerate(("", "a=", "b=")):
        saved = tmp_path / f"saved{index}"
        saved.mkdir()
        (saved / "00000001.journal").write_text(f"start|A{index}|99\n")
        words += ["--journals", f"{node}{saved}"]
    done = restore(tmp_path / "new", tmp_path / "backup", *words)
    assert "The journals (3 files brought in)" in " ".join(done.stdout.split())
    assert "3 calls went to people of lists that came later" in " ".join(done.stderr.split())
    for node in ("a", "b"):
        assert (tmp_path / "new/nodes" / node / "pbx/journal/00000001.journal").is_file()


@pytest.mark.parametrize("wrong", ["nowhere", "a=nowhere", "A=."])
def test_journals_that_are_not_there_are_refused_before_anything_is_put_back(
    portevoix: Command, workspace: Workspace, tmp_path: Path, wrong: str
) -> None:
    portevoix("backup", str(tmp_path / "backup"), "--by", "Ana")
    done = restore(tmp_path / "new", tmp_path / "backup", "--journals", wrong)
    assert done.exit_code != 0
    assert "is no directory" in done.stderr
    assert not (tmp_path / "new").exists()


def test_keys_are_kept_where_that_is_said(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    portevoix("key", "make", "crm")
    portevoix("backup", str(tmp_path / "backup"), "--by", "Ana")
    done = restore(tmp_path / "new", tmp_path / "backup", "--keep-keys")
    assert "out of force" not in done.stderr
    assert "what was changed of users and keys" in done.stderr
    listed = CliRunner().invoke(app, ["--home", str(tmp_path / "new"), "key", "list"])
    assert "crm" in listed.stdout


def test_without_the_key_it_says_that_nobody_is_called(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    portevoix("backup", str(tmp_path / "backup"), "--by", "Ana")
    done = restore(tmp_path / "new", tmp_path / "backup")
    assert done.exit_code == 1
    assert "nobody is called before it is back" in done.stderr


def test_an_existing_file_is_not_written_over(
    portevoix: Command, workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "notes"
    file.write_text("mine")
    done = portevoix("backup", str(file))
    assert (done.exit_code, file.read_text()) == (1, "mine")


def test_a_campaign_is_sized_before_there_is_one(portevoix: Command) -> None:
    found = json.loads(portevoix("size", "500000", "--json").stdout)
    assert (found["calls"], found["machines"]) == (500_000, 1)
    assert "hours of calling" in portevoix("size", "500000").stdout
    assert portevoix("size", "0").exit_code == 1
