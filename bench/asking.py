"""`python -m bench.asking URL RATE`: requests at fixed instants, whatever becomes of those before.

Each is timed from the instant at which it was due, not from when it could be sent, so that a server
that stands still is charged with everybody who would have asked meanwhile. The key is in the
environment (`BENCH_KEY`). It says that it is ready, is told when to begin and to end on its
standard input (epoch seconds), says what it found as one JSON line, and ends with its input.
"""

import asyncio
import json
import math
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from bench.answers import Answer, Answers
from bench.figures import Span, percentile

CONNECTIONS = 64
"""Kept alive and used in turn; a request that finds none idle waits, and that counts."""

PATIENCE_S = 10.0
"""What is not answered by then, after the end, never was."""


def due(per_second: float, begun: float, ended: float) -> Iterator[float]:
    """Instants, evenly spaced, from the first to before the last."""
    for index in range(math.ceil((ended - begun) * per_second)):
        yield begun + index / per_second


def found(asked: list["Asked"], span: Span) -> dict[str, Any]:
    """What those that were due in a span came to, in milliseconds."""
    counted = [one for one in asked if span[0] <= one.due < span[1]]
    good = [one for one in counted if one.status == 200]
    return {
        "asked": len(counted),
        "answered": len(good),
        "failed": len(counted) - len(good),
        "latencies_ms": [round((one.answered - one.due) * 1000, 2) for one in good],
        "late_p99_ms": percentile([(one.sent - one.due) * 1000 for one in counted], 0.99),
    }


class Asked:
    """One request.

    Attributes:
        due, sent, answered: instants; infinite before they have come.
        status: of the answer; 0 without one.
    """

    __slots__ = ("answered", "due", "sent", "status")

    def __init__(self, due_at: float) -> None:
        self.due = due_at
        self.sent = self.answered = math.inf
        self.status = 0


class _Line(asyncio.Protocol):
    """One connection, which carries one request at a time."""

    def __init__(self, asker: "Asker") -> None:
        self._asker = asker
        self._answers = Answers()
        self._current: Asked | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self, one: Asked, request: bytes) -> None:
        self._current = one
        one.sent = time.time()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        for answer in self._answers.feed(data):
            self._answer(answer, now)

    def _answer(self, answer: Answer, now: float) -> None:
        one, self._current = self._current, None
        if one is not None:
            one.answered, one.status = now, answer.status
            self._asker.free(self)


class Asker:
    """Sends what is due over the connection that has been idle for longest."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._idle: deque[_Line] = deque()
        self._waiting: deque[Asked] = deque()
        self._open = 0
        self._quiet = asyncio.Event()
        self.asked: list[Asked] = []

    async def connect(self, host: str, port: int) -> None:
        """Open every connection."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, line = await loop.create_connection(lambda: _Line(self), host, port)
            self._idle.append(line)

    def free(self, line: _Line) -> None:
        """Take a connection back, or give it what waits."""
        self._open -= 1
        if self._open == 0:
            self._quiet.set()
        if self._waiting:
            line.ask(self._waiting.popleft(), self._request)
        else:
            self._idle.append(line)

    def ask(self, due_at: float) -> None:
        """Send a request, or let it wait for a connection."""
        one = Asked(due_at)
        self.asked.append(one)
        self._open += 1
        self._quiet.clear()
        if self._idle:
            self._idle.popleft().ask(one, self._request)
        else:
            self._waiting.append(one)

    async def ask_all(self, instants: Iterator[float]) -> None:
        """Send each when it is due, and wait for the answers."""
        for at in instants:
            wait = at - time.time()
            if wait > 0:
                await asyncio.sleep(wait)
            self.ask(at)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), PATIENCE_S)


def request(url: str, key: str, *, accepts: str = "application/json") -> tuple[str, int, bytes]:
    """(host, port, bytes) of a GET with a key."""
    parts = urlsplit(url)
    lines = (
        f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {key}",
        f"Accept: {accepts}", "", "",
    )  # fmt: skip
    return parts.hostname or "", parts.port or 80, "\r\n".join(lines).encode()


def told() -> Span:
    """Say that we are ready; the span that counts, as it is told."""
    print("ready", flush=True)
    begun, ended = map(float, sys.stdin.readline().split())
    return begun, ended


def say(result: dict[str, Any]) -> None:
    """Say what was found, and stay until nobody wants to know more of this process."""
    print(json.dumps(result), flush=True)
    sys.stdin.read()


async def _run(url: str, per_second: float) -> None:
    host, port, line = request(url, os.environ["BENCH_KEY"])
    asker = Asker(line)
    await asker.connect(host, port)
    span = await asyncio.to_thread(told)
    await asker.ask_all(due(per_second, time.time(), span[1]))
    say(found(asker.asked, span))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], float(sys.argv[2])))
