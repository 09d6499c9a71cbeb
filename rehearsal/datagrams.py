"""Many datagrams in one system call: recvmmsg and sendmmsg on numpy arrays, or plain sockets.

The arrays have the kernel's own layout (struct mmsghdr, iovec, sockaddr_in of 64-bit Linux), so
nothing is converted per packet.
"""

import ctypes
import errno
import os
import socket
import struct
import sys
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

IOVEC = np.dtype([("base", np.uint64), ("len", np.uint64)])
SOCKADDR = np.dtype([("family", np.uint16), ("port", ">u2"), ("host", ">u4"), ("zero", np.uint64)])
MMSGHDR = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen", "flags", "len"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "i4", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
_TIMESTAMP = np.dtype(
    [("len", "u8"), ("level", "i4"), ("type", "i4"), ("seconds", "i8"), ("nanoseconds", "i8")]
)
SO_TIMESTAMPNS = 35
BATCH = 256
HEAD = 172
"""Octets kept of each packet received: the RTP header and 20 ms of G.711 or G.722."""


class Received:
    """One batch of packets, as columns.

    Attributes:
        ports: source port of each.
        kinds: second octet of each, marker bit removed (the RTP payload type).
        sizes: octets each packet had on the wire, of UDP payload.
        times: epoch seconds at which the kernel took each.
        heads: the first HEAD octets of each, good until the next batch is received.
    """

    def __init__(
        self,
        ports: NDArray[np.int64],
        kinds: NDArray[np.uint8],
        sizes: NDArray[np.int64],
        times: NDArray[np.float64],
        heads: NDArray[np.uint8],
    ) -> None:
        self.ports = ports
        self.kinds = kinds
        self.sizes = sizes
        self.times = times
        self.heads = heads


class Datagrams(Protocol):
    """How a lane moves its packets."""

    def receive(self, sock: socket.socket, now: float) -> Received | None:
        """Up to BATCH packets, or None where none waits. `now` is epoch time for want of better."""

    def send(self, sock: socket.socket, messages: NDArray[np.void]) -> int:
        """Send what the MMSGHDR rows point at. Returns how many the kernel took."""


class KernelBatches:
    """recvmmsg and sendmmsg through the C library."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._recvmmsg, self._sendmmsg = libc.recvmmsg, libc.sendmmsg
        pointer = ctypes.c_void_p
        self._recvmmsg.argtypes = [ctypes.c_int, pointer, ctypes.c_uint, ctypes.c_int, pointer]
        self._sendmmsg.argtypes = [ctypes.c_int, pointer, ctypes.c_uint, ctypes.c_int]
        self._heads = np.zeros((BATCH, HEAD), np.uint8)
        self._names = np.zeros(BATCH, SOCKADDR)
        self._stamps = np.zeros(BATCH, _TIMESTAMP)
        self._iov = np.zeros(BATCH, IOVEC)
        self._messages = np.zeros(BATCH, MMSGHDR)
        rows = np.arange(BATCH, dtype=np.uint64)
        self._iov["base"] = self._heads.ctypes.data + rows * np.uint64(HEAD)
        self._iov["len"] = HEAD
        m = self._messages
        m["name"] = self._names.ctypes.data + rows * np.uint64(SOCKADDR.itemsize)
        m["iov"] = self._iov.ctypes.data + rows * np.uint64(IOVEC.itemsize)
        m["iovlen"] = 1
        m["control"] = self._stamps.ctypes.data + rows * np.uint64(_TIMESTAMP.itemsize)

    def receive(self, sock: socket.socket, now: float) -> Received | None:
        """See Datagrams."""
        m = self._messages
        m["namelen"] = SOCKADDR.itemsize
        m["controllen"] = _TIMESTAMP.itemsize
        flags = socket.MSG_DONTWAIT | socket.MSG_TRUNC
        count = self._recvmmsg(sock.fileno(), m.ctypes.data, BATCH, flags, None)
        if count <= 0:
            return None
        stamps = self._stamps[:count]
        times = stamps["seconds"] + stamps["nanoseconds"] * 1e-9
        times[m["controllen"][:count] == 0] = now
        return Received(
            self._names["port"][:count].astype(np.int64),
            self._heads[:count, 1] & np.uint8(0x7F),
            m["len"][:count].astype(np.int64),
            times,
            self._heads[:count],
        )

    def send(self, sock: socket.socket, messages: NDArray[np.void]) -> int:
        """See Datagrams."""
        sent, total = 0, len(messages)
        while sent < total:
            at = messages.ctypes.data + sent * MMSGHDR.itemsize
            count = self._sendmmsg(sock.fileno(), at, total - sent, socket.MSG_DONTWAIT)
            if count <= 0:
                if ctypes.get_errno() in {errno.EAGAIN, errno.EINTR}:
                    return sent
                count = 1  # that one packet cannot be sent, the rest may
            sent += count
        return sent


class PlainSockets:
    """One system call a packet, for a C library without the batches."""

    def receive(self, sock: socket.socket, now: float) -> Received | None:
        """See Datagrams."""
        rows: list[tuple[int, int]] = []
        heads: list[bytes] = []
        for _ in range(BATCH):
            try:
                data, (_host, port) = sock.recvfrom(2048)
            except BlockingIOError:
                break
            rows.append((port, len(data)))
            heads.append(data[:HEAD].ljust(HEAD, b"\0"))
        if not rows:
            return None
        ports, sizes = np.array(rows, np.int64).T
        octets = np.frombuffer(b"".join(heads), np.uint8).reshape(-1, HEAD)
        return Received(
            ports, octets[:, 1] & np.uint8(0x7F), sizes, np.full(len(rows), now), octets
        )

    def send(self, sock: socket.socket, messages: NDArray[np.void]) -> int:
        """See Datagrams."""
        sent = 0
        for row in messages:
            name = ctypes.string_at(int(row["name"]), SOCKADDR.itemsize)
            (port,) = struct.unpack_from(">H", name, 2)
            iov = ctypes.string_at(int(row["iov"]), int(row["iovlen"]) * IOVEC.itemsize)
            parts = [ctypes.string_at(base, size) for base, size in struct.iter_unpack("QQ", iov)]
            try:
                sent += bool(sock.sendto(b"".join(parts), (socket.inet_ntoa(name[4:8]), port)))
            except OSError:
                continue
        return sent


def best_datagrams() -> Datagrams:
    """Batches where this machine has them with the layout above, else plain sockets."""
    if sys.platform == "linux" and sys.maxsize > 2**32 and sys.byteorder == "little":
        try:
            return KernelBatches()
        except AttributeError:  # a C library without sendmmsg
            return PlainSockets()
    return PlainSockets()


def open_socket(host: str, port: int, buffer_octets: int = 4 << 20) -> socket.socket:
    """A non-blocking UDP socket with large buffers and, where known, kernel receive times."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_octets)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_octets)
        if sys.platform == "linux":
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def lost_by_kernel(sockets: list[socket.socket]) -> int | None:
    """Packets these sockets' receive buffers had no room for (SO_MEMINFO), None if not known."""
    if sys.platform != "linux":
        return None
    so_meminfo, words = 55, 9
    lost = 0
    for sock in sockets:
        try:
            info = sock.getsockopt(socket.SOL_SOCKET, so_meminfo, words * 4)
        except OSError as error:
            if error.errno in {errno.ENOPROTOOPT, errno.EINVAL}:
                return None
            raise OSError(error.errno, os.strerror(error.errno or 0)) from error
        lost += struct.unpack(f"{words}I", info)[8]
    return lost
