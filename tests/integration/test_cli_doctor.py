"""The doctor passes a good chain, names a broken link, and leaves nothing behind."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_process import PORTEVOIX, kill_all, new_home, processes

pytestmark = pytest.mark.pbx

EXPECTED = (
    "PBX", "PBX modules", "AMI", "AMI account", "trunk rehearsal", "prompts", "rehearsal", "page"
)  # fmt: skip


def doctor(home: Path, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = subprocess.run(
        [*PORTEVOIX, "--home", str(home), "doctor", "--json"],
        env={**os.environ, **environment},
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)}


@pytest.fixture
def home(pbx_root: Path) -> Iterator[Path]:
    made = new_home(pbx_root)
    yield made
    kill_all(made)


@pytest.mark.usefixtures("pbx_binary")
def test_a_good_chain_passes_and_the_pbx_it_started_is_gone(home: Path) -> None:
    code, found = doctor(home)
    assert code == 0, [one for one in found.values() if one["level"] == "fault"]
    assert {
        "PBX",
        "PBX modules",
        "AMI",
        "AMI account",
        "trunk rehearsal",
        "prompts",
        "rehearsal",
    } <= (found.keys())
    assert found["AMI account"]["level"] == "ok"
    assert processes(home) == []
    assert not list(home.glob("dr-*"))
    assert not (home / "portevoix.db").exists()


def test_a_missing_pbx_is_a_fault_with_its_remedy(home: Path) -> None:
    code, found = doctor(home, PORTEVOIX_PBX_TREE=str(home / "nothing"))
    assert code == 1
    assert found["PBX"]["level"] == "fault"
    assert "make pbx" in found["PBX"]["remedy"]


def test_settings_that_cannot_be_read_are_the_fault_that_is_shown(home: Path) -> None:
    (home / "portevoix.toml").write_text("[trunks.x]\nhost = 7\n")
    code, found = doctor(home)
    assert code == 1
    assert "trunks.x.host" in found["settings"]["detail"]


def test_an_ami_that_is_not_there_is_a_fault(home: Path) -> None:
    (home / "portevoix.toml").write_text(
        '[pbx]\nmode = "remote"\nport = 1\nsecret = "x"\ndirectory = "/tmp"\n'
    )
    code, found = doctor(home)
    assert code == 1
    assert found["AMI"]["level"] == "fault"
