"""What the simulated network has written so far, read as it grows."""

import json
import time
from pathlib import Path


class Sightings:
    """Counts calls, and remembers when opt-out keys were released, without reading anything twice.

    Args:
        ledger: the network's file.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger
        self._offset = 0
        self._rest = b""
        self.calls = 0
        self.keys: list[float] = []

    def look(self) -> None:
        """Read what is new."""
        if not self._ledger.exists():
            return
        with self._ledger.open("rb") as stream:
            stream.seek(self._offset)
            data = stream.read()
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)

    def keys_within(self, seconds: float) -> int:
        """Opt-out keys of the last so many seconds."""
        since = time.time() - seconds
        return sum(at >= since for at in self.keys[-200:])

    def _take(self, line: bytes) -> None:
        if line.startswith(b'{"event":"invite"'):
            self.calls += 1
        elif line.startswith(b'{"event":"key"'):
            self.keys.append(json.loads(line)["end"])
