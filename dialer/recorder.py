"""What is to be written of calls, gathered until it is worth a transaction."""

import logging
import time
from collections.abc import Sequence

import structlog

from campaigns.errors import StoreUnavailable
from dialer import outcomes
from dialer.book import Book, Entry
from dialer.claim import Claimed, Want
from dialer.hearing import Hearing
from dialer.outcomes import Closing

GATHER_S = 0.25
"""How long the ends of calls may wait for others, or for a claim, to be written together. A refusal
never waits."""

log = structlog.get_logger()
_LEVEL = logging.getLogger(__name__)
"""Asked whether details are wanted: for every call, structlog would bind a logger to drop them."""


class Recorder:
    """Writes ends, refusals and claims, each as soon as it matters.

    Args:
        book: where to.
        hearing: knows in which calls 9 was pressed.
    """

    def __init__(self, book: Book, hearing: Hearing) -> None:
        self._book = book
        self._hearing = hearing
        self._closings: list[Closing] = []
        self._written = 0.0

    @property
    def waiting(self) -> bool:
        """Whether the end of a call is not written yet."""
        return bool(self._closings)

    def add(self, closing: Closing) -> None:
        """Take the end of a call."""
        if _LEVEL.isEnabledFor(logging.DEBUG):
            _tell(closing)
        self._closings.append(closing)

    async def write(self, wants: list[Want], *, at_once: bool) -> Sequence[Claimed] | None:
        """Write in one transaction, or leave it until there is more.

        Args:
            wants: claims to make; they do not wait.
            at_once: nothing is worth waiting for.

        Returns:
            What was claimed, for each want in order; None where nothing was written.

        Raises:
            StoreUnavailable: nothing was written; it is all kept, but for the wants.
            LeaseLost: another dialer has taken over.
        """
        entry = Entry(self._closings, self._hearing.refusals(), wants)
        if not self._is_due(entry, at_once=at_once):
            return None
        self._closings = []
        self._written = time.monotonic()
        try:
            return await self._book.write(entry)
        except StoreUnavailable:
            self._closings = entry.closings + self._closings
            self._hearing.hear_again(entry.refusals)
            raise

    def _is_due(self, entry: Entry, *, at_once: bool) -> bool:
        urgent = bool(entry.refusals or entry.wants or outcomes.opted_out(entry.closings))
        rested = at_once or time.monotonic() - self._written >= GATHER_S
        return urgent or (bool(entry) and rested)


def _tell(closing: Closing) -> None:
    ended = closing.ended
    log.debug(
        "call ended", attempt=ended.id, campaign=closing.call.campaign.id,
        trunk=closing.call.attempt.trunk, outcome=ended.outcome, cause=ended.cause,
        tech=ended.tech, sip_call_id=ended.sip_call_id,
    )  # fmt: skip
