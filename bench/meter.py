"""What processes and the machine use: CPU time and memory, from proc(5)."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Counted from the state, the first field after the program's name in parentheses."""


def cpu_s(pid: int) -> float:
    """CPU time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[_USER]) + int(fields[_SYSTEM])) * _TICK_S


def rss_mb(pid: int, kind: str = "VmRSS") -> float:
    """Memory of a process in MB; `RssAnon` leaves out files it has mapped."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def machine() -> dict[str, object]:
    """What the figures were made on."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in info.splitlines() if "model name" in line]
    total = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    return {
        "cores": os.cpu_count(),
        "cpu": models[0] if models else os.uname().machine,
        "memory_mb": total,
        "kernel": os.uname().release,
        "load_before": round(os.getloadavg()[0], 2),
    }


def _machine_ticks() -> tuple[int, int]:
    """(idle, all) ticks of all cores so far."""
    fields = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
    return fields[3] + fields[4], sum(fields)


@dataclass(frozen=True, slots=True)
class Used:
    """What a span of time took.

    Attributes:
        seconds: how long it was.
        cpu_s: CPU seconds by process.
        idle_share: of all cores; the machine's other work is in it too.
    """

    seconds: float
    cpu_s: dict[str, float]
    idle_share: float

    def cores(self, name: str) -> float:
        """How many cores a process kept busy."""
        return self.cpu_s.get(name, 0.0) / self.seconds


@dataclass(slots=True)
class Meter:
    """Measures from its making to `read`."""

    pids: Mapping[str, int]
    _cpu: dict[str, float] = field(init=False)
    _ticks: tuple[int, int] = field(init=False)
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._cpu = {name: cpu_s(pid) for name, pid in self.pids.items()}
        self._ticks = _machine_ticks()
        self._begun = time.monotonic()

    def read(self) -> Used:
        """What was used since."""
        idle, total = (now - then for now, then in zip(_machine_ticks(), self._ticks, strict=True))
        used = {name: cpu_s(pid) - self._cpu[name] for name, pid in self.pids.items()}
        return Used(time.monotonic() - self._begun, used, idle / total if total else 0.0)
