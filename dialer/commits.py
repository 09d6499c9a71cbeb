"""What was committed and is not on the disk yet: calls wait for that, and nothing else does."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from campaigns.errors import StoreUnavailable
from dialer.book import Book
from dialer.calls import Call

log = structlog.get_logger()


class Commits:
    """Follows commits to the disk. One synchronisation serves all that came before it.

    Args:
        book: where they were made.
        leave: told of calls whose attempts are on the disk.
        stay: told of each call that must not be placed.
    """

    def __init__(
        self, book: Book, leave: Callable[[Sequence[Call]], None], stay: Callable[[Call], None]
    ) -> None:
        self._book = book
        self._leave = leave
        self._stay = stay
        self._waiting: dict[asyncio.Task[None], list[Call]] = {}

    def follow(self, calls: list[Call]) -> None:
        """Something was committed, these attempts among it."""
        task = asyncio.create_task(self._follow(calls))
        self._waiting[task] = calls
        task.add_done_callback(self._waiting.pop)

    def void(self) -> None:
        """Give back every call that waits."""
        for calls in self._waiting.values():
            self._give_back(calls)

    async def end(self) -> None:
        """Wait until everything is on the disk."""
        await asyncio.gather(*self._waiting)

    async def _follow(self, calls: list[Call]) -> None:
        try:
            await self._book.on_disk()
        except StoreUnavailable as error:
            log.error("the disk does not take what was committed", why=str(error))
            self._give_back(calls)
        else:
            leaving = calls.copy()
            calls.clear()
            self._leave(leaving)

    def _give_back(self, calls: list[Call]) -> None:
        while calls:
            self._stay(calls.pop())
