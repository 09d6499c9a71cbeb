"""The suppression key: made once, kept to, backed up, put back, and never another one's."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from erasing import KEY
from sqlalchemy import Engine, text
from store_subjects import World, number

from campaigns.errors import InvalidInput, NotAllowed, SuppressionKeyMissing
from operations import suppression_key
from operations.erase import erase
from operations.sealing import seal, unseal
from operations.settings import load
from operations.suppression_key import KeyState
from operations.workspace import Workspace, open_workspace
from store import accounts, suppression_keys
from store.engine import reading, writing

FILE = suppression_key.FILE_NAME


def opened(home: Path) -> Workspace:
    return open_workspace(home)


def state(workspace: Workspace) -> KeyState:
    return suppression_key.state(workspace.settings, workspace.engine)


def in_use(engine: Engine) -> str:
    key = suppression_keys.in_use(engine)
    return key.text if key else ""


def test_it_is_made_at_the_first_start_for_nobody_else_and_kept_to(tmp_path: Path) -> None:
    first = opened(tmp_path)
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() == in_use(first.engine)
    assert in_use(opened(tmp_path).engine) == in_use(first.engine)
    assert state(first) is KeyState.FITS
    assert list(tmp_path.glob(".key-*")) == []


def test_every_home_has_a_key_of_its_own(tmp_path: Path) -> None:
    assert in_use(opened(tmp_path / "a").engine) != in_use(opened(tmp_path / "b").engine)


def test_it_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_SUPPRESSION_KEY", KEY.text)
    workspace = opened(tmp_path)
    assert in_use(workspace.engine) == KEY.text
    assert not (tmp_path / FILE).exists()
    assert KEY.text not in repr(workspace.settings)
    with pytest.raises(NotAllowed, match="PORTEVOIX_SUPPRESSION_KEY"):
        suppression_key.renew(workspace.settings, workspace.engine, "Ana")


def test_a_setting_that_is_no_key_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTEVOIX_SUPPRESSION_KEY", "secret")
    with pytest.raises(InvalidInput, match="suppression_key"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, KeyState.MISSING),
        (KEY.text, KeyState.ANOTHER),
        ("no key", KeyState.UNREADABLE),
        ("", KeyState.UNREADABLE),
    ],
)
def test_without_the_one_of_the_database_nobody_is_called(
    tmp_path: Path, content: str | None, expected: KeyState
) -> None:
    opened(tmp_path)
    (tmp_path / FILE).unlink()
    if content is not None:
        (tmp_path / FILE).write_text(content)
    workspace = opened(tmp_path)
    assert state(workspace) is expected
    with pytest.raises(SuppressionKeyMissing, match="nobody is called"):
        suppression_key.check(workspace.engine)
    assert (tmp_path / FILE).exists() == (content is not None), "no other one is made"


def test_a_backup_puts_it_back(tmp_path: Path) -> None:
    workspace = opened(tmp_path / "home")
    backup = tmp_path / "backup"
    suppression_key.back_up(workspace.engine, backup, "Ana")
    assert backup.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        suppression_key.back_up(workspace.engine, backup, "Ana")
    (tmp_path / "home" / FILE).unlink()
    lost = opened(tmp_path / "home")
    suppression_key.restore(lost.settings, lost.engine, backup, "Ana")
    suppression_key.check(lost.engine)
    assert in_use(opened(tmp_path / "home").engine) == in_use(workspace.engine)


def test_the_key_of_another_database_is_not_put_in_its_place(tmp_path: Path) -> None:
    workspace = opened(tmp_path)
    before = in_use(workspace.engine)
    file = tmp_path / "other"
    for content, why in ((KEY.text, "another key"), ("nothing", "no suppression key")):
        file.write_text(content)
        with pytest.raises(InvalidInput, match=why):
            suppression_key.restore(workspace.settings, workspace.engine, file, "Ana")
    assert in_use(opened(tmp_path).engine) == before


def test_a_lost_key_is_renewed_only_where_nobody_was_erased(tmp_path: Path) -> None:
    workspace = opened(tmp_path)
    (tmp_path / FILE).unlink()
    lost = opened(tmp_path)
    suppression_key.renew(lost.settings, lost.engine, "Ana")
    assert state(lost) is KeyState.FITS
    with pytest.raises(SuppressionKeyMissing, match="not the one"):
        suppression_key.check(workspace.engine)
    erase(lost, World(lost.engine).controller(), number(1), "DPO")
    with pytest.raises(NotAllowed, match="People were erased"):
        suppression_key.renew(lost.settings, lost.engine, "Ana")


@pytest.mark.parametrize("lost", [True, False])
def test_second_factors_outlive_a_key_that_is_renewed_while_it_is_there(
    tmp_path: Path, lost: bool
) -> None:
    workspace = opened(tmp_path)
    with writing(workspace.engine) as connection:
        zoe = accounts.add(connection, "zoe@example.org", datetime.now(UTC), administrator=False)
        assert zoe is not None
        accounts.change(connection, zoe, totp_secret=seal(connection, "S" * 32))
    if lost:
        (tmp_path / FILE).unlink()
        workspace = opened(tmp_path)
    assert suppression_key.renew(workspace.settings, workspace.engine, "Ana") == lost
    with reading(workspace.engine) as connection:
        kept = accounts.secrets(connection, zoe)["totp_secret"]
        assert unseal(connection, kept) == (None if lost else "S" * 32)


def test_nothing_that_is_kept_tells_the_key(tmp_path: Path) -> None:
    workspace = opened(tmp_path)
    suppression_key.back_up(workspace.engine, tmp_path / "backup", "Ana")
    with workspace.engine.connect() as connection:
        dump = "\n".join(
            str(row)
            for name in ("audit_event", "suppression_key")
            for row in connection.execute(text(f"SELECT * FROM {name}"))  # noqa: S608
        )
    assert "suppression_key.backup" in dump
    assert in_use(workspace.engine) not in dump
