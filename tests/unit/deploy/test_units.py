"""The units of systemd and the rotation of logs: taken by their own checkers, and hardened."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
SERVICES = sorted((DEPLOY / "systemd").glob("*.service"))
MOST_EXPOSED = 35
"""Of 100, as `systemd-analyze security` reckons: under 20 is its word «safe», over 50 «medium»."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here"
)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, check=False
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with programs that are on this machine."""
    for file in (DEPLOY / "systemd").iterdir():
        text = file.read_text().replace("/opt/portevoix/venv/bin/portevoix", "/bin/true")
        (tmp_path / file.name).write_text(text)
    return tmp_path


@needs_systemd
def test_systemd_takes_them(units: Path) -> None:
    done = run("systemd-analyze", "verify", *sorted(units.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda file: str(file.stem))
def test_they_give_away_little(units: Path, service: Path) -> None:
    options = ["--offline=true", f"--threshold={MOST_EXPOSED}"]
    done = run("systemd-analyze", "security", *options, units / service.name)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@pytest.mark.parametrize("service", SERVICES, ids=lambda file: str(file.stem))
def test_none_runs_as_root_or_may_become_it(service: Path) -> None:
    text = service.read_text()
    for line in ("User=portevoix", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert f"\n{line}\n" in text
    granted = re.findall(r"(?m)^(?:AmbientCapabilities|CapabilityBoundingSet)=(.*)$", text)
    assert set(granted) <= {"", "CAP_SYS_NICE"}
    assert granted


def test_the_dialers_asterisk_outlives_it() -> None:
    for name in ("portevoix", "portevoix-dialer", "portevoix-dialer@"):
        assert "\nKillMode=process\n" in (DEPLOY / "systemd" / f"{name}.service").read_text()


def test_a_dialer_beside_others_is_the_one_that_is_alone_but_for_its_name() -> None:
    alone, named = (
        (DEPLOY / "systemd" / f"portevoix-dialer{at}.service").read_text() for at in ("", "@")
    )
    own = {"--node %i", "Description=Porte-voix: dialer %i"}
    assert [one for one in own if one not in named] == []

    def settings(text: str) -> list[str]:
        lines = [line for line in text.splitlines() if not line.startswith(("#", "Conflicts="))]
        return [line.replace(" --node %i", "").replace(" %i", "") for line in lines]

    assert settings(named) == settings(alone)


def test_the_logs_of_every_node_are_rotated() -> None:
    rotated = (DEPLOY / "logrotate" / "portevoix").read_text()
    for root in ("pbx", "nodes/*/pbx"):
        assert f"/var/lib/portevoix/{root}/log/messages " in rotated


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="no logrotate here")
def test_logrotate_takes_its_file(tmp_path: Path) -> None:
    text = (
        (DEPLOY / "logrotate" / "portevoix").read_text().replace("portevoix portevoix", "root root")
    )
    (tmp_path / "portevoix").write_text(text)
    done = run("logrotate", "--debug", "--state", tmp_path / "state", tmp_path / "portevoix")
    assert (done.returncode, "error" in done.stderr) == (0, False), done.stderr
