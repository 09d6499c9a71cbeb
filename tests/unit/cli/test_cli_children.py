"""A program started for a run says why it ended, and never outlives who started it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.children import Child, ChildFailed, Program

SLEEPS = (
    "from cli.children import end_with_parent; end_with_parent(); import os, time; "
    "print(os.getpid(), flush=True); time.sleep(60)"
)


def program(code: str) -> Program:
    return Program("dialer", [sys.executable, "-c", code])


def test_its_last_words_are_told(tmp_path: Path) -> None:
    code = "import sys; print('no PBX was found', file=sys.stderr); sys.exit(1)"
    child = Child(program(code), tmp_path / "log" / "dialer.log")
    with pytest.raises(ChildFailed, match=r"dialer ended \(exit code 1\).*no PBX was found"):
        child.first_line()
    child.stop()


def test_words_of_an_earlier_run_are_not_its_own(tmp_path: Path) -> None:
    log = tmp_path / "dialer.log"
    log.write_text("an old trouble\n")
    child = Child(program("import sys; sys.exit(1)"), log)
    with pytest.raises(ChildFailed) as failed:
        child.first_line()
    child.stop()
    assert "old trouble" not in str(failed.value)
    assert log.read_text() == "an old trouble\n"


def test_one_that_runs_is_no_failure_and_ends_when_asked(tmp_path: Path) -> None:
    child = Child(program(SLEEPS), tmp_path / "dialer.log")
    child.first_line()
    child.check()
    child.stop()
    with pytest.raises(ChildFailed):
        child.check()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent_code = (
        "import pathlib, sys, time; from cli.children import Child, Program; "
        f"child = Child(Program('x', [sys.executable, '-c', {SLEEPS!r}]), "
        f"pathlib.Path({str(tmp_path / 'x.log')!r})); print(child.first_line(), flush=True); "
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        ended, _, _ = select.select([handle], [], [], 20)
        assert ended
    finally:
        if not ended:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.close(handle)
