"""`portevoix pbx export`: what it writes, and what it refuses to."""

from pathlib import Path

import pytest
from cli_subjects import Command

SETTINGS = """
[pbx]
mode = "remote"
host = "127.0.0.1"
port = 5038
directory = "{here}"
directory_there = "/srv/portevoix-pbx"
"""


@pytest.fixture
def remote(home: Path, tmp_path: Path) -> Path:
    """A home whose PBX is on another host."""
    home.mkdir()
    (home / "portevoix.toml").write_text(SETTINGS.format(here=tmp_path / "shared"))
    return home


def test_it_says_where_to_carry_it(remote: Path, tmp_path: Path, portevoix: Command) -> None:
    del remote
    done = portevoix("pbx", "export", str(tmp_path / "out"), "--version", "22.10.1")
    assert done.exit_code == 0, done.output
    assert "run install.sh there as root" in done.output
    assert "127.0.0.1:5038" in done.output
    filters = (tmp_path / "out" / "etc" / "manager.conf").read_text()
    assert "eventfilter(action(include),name(Hangup))" in filters


def test_an_older_asterisk_has_its_own_filters(
    remote: Path, tmp_path: Path, portevoix: Command
) -> None:
    del remote
    portevoix("pbx", "export", str(tmp_path / "out"), "--user", "asterisk")
    assert "eventfilter = ^Event: (" in (tmp_path / "out" / "etc" / "manager.conf").read_text()
    assert "user=asterisk" in (tmp_path / "out" / "install.sh").read_text()


@pytest.mark.parametrize("version", ["22", "19.1.0", "new"])
def test_a_version_that_is_none_or_too_old_is_refused(
    remote: Path, tmp_path: Path, portevoix: Command, version: str
) -> None:
    del remote
    done = portevoix("pbx", "export", str(tmp_path / "out"), "--version", version)
    assert done.exit_code == 1
    assert "22.10.1" in done.output
    assert not (tmp_path / "out").exists()


def test_a_local_pbx_needs_none(tmp_path: Path, portevoix: Command) -> None:
    done = portevoix("pbx", "export", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert 'mode = "remote"' in done.output
