"""What the PBX writes of calls to the numbers that were shown: read, and carried out.

A file for each day (UTC) beside the journals of our own calls. The PBX writes it with the dialer
down too, so it is read from the beginning at each start; what was done before is not done again.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from campaigns.callback import Said, read_said
from campaigns.errors import PortevoixError
from dialer.journal import put_aside

SUFFIX = ".callbacks"

LOOK_EVERY_S = 0.1
"""How often it is seen whether anything was written: a refusal is to be in force within 250 ms."""

_KEPT = timedelta(days=2)
"""A call that began before midnight writes to the file of its own day."""

log = structlog.get_logger()


class CallbackLog:
    """Carries out what callers asked for, once, in the order in which it was written.

    Args:
        directory: where the PBX writes.
        carry_out: does one; whether there was anything to do.
    """

    def __init__(self, directory: Path, carry_out: Callable[[Said], bool]) -> None:
        self._directory = directory
        self._carry_out = carry_out
        self._read: dict[Path, int] = {}

    def catch_up(self) -> None:
        """Carry out what was written since the last time.

        Raises:
            PortevoixError, OSError: it cannot be read or kept now; the next time goes on there.
        """
        for file in sorted(self._directory.glob(f"*{SUFFIX}")):
            self._read_on(file)
            self._remove_old(file)

    async def watch(self) -> None:
        """Catch up whenever something was written, without end."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                if self._has_more():
                    await asyncio.to_thread(self.catch_up)
            except (PortevoixError, OSError) as error:
                log.error("what callers asked for waits", why=str(error))
            except Exception:  # a fault of ours ends no watching: refusals would wait unheard
                log.exception("what callers asked for waits")

    def _has_more(self) -> bool:
        files = self._directory.glob(f"*{SUFFIX}")
        return any(file.stat().st_size > self._read.get(file, 0) for file in files)

    def _read_on(self, file: Path) -> None:
        for line, after in _lines(file, self._read.get(file, 0)):
            said = read_said(line)
            if said is None:
                log.warning("a line of the callback log means nothing", file=file.name)
            elif self._carry_out(said):
                log.info("callback", act=said.act.value, call=said.call_id)
            self._read[file] = after

    def _remove_old(self, file: Path) -> None:
        """Put it aside: everything in it was carried out."""
        day = (datetime.now(UTC) - _KEPT).strftime("%Y%m%d")
        if file.stem < day:
            put_aside(file)
            self._read.pop(file, None)


def _lines(file: Path, offset: int) -> Iterator[tuple[bytes, int]]:
    """Complete lines from an offset on, each with the offset after it."""
    if file.stat().st_size <= offset:
        return
    with file.open("rb") as stream:
        stream.seek(offset)
        for line in stream:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            yield line[:-1], offset
