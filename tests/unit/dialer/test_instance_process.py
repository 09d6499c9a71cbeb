"""A process is recognised after a restart, and never mistaken for another."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialer.instance.process import Process, remembered


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(["sleep", "60"])
    yield started
    started.kill()
    started.wait()


def test_a_process_is_known_by_pid_and_start(
    child: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    process = Process.of(child.pid)
    assert process is not None
    assert process.alive
    assert process.command_line == ["sleep", "60"]
    process.remember(tmp_path / "pid")
    assert remembered(tmp_path / "pid") == process


def test_another_process_with_the_same_pid_is_another(child: subprocess.Popen[bytes]) -> None:
    process = Process.of(child.pid)
    assert process is not None
    assert not Process(process.pid, process.started - 1).alive


def test_one_that_ended_is_gone_even_before_it_is_collected(
    child: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    process = Process.of(child.pid)
    assert process is not None
    process.remember(tmp_path / "pid")
    assert process.end(signal.SIGTERM, 5)
    assert child.returncode is None
    assert not process.alive
    assert remembered(tmp_path / "pid") is None


def test_ending_one_that_is_gone_hurts_nobody(child: subprocess.Popen[bytes]) -> None:
    process = Process.of(child.pid)
    assert process is not None
    stranger = Process(child.pid, process.started - 1)
    assert stranger.end(signal.SIGKILL, 1)
    assert child.poll() is None


def test_one_that_will_not_end_is_reported() -> None:
    deaf = ["sh", "-c", "trap '' TERM; echo ready; exec sleep 60"]
    with subprocess.Popen(deaf, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        process = Process.of(started.pid)
        assert process is not None
        assert not process.end(signal.SIGTERM, 0.1)
        assert process.end(signal.SIGKILL, 5)


@pytest.mark.parametrize("noted", ["", "{}", '{"pid": "x", "started": 1}', "[1]", '{"pid": 1}'])
def test_a_broken_note_is_no_process(tmp_path: Path, noted: str) -> None:
    (tmp_path / "pid").write_text(noted)
    assert remembered(tmp_path / "pid") is None
