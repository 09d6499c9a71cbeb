"""One operating-system process, recognised again after we were restarted (Linux).

A pid alone may have passed to another program. With the process's start time (proc(5),
/proc/PID/stat, field 22) it names one process for as long as the machine is up.
"""

import json
import os
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_STATE_FIELD = 0
_START_FIELD = 19
"""Both counted from the state, the first field after the program's name in parentheses."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process.

    Attributes:
        pid: its number.
        started: its start, in clock ticks since the machine's start.
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The live process with this pid, if there is one."""
        fields = _stat(pid)
        return cls(pid, int(fields[_START_FIELD])) if fields else None

    @property
    def alive(self) -> bool:
        """Whether it is still the same process, and not a zombie."""
        return Process.of(self.pid) == self

    @property
    def command_line(self) -> list[str]:
        """Its arguments; empty once it is gone."""
        try:
            raw = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        except OSError:
            return []
        return [part.decode(errors="replace") for part in raw.split(b"\0") if part]

    def end(self, asked: signal.Signals, within_s: float) -> bool:
        """Send a signal and wait for the end.

        Args:
            asked: the signal.
            within_s: seconds to wait.

        Returns:
            Whether the process is gone.
        """
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            # Through the handle, the signal cannot reach a process that took over the number.
            if not self.alive:
                return True
            signal.pidfd_send_signal(handle, asked)
            return bool(select.select([handle], [], [], within_s)[0])
        finally:
            os.close(handle)

    def remember(self, file: Path) -> None:
        """Note this process in a file."""
        new = file.with_suffix(".new")
        new.write_text(json.dumps({"pid": self.pid, "started": self.started}))
        new.replace(file)


def remembered(file: Path) -> Process | None:
    """The process noted in a file, if it still lives."""
    try:
        noted = json.loads(file.read_text())
        process = Process(int(noted["pid"]), int(noted["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if process.alive else None


def every_process() -> Iterator[Process]:
    """Every process that lives now."""
    for entry in Path("/proc").iterdir():
        process = Process.of(int(entry.name)) if entry.name.isdecimal() else None
        if process:
            yield process


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    # The name may hold spaces and parentheses itself: what follows the last one counts.
    fields = text.rpartition(")")[2].split()
    return [] if fields[_STATE_FIELD] in "ZX" else fields
