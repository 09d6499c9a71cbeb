"""Keeping a program running: started again when it dies, ended when it is no longer wanted."""

import asyncio
import os
from contextlib import suppress
from time import monotonic

import structlog

from cli.children import ChildFailed, Program, environment

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
LONG_ENOUGH_S = 60.0
"""A program that ran for so long had started well: its death counts as the first."""
MOST_DEATHS = 8
"""Deaths in a row before we give up, after some two minutes."""
UNAVAILABLE = os.EX_UNAVAILABLE
"""Exit code of a program that could not reach something which may come back, such as a remote
PBX: it is started again for as long as that takes (sysexits.h)."""

log = structlog.get_logger()


class Keeper:
    """Keeps one program running.

    Args:
        program: what to run; its output is ours.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Ask the program to end (SIGTERM) and start it no more; `keep` returns after it."""
        self._ending.set()

    async def keep(self) -> None:
        """Run the program until `end`.

        Raises:
            ChildFailed: it dies again and again.
        """
        deaths = 0
        while not self._ending.is_set():
            begun = monotonic()
            code = await self._run()
            if self._ending.is_set():
                return
            deaths = 1 if monotonic() - begun > LONG_ENOUGH_S else deaths + 1
            self._check(deaths, code)
            await self._wait_after(deaths, code)

    def _check(self, deaths: int, code: int) -> None:
        if deaths > MOST_DEATHS and code != UNAVAILABLE:
            name = self._program.name
            raise ChildFailed(f"The {name} ended {deaths} times in a row (exit code {code}).")

    async def _run(self) -> int:
        child = await asyncio.create_subprocess_exec(
            *self._program.command,
            stdin=asyncio.subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,  # Ctrl-C is for us: we end our programs in order
        )
        ended = asyncio.create_task(child.wait())
        asked = asyncio.create_task(self._ending.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if not ended.done():
            child.terminate()
        return await ended

    async def _wait_after(self, deaths: int, code: int) -> None:
        delay = min(FIRST_DELAY_S * 2 ** min(deaths - 1, MOST_DEATHS), LONGEST_DELAY_S)
        log.warning(
            "a program ended and is started again",
            program=self._program.name,
            exit_code=code,
            times=deaths,
            after_s=delay,
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), delay)
