"""One RTP socket and the calls on it: every 20 ms, one packet to each, in one system call."""

import random
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rehearsal.datagrams import IOVEC, MMSGHDR, SOCKADDR, Datagrams
from rehearsal.sip import Address
from rehearsal.voices import FRAME, Library, Track

CAPACITY = 1024
"""Calls a lane can speak to at once."""

_RTP = np.dtype(
    [("version", "u1"), ("payload", "u1"), ("seq", ">u2"), ("time", ">u4"), ("ssrc", ">u4")]
)
_EVENT = np.dtype([("event", "u1"), ("end_volume", "u1"), ("duration", ">u2")])
_MARKER = 0x80
_END = 0x80
_VOLUME = 10
_ENDS = 3
_EVENT_CODES = {digit: code for code, digit in enumerate("0123456789*#ABCD")}


@dataclass(slots=True)
class _Press:
    """A key being sent on one slot: as events (RFC 4733, 2.5), or as tones where no payload is."""

    digit: str
    payload: int | None
    steps: int
    released: Callable[[], None]
    start: int = 0
    sent: int = 0


class Lane:
    """Outgoing streams share the frames of the library; only headers are made per packet."""

    def __init__(self, sock: socket.socket, datagrams: Datagrams, library: Library) -> None:
        self.sock = sock
        self.port: int = sock.getsockname()[1]
        self.calls = 0
        self.sent = 0
        self.unsent = 0
        self._datagrams = datagrams
        self._frames = {name: octets.ctypes.data for name, octets in library.frames.items()}
        self._library = library
        self._free = list(range(CAPACITY))
        self._presses: dict[int, deque[_Press]] = {}
        self._active = np.zeros(0, np.int64)
        self._lay_out()

    def _lay_out(self) -> None:
        rows = np.arange(CAPACITY, dtype=np.uint64)
        self._rtp = np.zeros(CAPACITY, _RTP)
        self._events = np.zeros(CAPACITY, _EVENT)
        self._names = np.zeros(CAPACITY, SOCKADDR)
        self._iov = np.zeros((CAPACITY, 2), IOVEC)
        self._messages = np.zeros(CAPACITY, MMSGHDR)
        self._rtp["version"] = 0x80
        self._names["family"] = socket.AF_INET
        self._iov["base"][:, 0] = self._rtp.ctypes.data + rows * np.uint64(_RTP.itemsize)
        self._iov["len"] = (_RTP.itemsize, FRAME)
        self._messages["name"] = self._names.ctypes.data + rows * np.uint64(SOCKADDR.itemsize)
        self._messages["namelen"] = SOCKADDR.itemsize
        self._messages["iov"] = self._iov.ctypes.data + rows * np.uint64(2 * IOVEC.itemsize)
        self._messages["iovlen"] = 2
        self._seq = np.zeros(CAPACITY, np.uint16)
        self._time = np.zeros(CAPACITY, np.uint32)
        self._payload = np.zeros(CAPACITY, np.uint8)
        self._base = np.zeros(CAPACITY, np.uint64)
        self._frame, self._end, self._loop = np.zeros((3, CAPACITY), np.int64)

    def play(self, to: Address, payload: int, codec: str, track: Track) -> int | None:
        """Start a stream. Returns its slot, None where the lane is full."""
        if not self._free:
            return None
        slot = self._free.pop()
        self._send_to(slot, to)
        self._payload[slot], self._base[slot] = payload, self._frames[codec]
        self._rtp["ssrc"][slot] = random.getrandbits(32)
        self._seq[slot], self._time[slot] = random.getrandbits(15), random.getrandbits(31)
        self._frame[slot], self._end[slot], self._loop[slot] = track.first, track.end, track.loop
        self._active = np.append(self._active, slot)
        return slot

    def stop(self, slot: int) -> None:
        """End a stream, and the key it may be sending, unreleased."""
        self._active = self._active[self._active != slot]
        self._presses.pop(slot, None)
        self._iov["len"][slot, 1] = FRAME
        self._free.append(slot)

    def redirect(self, slot: int, to: Address) -> None:
        """Send a running stream elsewhere (after a re-INVITE)."""
        self._send_to(slot, to)

    def _send_to(self, slot: int, to: Address) -> None:
        host = int.from_bytes(socket.inet_aton(to[0]), "big")
        self._names["host"][slot], self._names["port"][slot] = host, to[1]

    def press(
        self,
        slot: int,
        digit: str,
        payload: int | None,
        seconds: float,
        released: Callable[[], None],
    ) -> None:
        """Send a key on a stream, in place of its audio, after any that is being sent.

        `payload` is that of telephone-event, None for tones; `released` is called as it goes up.
        """
        steps = max(1, round(seconds * 50))
        waiting = self._presses.setdefault(slot, deque())
        waiting.append(_Press(digit, payload, steps, released))

    def tick(self) -> None:
        """Send the next 20 ms of every stream."""
        slots = self._active
        if not len(slots):
            return
        self._next_frames(slots)
        released = [self._next_event(slot) for slot in tuple(self._presses)]
        sent = self._datagrams.send(self.sock, self._messages[slots])
        self.sent += sent
        self.unsent += len(slots) - sent
        for call_back in filter(None, released):
            call_back()

    def _next_frames(self, slots: NDArray[np.int64]) -> None:
        self._seq[slots] += np.uint16(1)
        self._time[slots] += np.uint32(FRAME)
        frame = self._frame[slots]
        self._rtp["payload"][slots] = self._payload[slots]
        self._rtp["seq"][slots] = self._seq[slots]
        self._rtp["time"][slots] = self._time[slots]
        self._iov["base"][slots, 1] = self._base[slots] + (frame * FRAME).astype(np.uint64)
        frame += 1
        self._frame[slots] = np.where(frame >= self._end[slots], self._loop[slots], frame)

    def _next_event(self, slot: int) -> Callable[[], None] | None:
        """Put a packet of the key where `_next_frames` has put audio."""
        press = self._presses[slot][0]
        press.sent += 1
        if press.sent == press.steps + _ENDS:
            self._back_to_audio(slot)
            return None
        if press.payload is not None:
            self._put_event(slot, press, press.payload)
        elif press.sent <= press.steps:
            tone = self._library.tones[press.digit] + press.sent - 1
            self._iov["base"][slot, 1] = self._base[slot] + np.uint64(tone * FRAME)
        return press.released if press.sent == press.steps else None

    def _put_event(self, slot: int, press: _Press, payload: int) -> None:
        if press.sent == 1:
            press.start = int(self._time[slot])
        volume = _VOLUME | (_END if press.sent >= press.steps else 0)
        duration = min(press.sent, press.steps) * FRAME
        self._rtp["payload"][slot] = payload | (_MARKER if press.sent == 1 else 0)
        self._rtp["time"][slot] = press.start
        self._events[slot] = (_EVENT_CODES[press.digit], volume, duration)
        at = self._events.ctypes.data + slot * _EVENT.itemsize
        self._iov["base"][slot, 1], self._iov["len"][slot, 1] = at, _EVENT.itemsize

    def _back_to_audio(self, slot: int) -> None:
        self._iov["len"][slot, 1] = FRAME
        self._presses[slot].popleft()
        if not self._presses[slot]:
            del self._presses[slot]
