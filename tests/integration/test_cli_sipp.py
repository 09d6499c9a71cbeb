"""A SIPp that is not ours is called by settings alone, with the commands of docs/carrier.md."""

import csv
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_process import CLONE, kill_all

from dialer.instance.locate import sipp

pytestmark = [pytest.mark.pbx, pytest.mark.slow]

CALLS = 30
DOCUMENTED_PORT = "5070"


def documented() -> list[str]:
    """The shell blocks of the page's section on SIPp."""
    page = (CLONE / "docs" / "carrier.md").read_text()
    section = page.split("## A plain SIPp as far side")[1]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def free_udp_port() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def place(pbx_root: Path) -> Path:
    """Where the reader of the page stands: beside examples/, with both commands on the path."""
    place = pbx_root / "reader"
    place.mkdir()
    port = free_udp_port()
    (place / "examples" / "sipp").mkdir(parents=True)
    for file in (CLONE / "examples" / "sipp").iterdir():
        text = file.read_text().replace(DOCUMENTED_PORT, port)
        (place / "examples" / "sipp" / file.name).write_text(text)
    recording = CLONE / "examples" / "message-court.flac"
    (place / "examples" / recording.name).write_bytes(recording.read_bytes())
    (place / "port").write_text(port)
    return place


@pytest.fixture
def environment(place: Path) -> dict[str, str]:
    tools = place / "bin"
    tools.mkdir()
    ours = tools / "sipp"
    command = " ".join(sipp())
    # -nostdin: no terminal to read keys from. The rest is the reader's own.
    ours.write_text(f'#!/bin/sh\nexec {command} -nostdin "$@"\n')
    ours.chmod(ours.stat().st_mode | stat.S_IXUSR)
    path = f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path}


@pytest.mark.usefixtures("pbx_binary")
def test_the_documented_commands_call_a_sipp(place: Path, environment: dict[str, str]) -> None:
    answering, calling = (
        block.replace(DOCUMENTED_PORT, (place / "port").read_text()) for block in documented()
    )
    with (place / "sipp.txt").open("w") as screen:
        far_side = subprocess.Popen(
            ["bash", "-c", "exec " + answering], cwd=place, env=environment, stdout=screen
        )
    try:
        done = subprocess.run(
            ["bash", "-ec", calling], cwd=place, env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert far_side.wait(30) == 0
    finally:
        far_side.kill()
        far_side.wait()
        kill_all(place)
    assert f"{CALLS} the whole message" in done.stdout
    assert outcomes(place / "attempts.csv") == ["delivered"] * CALLS
    assert counted(place / "sipp.txt") == (CALLS, 0)
    assert echoed(place / "sipp.txt") > CALLS * 200  # 50 packets a second for 5.4 s


def outcomes(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return [row["outcome"] for row in csv.DictReader(stream, delimiter=";")]


def counted(screen: Path) -> tuple[int, int]:
    """Successful and failed calls, as SIPp counts them."""
    text = screen.read_text(errors="replace")
    good = re.findall(r"Successful call +\| +\d+ +\| +(\d+)", text)
    bad = re.findall(r"Failed call +\| +\d+ +\| +(\d+)", text)
    return int(good[-1]), int(bad[-1])


def echoed(screen: Path) -> int:
    """Audio packets that reached SIPp."""
    found = re.findall(r"(\d+) Total echo RTP pckts 1st", screen.read_text(errors="replace"))
    return int(found[-1])
