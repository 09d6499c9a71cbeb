"""`setup/environment.sh`: what is installed, when nothing is, and what is said."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from setup_clone import Clone

# Says yes to what the script asks of an interpreter, and notes what is installed with it.
PYTHON = """#!/bin/bash
[[ $* == *" install "* ]] && echo "$*" >>"{log}"
exit 0
"""


@pytest.fixture
def log(clone: Clone, tmp_path: Path) -> Path:
    """A clone whose .venv exists, with a note of every installation into it."""
    python = clone.root / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(log=tmp_path / "log"))
    python.chmod(0o755)
    (tmp_path / "log").touch()
    return tmp_path / "log"


def test_only_locked_files_are_installed(clone: Clone, log: Path) -> None:
    done = clone.run("setup/environment.sh")
    assert done.returncode == 0, done.stderr
    dependencies, product = log.read_text().splitlines()
    assert dependencies.endswith("--no-deps --require-hashes -r requirements/dev.txt")
    assert product.endswith("--no-deps --no-build-isolation -e .")


def test_nothing_is_done_where_nothing_changed(clone: Clone, log: Path) -> None:
    clone.run("setup/environment.sh")
    log.write_text("")
    done = clone.run("setup/environment.sh")
    assert (done.returncode, done.stdout, log.read_text()) == (0, "", "")


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements/dev.txt"])
def test_a_changed_requirement_is_installed(clone: Clone, log: Path, name: str) -> None:
    clone.run("setup/environment.sh")
    log.write_text("")
    with (clone.root / name).open("a") as changed:
        changed.write("# changed\n")
    clone.run("setup/environment.sh")
    assert "--require-hashes" in log.read_text()


def test_an_environment_made_elsewhere_is_made_again(clone: Clone, log: Path) -> None:
    clone.run("setup/environment.sh")
    stamp = clone.root / ".venv/.portevoix-setup"
    stamp.write_text("/the/clone/was/here\n" + stamp.read_text().split("\n", 1)[1])
    clone.stand_in("python", f'[[ $* == "-m venv .venv" ]] && echo made >>"{log}"; exit 0')
    clone.run("setup/environment.sh", PORTEVOIX_PYTHON="python")
    assert "made" in log.read_text()


def test_a_failed_installation_is_tried_again(clone: Clone, log: Path) -> None:
    python = clone.root / ".venv/bin/python"
    works = python.read_text()
    python.write_text(works.replace("exit 0", '[[ $* != *" install "* ]]'))
    done = clone.run("setup/environment.sh")
    assert done.returncode == 1
    assert "the dependencies could not be installed" in done.stderr
    python.write_text(works)
    log.write_text("")
    assert clone.run("setup/environment.sh").returncode == 0
    assert "--require-hashes" in log.read_text()


def test_an_unfit_interpreter_is_named(clone: Clone) -> None:
    done = clone.run("setup/environment.sh", PORTEVOIX_PYTHON="/bin/false")
    assert done.returncode == 1
    assert "PORTEVOIX_PYTHON=/bin/false is not a Python 3.11 to 3.13" in done.stderr


def test_the_missing_venv_package_is_named(clone: Clone, no_packages: Callable[[], None]) -> None:
    no_packages()
    clone.stand_in("python", f'[[ $2 == *ensurepip* ]] && exit 1; exec "{sys.executable}" "$@"')
    done = clone.run("setup/environment.sh", PORTEVOIX_PYTHON="python")
    version = ".".join(map(str, sys.version_info[:2]))
    assert done.returncode == 1
    assert f"apt-get install python{version}-venv" in done.stderr


def test_every_script_parses(clone: Clone) -> None:
    for script in (clone.root / "setup").glob("*.sh"):
        subprocess.run(["bash", "-n", str(script)], check=True)
