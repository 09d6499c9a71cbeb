"""`setup/assets.sh`: the pinned browser assets reach the dashboard, with their licences, once."""

from pathlib import Path

import pytest
from setup_clone import Clone

NPM = """echo "npm $*" >>"{log}"
for file in htmx.org/dist/htmx.min.js htmx.org/LICENSE uplot/dist/uPlot.iife.min.js \\
  uplot/dist/uPlot.min.css uplot/LICENSE @fontsource-variable/inter/LICENSE \\
  @fontsource-variable/inter/files/inter-latin-wght-normal.woff2
do
  mkdir -p "node_modules/$(dirname "$file")"
  echo it >"node_modules/$file"
done"""


@pytest.fixture
def log(clone: Clone, tmp_path: Path) -> Path:
    clone.stand_in("node", "exit 0")
    clone.stand_in("npm", NPM.format(log=tmp_path / "log"))
    return tmp_path / "log"


def vendor(clone: Clone) -> Path:
    return clone.root / "api/dashboard/static/vendor"


def test_assets_and_licences_are_copied(clone: Clone, log: Path) -> None:
    done = clone.run("setup/assets.sh")
    assert done.returncode == 0, done.stderr
    assert log.read_text() == "npm ci --silent\n"
    names = {path.name for path in vendor(clone).iterdir()}
    assert names == {
        "htmx.min.js", "htmx.LICENSE.txt", "uplot.min.js", "uplot.min.css", "uplot.LICENSE.txt",
        "inter.woff2", "inter.LICENSE.txt",
    }  # fmt: skip


def test_nothing_is_fetched_twice(clone: Clone, log: Path) -> None:
    clone.run("setup/assets.sh")
    done = clone.run("setup/assets.sh")
    assert (done.returncode, done.stdout) == (0, "")
    assert log.read_text() == "npm ci --silent\n"


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("lost", ["htmx.min.js", "htmx.LICENSE.txt"])
def test_a_lost_file_comes_back(clone: Clone, lost: str) -> None:
    clone.run("setup/assets.sh")
    (vendor(clone) / lost).unlink()
    clone.run("setup/assets.sh")
    assert (vendor(clone) / lost).is_file()


@pytest.mark.usefixtures("log")
def test_a_failure_says_what_to_look_at(clone: Clone) -> None:
    clone.stand_in("npm", "exit 1")
    done = clone.run("setup/assets.sh")
    assert done.returncode == 1
    assert "the browser assets could not be fetched" in done.stderr
    assert not vendor(clone).exists()
