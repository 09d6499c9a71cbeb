"""From the link's thread to the event loop: bounded, in order, one wake-up for many events."""

import asyncio
import contextlib
import threading
from collections.abc import Sequence

from campaigns.errors import PbxError
from dialer.events import Event, Listener

MOST_WAITING = 50_000
"""Events that may wait for the event loop, about 10 MB."""


class Mailbox:
    """Takes one link's events on its thread, gives them to the listener on the event loop.

    When the loop does not keep up, `put` waits, so the link is not read and TCP slows the PBX down;
    when that does not help in time, it raises and the link is broken and reconciled. Memory never
    grows without bound.

    While held, events wait: they came before the listener was told that the link is up.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, listener: Listener, patience_s: float
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._waiting: list[Event] = []
        self._called = False
        self._held = True

    def put(self, events: Sequence[Event]) -> None:
        """Hand over events from the link's thread.

        Raises:
            PbxError: the event loop has not taken what waits for `patience_s` seconds.
        """
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                taken = self._changed.wait_for(self._has_room, self._patience_s)
                if not taken:
                    raise PbxError(f"the dialer left {MOST_WAITING} events unread")
            self._waiting.extend(events)
            self._call()

    def release(self, *first: Event) -> None:
        """Give the listener `first`, then what was held, then what comes."""
        with self._changed:
            self._held = False
            self._waiting[:0] = first
            self._call()

    def end(self, *last: Event) -> None:
        """On the event loop: give the listener what waits, then `last`, and nothing after it."""
        with self._changed:
            events, self._waiting = self._waiting, []
            self._held = True
            self._changed.notify()
        self._listener([*events, *last])

    def _has_room(self) -> bool:
        return len(self._waiting) < MOST_WAITING

    def _call(self) -> None:
        if self._waiting and not self._called and not self._held:
            self._called = True
            # A loop that has closed has nobody left to tell.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # A listener that raises is reported by the event loop and hears the next batch.
        with self._changed:
            self._called = False
            if self._held:
                return
            events, self._waiting = self._waiting, []
            self._changed.notify()
        if events:
            self._listener(events)
