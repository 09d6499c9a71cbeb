"""`python -m bench.watching URL COUNT`: so many event streams, read to the last byte.

In a process of its own, so that reading five hundred events at once delays no request of
`bench.asking`. It is spoken to as that is.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from bench.answers import Events
from bench.asking import request, say, told
from bench.figures import Span

SILENT_S = 3.0
"""Without an event for so long, while calls begin all the time, a stream has fallen silent."""

AT_ONCE = 25
"""Streams that are opened together."""

PATIENCE_S = 60.0


@dataclass(slots=True)
class Seen:
    """One stream.

    Attributes:
        events: when each event `progress` came, in epoch seconds.
        attempts: as the last one said.
        fault: why it is not to be counted; empty while it is.
    """

    events: list[float] = field(default_factory=list)
    attempts: int = -1
    fault: str = ""

    def take(self, kind: str, data: str, now: float) -> None:
        """Note an event."""
        if kind != "progress":
            self.fault = f"an event «{kind}»"
            return
        attempts = int(json.loads(data)["attempts"])
        if attempts < self.attempts:
            self.fault = "progress went back"
        self.attempts = attempts
        self.events.append(now)

    def longest_gap(self, span: Span) -> float:
        """The longest time without an event in a span, its ends included; seconds."""
        moments = [span[0], *(at for at in self.events if span[0] <= at < span[1]), span[1]]
        return max(later - before for before, later in pairwise(moments))

    def counted(self, span: Span) -> int:
        """Events in a span."""
        return sum(span[0] <= at < span[1] for at in self.events)


def found(streams: list[Seen], span: Span) -> dict[str, Any]:
    """What all of them came to."""
    counts = [one.counted(span) for one in streams]
    gaps = [one.longest_gap(span) for one in streams]
    lively = [gap <= SILENT_S and not one.fault for gap, one in zip(gaps, streams, strict=True)]
    return {
        "streams": sum(lively),
        "events": sum(counts),
        "events_least": min(counts, default=0),
        "gap_s": max(gaps, default=0.0),
        "faults": sorted({one.fault for one in streams} - {""}),
    }


class _Stream(asyncio.Protocol):
    def __init__(self, line: bytes, seen: Seen) -> None:
        self._request = line
        self._seen = seen
        self._events = Events()
        self.begun = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - of TCP
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        for kind, text in self._events.feed(data):
            self._seen.take(kind, text, now)
        if self._seen.events and not self.begun.done():
            self.begun.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.fault = f"it ended ({exc})"
        if not self.begun.done():
            self.begun.set_result(None)


async def _open(url: str, count: int) -> list[Seen]:
    """Open every stream and wait for its first event."""
    host, port, line = request(url, os.environ["BENCH_KEY"], accepts="text/event-stream")
    loop, streams = asyncio.get_running_loop(), [Seen() for _ in range(count)]
    for first in range(0, count, AT_ONCE):
        opened = []
        for one in streams[first : first + AT_ONCE]:
            _, made = await loop.create_connection(lambda one=one: _Stream(line, one), host, port)
            opened.append(made.begun)
        await asyncio.wait_for(asyncio.gather(*opened), PATIENCE_S)
    return streams


async def _run(url: str, count: int) -> None:
    streams = await _open(url, count)
    span = await asyncio.to_thread(told)
    await asyncio.sleep(span[1] - time.time())
    say(found(streams, span))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], int(sys.argv[2])))
