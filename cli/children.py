"""Programs that a command starts beside itself, and that end with it."""

import ctypes
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from campaigns.errors import PortevoixError

_PARENT = "PORTEVOIX_PARENT_PID"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LAST_LINES = 5


class ChildFailed(PortevoixError):
    """A program that a command needs ended by itself."""

    code = "child_failed"


@dataclass(frozen=True, slots=True)
class Program:
    """A program of ours.

    Attributes:
        name: for people.
        command: its command line.
    """

    name: str
    command: list[str]


def portevoix(home: Path, name: str, *arguments: str) -> Program:
    """A command of ours as a program of its own, for the same home directory."""
    # -P: a directory «cli» where the user stands must not be taken for ours.
    ours = [sys.executable, "-P", "-m", "cli.main", "--home", str(home)]
    return Program(name, [*ours, name, *arguments])


def environment() -> dict[str, str]:
    """Our environment, with which a child of ours ends when we do."""
    return {**os.environ, _PARENT: str(os.getpid())}


def end_with_parent() -> None:
    """In a child of ours: be told to end (SIGTERM) when the parent dies, however it dies."""
    parent = os.environ.pop(_PARENT, None)
    if parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # it died before we asked
        signal.raise_signal(signal.SIGTERM)


class Child:
    """One program started beside us, writing to a log file.

    Args:
        program: what to start.
        log: file its error stream is appended to.
    """

    def __init__(self, program: Program, log: Path) -> None:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.program = program
        self._log = log
        with log.open("ab") as stream:
            self._begins = stream.tell()
            self._process = _start(program, stream)

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            ChildFailed: it ended; the message ends with what it said last.
        """
        code = self._process.poll()
        if code is not None:
            raise ChildFailed(f"The {self.program.name} ended (exit code {code}). {self._words()}")

    def first_line(self) -> str:
        """What it prints when it is ready.

        Raises:
            ChildFailed: it ended instead.
        """
        assert self._process.stdout is not None  # noqa: S101 - asked for in _start
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self.check()
        return line.decode().strip()

    def stop(self) -> None:
        """Ask it to end and wait; interrupted, it still ends by itself."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _words(self) -> str:
        with self._log.open("rb") as stream:
            stream.seek(self._begins)
            lines = stream.read().decode(errors="replace").strip().splitlines()
        return "It said: " + " / ".join(lines[-_LAST_LINES:]) if lines else f"See {self._log}."


def _start(program: Program, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own programs
        program.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment(),
        start_new_session=True,  # Ctrl-C is for us: we end our children in order
    )
