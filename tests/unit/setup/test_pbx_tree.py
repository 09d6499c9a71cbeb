"""`setup/pbx-tree.sh`: where the packages come from, and that no half-made tree is left."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from setup_clone import Clone

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="a machine without apt")

ONE_LINE = "deb [signed-by={key}] http://mirror.example/debian bookworm main\n"
ONE_LINE_OTHERS_FIRST = (
    "deb [signed-by={other}] http://tools.example/apt nodistro main\n"
    "deb http://mirror.example/security bookworm-security main\n" + ONE_LINE
)
DEB822 = """Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {key}
"""
APT = f"""case $1 in
indextargets) exec {shutil.which("apt-get")} "$@" ;;
update)
  grep -o 'Dir::Etc::sourcelist "[^"]*' "$APT_CONFIG" | tail -n 1 | cut -d '"' -f 2 >>"$RECORD"
  cat "$(tail -n 1 "$RECORD")" >>"$RECORD"
  exit 100 ;;
esac"""


@pytest.fixture
def record(clone: Clone, tmp_path: Path) -> Path:
    """What apt was told, by a machine whose sources the test writes."""
    clone.environment["RECORD"] = str(tmp_path / "record")
    clone.environment["APT_CONFIG"] = str(tmp_path / "apt.conf")
    (tmp_path / "sources").mkdir()
    (tmp_path / "keys").write_text("")
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "/dev/null"; Dir::Etc::sourceparts "{tmp_path}/sources";'
    )
    clone.stand_in("apt-get", APT)
    return tmp_path / "record"


def make(clone: Clone, target: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone.root / "setup/pbx-tree.sh"), str(target)],
        env=clone.variables(extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "sources"),
    [("a.list", ONE_LINE), ("a.list", ONE_LINE_OTHERS_FIRST), ("a.sources", DEB822)],
)
def test_testing_comes_from_the_mirror_and_with_the_keys_of_this_machine(
    clone: Clone, record: Path, tmp_path: Path, name: str, sources: str
) -> None:
    key = tmp_path / "keys"
    (tmp_path / "other").write_text("")
    (tmp_path / "sources" / name).write_text(sources.format(key=key, other=tmp_path / "other"))
    assert make(clone, tmp_path / "tree").returncode != 0
    line = f"deb [signed-by={key}] http://mirror.example/debian/ testing main"
    assert line in record.read_text().splitlines()


def test_a_machine_without_a_debian_mirror_uses_its_own_releases(
    clone: Clone, record: Path, tmp_path: Path
) -> None:
    (tmp_path / "sources/a.list").write_text("deb http://mirror.example/u noble universe\n")
    done = make(clone, tmp_path / "tree")
    assert done.returncode != 0
    assert "trying the releases this machine uses" in done.stdout
    assert record.read_text().startswith("/etc/apt/sources.list")


@pytest.mark.usefixtures("record")
def test_a_failed_download_leaves_nothing(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    done = make(clone, tmp_path / "cache/pbx-tree", PORTEVOIX_DEBIAN_MIRROR="http://m.example/d")
    assert done.returncode != 0
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_download_leaves_nothing(
    clone: Clone, tmp_path: Path, sent: signal.Signals
) -> None:
    cache, reached = tmp_path / "cache", tmp_path / "reached"
    cache.mkdir()
    # A shell that waits for a child when SIGINT comes goes on if that child just ended well.
    clone.stand_in("apt-get", f'[[ $1 == update ]] && : >"{reached}" && exec sleep 30')
    with subprocess.Popen(
        # What a shell has started in the background ignores SIGINT, and so does all below it.
        ["env", "--default-signal", clone.root / "setup/pbx-tree.sh", cache / "pbx-tree"],
        env=clone.variables({"PORTEVOIX_DEBIAN_MIRROR": "http://m.example/d"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as running:
        wait_for(reached)
        os.killpg(running.pid, sent)
        assert running.wait(timeout=20) != 0
    assert list(cache.iterdir()) == []


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.01)
