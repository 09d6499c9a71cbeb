"""The home directory: who may look into it."""

from pathlib import Path

from operations.workspace import open_workspace


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_a_home_that_is_made_lets_others_pass_and_none_look_in(tmp_path: Path) -> None:
    home = tmp_path / "above" / "home"
    open_workspace(home).engine.dispose()
    assert mode_of(home) == 0o711


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "shared"
    home.mkdir()
    home.chmod(0o1777)
    open_workspace(home).engine.dispose()
    assert mode_of(home) == 0o1777


def test_nobody_else_may_read_the_database_or_its_log(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path)
    with workspace.engine.connect():
        files = list(tmp_path.glob("portevoix.db*"))
        assert len(files) > 1
        assert {mode_of(file) for file in files} == {0o600}
    workspace.engine.dispose()


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    open_workspace(tmp_path).engine.dispose()
    (tmp_path / "portevoix.db").chmod(0o644)
    open_workspace(tmp_path).engine.dispose()
    assert mode_of(tmp_path / "portevoix.db") == 0o600
