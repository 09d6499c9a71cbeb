"""The version stands in one place, and the changelog has it."""

import re
import tomllib

from setup_clone import CLONE

VERSION = tomllib.loads((CLONE / "pyproject.toml").read_text())["project"]["version"]


def test_the_changelog_tells_of_this_version_and_of_what_comes() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (CLONE / "CHANGELOG.md").read_text())
    assert headings[0] == "Unreleased"
    assert VERSION in headings


def test_no_program_names_the_version_itself() -> None:
    files = [
        path for name in ("api", "cli", "dialer", "docs") for path in CLONE.glob(f"{name}/*.py")
    ]
    assert files
    assert [path for path in files if f'"{VERSION}"' in path.read_text()] == []
