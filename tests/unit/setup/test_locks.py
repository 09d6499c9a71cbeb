"""The locks: complete, hashed, and good on any mirror."""

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setup_clone import CLONE, Clone

LOCKS = ["runtime.txt", "dev.txt", "tools.txt", "node.txt"]
# Spelled in two pieces, because the check it is planted for reads this file too.
REGISTRY = "py" + "pi.org"


def entries(lock: Path) -> Iterator[str]:
    """Each requirement of a lock with its hashes, on one line."""
    return (line for line in lock.read_text().replace("\\\n", " ").splitlines() if line.strip())


def pins(lock: Path) -> dict[str, str]:
    found = (re.match(r"([^=\s]+)==(\S+)", line) for line in entries(lock))
    return {canonicalize_name(match[1]): match[2] for match in found if match}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    for line in entries(CLONE / "requirements" / name):
        assert re.match(r"[A-Za-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("name", LOCKS)
def test_python_locks_name_no_place(name: str) -> None:
    assert "://" not in (CLONE / "requirements" / name).read_text()


def test_the_browser_lock_names_no_place_and_has_integrity() -> None:
    packages = json.loads((CLONE / "package-lock.json").read_text())["packages"]
    fetched = {name: entry for name, entry in packages.items() if name}
    assert fetched
    for name, entry in fetched.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name


def test_the_locks_satisfy_the_project() -> None:
    project = tomllib.loads((CLONE / "pyproject.toml").read_text())
    runtime, dev = pins(CLONE / "requirements/runtime.txt"), pins(CLONE / "requirements/dev.txt")
    asked = [(runtime, text) for text in project["project"]["dependencies"]]
    asked += [(dev, text) for text in project["dependency-groups"]["dev"]]
    tools = pins(CLONE / "requirements/tools.txt")
    asked += [(tools, text) for text in project["dependency-groups"]["tools"]]
    for lock, text in asked:
        requirement = Requirement(text)
        assert requirement.specifier.contains(lock[canonicalize_name(requirement.name)]), text
    assert runtime.items() <= dev.items()


def test_a_planted_registry_is_reported(clone: Clone) -> None:
    subprocess.run(["git", "init", "-q", str(clone.root)], check=True)
    assert clone.run("setup/no-registry-hosts.sh").returncode == 0
    (clone.root / "notes.txt").write_text(f"one\nhttps://{REGISTRY}/simple\n")
    done = clone.run("setup/no-registry-hosts.sh")
    assert done.returncode == 1
    assert "notes.txt:2:" in done.stderr
