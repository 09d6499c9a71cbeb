"""A scripted AMI server: says what a test wants, remembers what it heard."""

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

Action = list[tuple[str, str]]
Answer = Callable[["Connection", Action], None]

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def header(action: Action, name: str) -> str:
    return next((value for key, value in action if key == name), "")


class Connection:
    def __init__(self, server: "AmiServer", sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.ended = ""
        self._sending = threading.Lock()

    def send(self, data: bytes) -> None:
        # A test and the thread that answers may both: OpenSSL takes one at a time.
        with self._sending, suppress(OSError):
            self.sock.sendall(data)

    def block(self, *lines: str) -> None:
        self.send("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")

    def answer(self, action: Action, *lines: str) -> None:
        self.block(lines[0], f"ActionID: {header(action, 'ActionID')}", *lines[1:])

    def close(self) -> None:
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class AmiServer:
    """Listens on loopback; `answers` maps an action's name to what is done about it."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind((host, 0))
        self._listener.listen()
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._tls = tls
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self.greeting = GREETING
        self.reading = threading.Event()
        self.reading.set()
        self.connections: list[Connection] = []
        self.actions: list[Action] = []
        self.answers: dict[str, Answer] = dict(DEFAULT_ANSWERS)
        self._spawn(self._accept)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reading.set()
        for connection in self.connections:
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def named(self, name: str) -> list[Action]:
        with self._changed:
            return [each for each in self.actions if header(each, "Action") == name]

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not predicate():
                left = deadline - time.monotonic()
                assert left > 0, f"never came; heard {self.actions}"
                self._changed.wait(min(left, 0.05))

    def send(self, data: bytes) -> None:
        self.connections[-1].send(data)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        if self._tls is not None:
            try:
                sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        connection = Connection(self, sock)
        self._note(lambda: self.connections.append(connection))
        connection.send(self.greeting)
        ended = "eof"
        try:
            self._converse(connection)
        except (OSError, ValueError) as error:
            ended = type(error).__name__
        self._note(lambda: setattr(connection, "ended", ended))
        sock.close()

    def _converse(self, connection: Connection) -> None:
        held = b""
        while True:
            self.reading.wait()
            # As Asterisk reads: it waits for the socket, then takes 1,024 bytes, even with TLS.
            select.select([connection.sock], [], [])
            data = connection.sock.recv(1024)
            if not data:
                return
            held += data
            while b"\r\n\r\n" in held:
                block, held = held.split(b"\r\n\r\n", 1)
                self._take(connection, block)

    def _take(self, connection: Connection, block: bytes) -> None:
        lines = [line.partition(": ") for line in block.decode().split("\r\n")]
        action = [(name, value) for name, _, value in lines]
        self._note(lambda: self.actions.append(action))
        answer = self.answers.get(header(action, "Action"))
        if answer is not None:
            answer(connection, action)

    def _note(self, change: Callable[[], object]) -> None:
        with self._changed:
            change()
            self._changed.notify_all()


def accept(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Success", "Message: Authentication accepted")
    connection.block(
        "Event: FullyBooted", "Privilege: system,all", "Uptime: 100", "Status: Fully Booted"
    )


def reject(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Error", "Message: Authentication failed")
    connection.close()


def ignore(_connection: Connection, _action: Action) -> None:
    return


def pong(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Success", "Ping: Pong", f"Timestamp: {time.time():.6f}")


def queued(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Success", "Message: Originate successfully queued")


def goodbye(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Goodbye", "Message: Thanks for all the fish.")
    connection.close()


def status(connection: Connection, action: Action) -> None:
    connection.answer(
        action,
        "Response: Success",
        "CoreStartupDate: 2026-11-21",
        "CoreStartupTime: 20:21:28",
        "CoreCurrentCalls: 0",
    )


def settings(connection: Connection, action: Action) -> None:
    connection.answer(
        action, "Response: Success", "AMIversion: 11.0.0", "AsteriskVersion: 22.10.1+dfsg-1"
    )


def no_channels(connection: Connection, action: Action) -> None:
    connection.answer(action, "Response: Success", "EventList: start")
    connection.block(
        "Event: CoreShowChannelsComplete",
        f"ActionID: {header(action, 'ActionID')}",
        "EventList: Complete",
        "ListItems: 0",
    )


DEFAULT_ANSWERS: dict[str, Answer] = {
    "Login": accept,
    "Logoff": goodbye,
    "Ping": pong,
    "Originate": queued,
    "CoreStatus": status,
    "CoreSettings": settings,
    "CoreShowChannels": no_channels,
}
