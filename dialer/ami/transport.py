"""One TCP or TLS connection to the PBX, read and written without blocking.

asterisk-ami opens an IPv4 socket in clear, reads 1 KB at a time and uses `send` once; this does
IPv6 and TLS, reads 64 KB, keeps what the kernel would not take, and ends with a reset where asked.
"""

import contextlib
import math
import select
import socket
import ssl
import struct
import threading
import time

from campaigns.errors import PbxError
from dialer.ami.settings import AmiSettings

READ_SIZE = 64 * 1024
MOST_UNSENT = 1024 * 1024
"""Bytes that may wait to leave (about 1,500 Originates) before more are refused."""

TOGETHER_S = 0.025
"""Events that come within this time are read together. At 130 calls/s a dialer takes a fifth less
of a processor than with 10 ms (1.2 ms a call for 1.5); a refusal has ten times as long."""

_READS_IN_A_ROW = 16
_PBX_READ_SIZE = 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_ORDERLY_CLOSE = struct.pack("ii", 0, 0)
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError)


class Transport:
    """A connected socket. `exchange` belongs to one thread; `send` may be called from any."""

    def __init__(self, settings: AmiSettings) -> None:
        """Connect.

        Raises:
            PbxError: no connection, or the certificate was not accepted.
        """
        try:
            self._socket = _connected(settings)
        except OSError as error:
            where = f"{settings.host} port {settings.port}"
            raise PbxError(f"No AMI connection to {where}: {error}") from error
        self._waker, self._wake = socket.socketpair()
        self._waker.setblocking(False)
        self._wake.setblocking(False)
        self._longest_wait_s = settings.patience.send
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._waker, select.POLLIN)
        self._unsent = bytearray()
        self._leaving = 0
        self._waiting_since: float | None = None
        self._lock = threading.Lock()
        self._more_to_read = False
        self._lull = False
        self._open = True

    def send(self, data: bytes, send_by: float = math.inf) -> None:
        """Hand over bytes; they leave at once or not at all once the link is broken.

        Args:
            data: whole actions.
            send_by: monotonic seconds from which on they are not taken. Looked at here, last of
                all: this process may have been stopped for hours since the caller looked.

        Raises:
            PbxError: the link is closed, too much waits already, or it is too late; nothing was
                taken.
        """
        with self._lock:
            if time.monotonic() >= send_by:
                raise PbxError("It is too late to send this.")
            if not self._open:
                raise PbxError("The link to the PBX is down.")
            if len(self._unsent) + len(data) > MOST_UNSENT:
                raise PbxError("The PBX does not take what is sent; nothing more is queued.")
            idle = not self._unsent
            self._unsent += data
            if idle:
                self._waiting_since = time.monotonic()
                self._leave_at_once()
                if self._unsent:
                    self._wake.send(b"\0")

    def _leave_at_once(self) -> None:
        """Write from the caller's thread: an Originate leaves now, and no other thread wakes up.

        A TLS connection is left to its own thread: it cannot be read and written by two at once.
        What breaks here is found by that thread at its next exchange.
        """
        if not isinstance(self._socket, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                self._write()

    def exchange(self, timeout_s: float) -> bytes | None:
        """Wait for something to do, write what waits, read what came.

        Returns:
            The bytes read, empty where none came; None where the PBX closed the connection.

        Raises:
            OSError: the connection broke.
        """
        if self._lull:
            time.sleep(TOGETHER_S)
        ready = self._ready(0.0 if self._more_to_read else timeout_s)
        if self._waker.fileno() in ready:
            self._waker.recv(READ_SIZE)
        if self._unsent:
            self._flush()
        data: bytes | None = b""
        if self._more_to_read or self._socket.fileno() in ready:
            data = self._read()
        plain = not isinstance(self._socket, ssl.SSLSocket)
        self._lull = plain and bool(data) and len(data or b"") < READ_SIZE
        return data

    def _ready(self, timeout_s: float) -> set[int]:
        interest = select.POLLIN | select.POLLOUT if self._unsent else select.POLLIN
        self._poll.modify(self._socket, interest)
        return {number for number, _ in self._poll.poll(timeout_s * 1000)}

    def waiting_s(self) -> float:
        """How long the oldest unsent bytes have waited, in seconds."""
        since = self._waiting_since
        return 0.0 if since is None else time.monotonic() - since

    def close(self, *, reset: bool) -> None:
        """Close, once.

        Args:
            reset: drop what the kernel has not delivered (RST), so that an Originate sent on a
                stalled link cannot reach the PBX when the network heals.
        """
        with self._lock:
            if not self._open:
                return
            self._open = False
            self._unsent.clear()
            if not reset:
                with contextlib.suppress(OSError):
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ORDERLY_CLOSE)
            for each in (self._socket, self._waker, self._wake):
                each.close()

    def _flush(self) -> None:
        # A sender that holds the lock writes by itself, and wakes us where something is left.
        if not self._lock.acquire(blocking=False):
            return
        try:
            with contextlib.suppress(ssl.SSLWantWriteError, *_WOULD_BLOCK):
                self._write()
        finally:
            self._lock.release()

    def _write(self) -> None:
        while self._unsent:
            if self.waiting_s() > self._longest_wait_s:
                # A process that was stopped meanwhile must not send now what it meant to send then.
                raise TimeoutError(f"the PBX took no bytes for {self._longest_wait_s:g} s")
            if self._leaving == 0:
                self._leaving = self._next_size()
            sent = self._socket.send(memoryview(self._unsent)[: self._leaving])
            self._leaving -= sent
            del self._unsent[:sent]
            self._waiting_since = time.monotonic() if self._unsent else None

    def _next_size(self) -> int:
        """How many bytes to send in one go: whole lines that fit Asterisk's buffer, with TLS.

        Asterisk reads 1,024 bytes at a time and then waits for the socket. What it has not read of
        a TLS record waits inside its TLS library, where the socket shows nothing: sixteen of fifty
        Originates sent at once were not carried out until something else came (22.10.1).
        """
        if not isinstance(self._socket, ssl.SSLSocket):
            return len(self._unsent)
        end = self._unsent.rfind(b"\r\n", 0, _PBX_READ_SIZE)
        return end + 2 if end >= 0 else min(len(self._unsent), _PBX_READ_SIZE)

    def _read(self) -> bytes | None:
        # TLS may hold decrypted bytes that select cannot see: read until it would block.
        pieces: list[bytes] = []
        self._more_to_read = False
        for _ in range(_READS_IN_A_ROW):
            try:
                piece = self._socket.recv(READ_SIZE)
            except _WOULD_BLOCK:
                return b"".join(pieces)
            if not piece:
                return b"".join(pieces) or None
            pieces.append(piece)
            if len(piece) < READ_SIZE and not isinstance(self._socket, ssl.SSLSocket):
                return b"".join(pieces)
        self._more_to_read = True
        return b"".join(pieces)


def _connected(settings: AmiSettings) -> socket.socket:
    plain = socket.create_connection((settings.host, settings.port), settings.patience.connect)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    _forget_at_death(plain, settings.patience.action)
    if settings.tls is None:
        plain.setblocking(False)
        return plain
    try:
        secured = settings.tls.wrap_socket(plain, server_hostname=settings.host)
    except OSError:
        plain.close()
        raise
    secured.setblocking(False)
    return secured


def _forget_at_death(plain: socket.socket, longest_s: float) -> None:
    """Have the kernel drop undelivered orders when this process dies, or is stopped for long.

    Otherwise the kernel goes on delivering them by itself, for minutes where the network is down,
    long after the next dialer has called those people (socket(7) SO_LINGER, tcp(7)
    TCP_USER_TIMEOUT).
    """
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(longest_s * 1000))
