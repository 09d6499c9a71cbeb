import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from setup_clone import CLONE, Clone


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    root, programs = tmp_path / "clone", tmp_path / "programs"
    root.mkdir()
    programs.mkdir()
    for name in ("setup", "requirements"):
        shutil.copytree(CLONE / name, root / name)
    for name in ("pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(CLONE / name, root / name)
    return Clone(root, programs, {"PORTEVOIX_CACHE": str(tmp_path / "cache")})


@pytest.fixture
def no_packages(clone: Clone) -> Callable[[], None]:
    """A machine on which nothing can be installed or downloaded."""

    def take_away() -> None:
        clone.stand_in("apt-get", "exit 100")
        clone.stand_in("sudo", "exit 1")

    return take_away
