"""Which Asterisk is run, where there are several."""

from pathlib import Path

import pytest

from campaigns.errors import PbxError
from dialer.instance import locate
from dialer.instance.locate import find_installation, sipp


def program(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho 'Asterisk {version}'\n")
    path.chmod(0o755)


def system(prefix: Path, version: str) -> None:
    program(prefix / "sbin/asterisk", version)
    (prefix / "lib/asterisk/modules").mkdir(parents=True)


def tree(root: Path, version: str) -> Path:
    """A private tree whose dynamic loader just runs the program after the library path."""
    program(root / "usr/sbin/asterisk", version)
    loader = root / "lib64/ld-linux-test.so.2"
    loader.parent.mkdir()
    loader.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    loader.chmod(0o755)
    (root / "usr/lib/test-linux-gnu/asterisk/modules").mkdir(parents=True)
    (root / "usr/share/asterisk/documentation").mkdir(parents=True)
    return root


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it."""
    monkeypatch.delenv("PORTEVOIX_PBX_TREE", raising=False)
    monkeypatch.setenv("PORTEVOIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "system/sbin"))
    monkeypatch.setattr(locate, "_SYSTEM_PATH", "/nowhere")
    data = tmp_path / "system/share/asterisk"
    (data / "documentation").mkdir(parents=True)
    monkeypatch.setattr(locate, "_SYSTEM_DATA", [data])
    return tmp_path


def test_without_any_the_user_learns_how_to_get_one(machine: Path) -> None:
    with pytest.raises(PbxError, match="make pbx"):
        find_installation()


def test_a_recent_system_package_comes_first(machine: Path) -> None:
    system(machine / "system", "22.5.2")
    tree(machine / "cache/pbx-tree", "22.10.1")
    found = find_installation()
    assert (found.tree, found.version) == (None, (22, 5, 2))
    assert found.asterisk("-V") == [str(machine / "system/sbin/asterisk"), "-V"]


def test_a_private_tree_is_preferred_to_an_old_package(machine: Path) -> None:
    system(machine / "system", "20.6.0~dfsg")
    private = tree(machine / "cache/pbx-tree", "22.10.1+dfsg")
    found = find_installation()
    assert (found.tree, found.version_text) == (private, "22.10.1")
    assert found.asterisk("-V")[1] == "--library-path"


def test_an_old_package_is_better_than_none(machine: Path) -> None:
    system(machine / "system", "20.6.0")
    assert find_installation().version == (20, 6, 0)


def test_the_tree_asked_for_is_the_one(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(machine / "system", "22.5.2")
    asked = tree(machine / "asked", "21.0.0")
    monkeypatch.setenv("PORTEVOIX_PBX_TREE", str(asked))
    assert find_installation().tree == asked


def test_a_tree_asked_for_that_is_not_there_is_no_reason_to_take_another(machine: Path) -> None:
    system(machine / "system", "22.5.2")
    with pytest.raises(PbxError, match="is missing"):
        find_installation(machine / "nowhere")


def test_a_version_too_old_is_refused(machine: Path) -> None:
    system(machine / "system", "16.28.0")
    with pytest.raises(PbxError, match="20 or later"):
        find_installation()


def test_sipp_of_the_tree_runs_through_its_loader(machine: Path) -> None:
    with pytest.raises(PbxError, match="SIPp"):
        sipp()
    root = tree(machine / "cache/pbx-tree", "22.10.1")
    program(root / "usr/bin/sipp", "")
    assert sipp()[0] == str(root / "lib64/ld-linux-test.so.2")
    assert sipp()[-1] == str(root / "usr/bin/sipp")
