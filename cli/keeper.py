"""Keeping a program running: started again when it dies, ended when it is no longer wanted."""

import asyncio
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
            await self._wait_after(deaths, code)

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
        name = self._program.name
        if deaths > MOST_DEATHS:
            raise ChildFailed(f"The {name} ended {deaths} times in a row (exit code {code}).")
        delay = min(FIRST_DELAY_S * 2 ** (deaths - 1), LONGEST_DELAY_S)
        log.warning("a program ended and is started again", program=name, exit_code=code,
            after_s=delay)  # fmt: skip
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), delay)
