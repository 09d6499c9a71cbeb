"""The way between dialer and PBX: a TCP relay that can be cut, refused, stalled or made late."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READ = 65536


@dataclass(slots=True, eq=False)
class _Way:
    """One direction of one connection: what was read waits here while the link is stalled."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    to_pbx: bool
    passing: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    aborted: bool = False


class Link:
    """A relay on loopback, on a thread of its own; its faults are commanded from another thread.

    Args:
        pbx_port: where AMI really listens.
    """

    def __init__(self, pbx_port: int) -> None:
        self._pbx_port = pbx_port
        self._loop = asyncio.new_event_loop()
        self._stalled: set[bool] = set()
        self._refusing = self._late = False
        self._delay = 0.0
        self._ways: set[_Way] = set()
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port: int = self._run(self._listen())

    @property
    def connections(self) -> int:
        """How many there are now."""
        return len({id(way.writer) for way in tuple(self._ways) if way.to_pbx})

    # Faults

    def cut(self, *, reset: bool) -> None:
        """End every connection, by RST or in order (FIN)."""
        self._call(self._cut, reset)

    def refuse(self, refusing: bool) -> None:
        """Let no new connection through."""
        self._call(setattr, self, "_refusing", refusing)

    def stall(self, *, to_pbx: bool, to_dialer: bool, late: bool = False) -> None:
        """Pass nothing on until `heal`.

        Args:
            to_pbx, to_dialer: which directions.
            late: only the connections of this moment stall, and what the dialer had sent on them
                is delivered even where it has reset them meanwhile, as by something on the way
                that had taken it already; new connections pass.
        """
        self._call(self._stall, to_pbx, to_dialer, late)

    def slow(self, delay: float) -> None:
        """Hold up each piece, in both directions, for so many seconds; 0 as ever."""
        self._call(setattr, self, "_delay", delay)

    def heal(self) -> None:
        """Pass everything on again, beginning with what waited."""
        self._call(self._heal)

    def close(self) -> None:
        """End it all."""
        self._run(self._end())
        self._call(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def _cut(self, reset: bool) -> None:
        for way in list(self._ways):
            if reset:
                found = way.writer.get_extra_info("socket")
                with contextlib.suppress(OSError):
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                way.writer.transport.abort()
            else:
                way.writer.close()

    def _stall(self, to_pbx: bool, to_dialer: bool, late: bool) -> None:
        self._late = late
        stalled = {way for way, asked in ((True, to_pbx), (False, to_dialer)) if asked}
        self._stalled = set() if late else stalled
        for way in self._ways:
            if way.to_pbx in stalled:
                way.passing.clear()

    def _heal(self) -> None:
        self._stalled = set()
        for way in self._ways:
            way.passing.set()

    # Relaying

    async def _end(self) -> None:
        """Leave nothing open."""
        self._server.close()
        self._cut(True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        self._server = server
        return port

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refusing:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._pbx_port)
        except OSError:
            writer.transport.abort()
            return
        for way in (_Way(reader, far_writer, True), _Way(far_reader, writer, False)):
            self._ways.add(way)
            if way.to_pbx not in self._stalled:
                way.passing.set()
            self._keep(self._take(way))
            self._keep(self._give(way))

    def _keep(self, part: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(part)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, way: _Way) -> None:
        try:
            while data := await way.reader.read(_READ):
                way.waiting.put_nowait(data)
        except OSError:
            way.aborted = True
        way.waiting.put_nowait(None)

    async def _give(self, way: _Way) -> None:
        with contextlib.suppress(OSError):
            while (data := await way.waiting.get()) is not None:
                await asyncio.sleep(self._delay)
                await way.passing.wait()
                if way.aborted and not self._late:
                    break
                way.writer.write(data)
                await way.writer.drain()
            await way.passing.wait()
        self._ways.discard(way)
        way.writer.close()

    def _call(self, act: Any, *args: Any) -> None:
        self._loop.call_soon_threadsafe(act, *args)

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(10.0)
