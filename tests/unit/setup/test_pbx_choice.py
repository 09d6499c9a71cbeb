"""`setup/pbx.sh`: which Asterisk is taken, and what is said where there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from setup_clone import Clone

PROBE = """case $1 in
*broken*) exit 1 ;;
*) [[ -d $1 ]] && echo "Asterisk 22.10.1, SIPp v3.8.0" ;;
esac"""


def on_path(clone: Clone, version: str) -> None:
    clone.stand_in("asterisk", f'echo "Asterisk {version}"')
    clone.stand_in("sipp", "exit 99")


@pytest.fixture(autouse=True)
def probe(clone: Clone) -> None:
    """Trees exist or not; whether they run is `pbx-probe.sh`'s own matter.

    An Asterisk of the machine that runs the test is hidden behind one too old to be taken.
    """
    on_path(clone, "18.9.0")
    (clone.root / "setup/pbx-probe.sh").write_text(f"#!/bin/bash\n{PROBE}\n")


@pytest.fixture
def makes_tree(clone: Clone) -> None:
    (clone.root / "setup/pbx-tree.sh").write_text('#!/bin/bash\necho UNPACKED; mkdir "$1"\n')


@pytest.fixture
def makes_none(clone: Clone, no_packages: Callable[[], None]) -> None:
    no_packages()
    (clone.root / "setup/pbx-tree.sh").write_text("#!/bin/bash\nexit 1\n")


@pytest.mark.parametrize(
    "version", ["22.10.1", "23.1.0", "certified/22.8-cert1", "22.10.1~dfsg+~cs6.17-1"]
)
@pytest.mark.usefixtures("makes_none")
def test_a_recent_asterisk_on_the_path_is_taken(clone: Clone, version: str) -> None:
    on_path(clone, version)
    done = clone.run("setup/pbx.sh")
    assert done.returncode == 0, done.stderr
    assert f"PBX: {clone.programs}/asterisk" in done.stdout


@pytest.mark.usefixtures("makes_tree")
def test_a_private_tree_is_preferred_to_an_older_asterisk(clone: Clone, tmp_path: Path) -> None:
    on_path(clone, "20.6.0~dfsg+~cs6.13.40431414-2build5")
    done = clone.run("setup/pbx.sh")
    assert done.returncode == 0, done.stderr
    assert f"PBX: {tmp_path}/cache/pbx-tree" in done.stdout


@pytest.mark.usefixtures("makes_none")
def test_an_older_asterisk_serves_where_no_tree_can_be_had(clone: Clone) -> None:
    on_path(clone, "20.6.0~dfsg+~cs6.13.40431414-2build5")
    done = clone.run("setup/pbx.sh")
    assert done.returncode == 0, done.stderr
    assert f"PBX: {clone.programs}/asterisk" in done.stdout


@pytest.mark.usefixtures("makes_none")
def test_what_can_be_done_is_said_where_nothing_serves(clone: Clone) -> None:
    done = clone.run("setup/pbx.sh")
    assert done.returncode == 1
    assert "no Asterisk 20 or later" in done.stderr
    for remedy in ("sip-tester", "PORTEVOIX_DEBIAN_MIRROR", "PORTEVOIX_PBX_TREE", "docker compose"):
        assert remedy in done.stderr


@pytest.mark.usefixtures("makes_tree")
def test_a_tree_is_made_once(clone: Clone) -> None:
    assert "UNPACKED" in clone.run("setup/pbx.sh").stdout
    assert "UNPACKED" not in clone.run("setup/pbx.sh").stdout


@pytest.mark.usefixtures("makes_tree")
def test_what_a_killed_set_up_left_is_removed(clone: Clone, tmp_path: Path) -> None:
    left = tmp_path / "cache/pbx-tree.a1B2c3"
    left.mkdir(parents=True)
    assert clone.run("setup/pbx.sh").returncode == 0
    assert not left.exists()


@pytest.mark.usefixtures("makes_tree")
def test_a_given_tree_that_does_not_run_is_refused(clone: Clone, tmp_path: Path) -> None:
    given = tmp_path / "broken"
    given.mkdir()
    done = clone.run("setup/pbx.sh", PORTEVOIX_PBX_TREE=str(given))
    assert done.returncode == 1
    assert str(given) in done.stderr
    assert "UNPACKED" not in done.stdout


@pytest.mark.usefixtures("makes_none")
def test_a_given_tree_comes_before_everything(clone: Clone, tmp_path: Path) -> None:
    on_path(clone, "22.10.1")
    given = tmp_path / "given"
    given.mkdir()
    assert f"PBX: {given} " in clone.run("setup/pbx.sh", PORTEVOIX_PBX_TREE=str(given)).stdout
