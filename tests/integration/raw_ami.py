"""A bare AMI client for tests: it shares no code with the one under test."""

import itertools
import socket
import threading
from collections.abc import Callable

Message = dict[str, str]


class RawAmi:
    """Sends actions and keeps every event."""

    def __init__(self, port: int, secret: str, user: str = "portevoix") -> None:
        self.events: list[Message] = []
        self.responses: dict[str, Message] = {}
        self._numbers = itertools.count(1)
        self._news = threading.Condition()
        self._link = socket.create_connection(("127.0.0.1", port), 5.0)
        self._link.settimeout(None)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        answer = self.ask("Login", Username=user, Secret=secret)
        assert answer["Response"] == "Success", answer

    def close(self) -> None:
        self._link.shutdown(socket.SHUT_RDWR)
        self._reader.join(5.0)
        self._link.close()

    def send(self, action: str, *variables: str, **headers: str) -> str:
        """Send an action without waiting; its ActionID comes back."""
        number = str(next(self._numbers))
        lines = [f"Action: {action}", f"ActionID: {number}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Variable: {variable}" for variable in variables]
        self._link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return number

    def ask(self, action: str, *variables: str, **headers: str) -> Message:
        number = self.send(action, *variables, **headers)
        self._wait(lambda: number in self.responses)
        return self.responses[number]

    def event(self, name: str, within_s: float = 15.0, **fields: str) -> Message:
        """Wait for an event with these fields."""
        self._wait(lambda: bool(self.having(name, **fields)), within_s)
        return self.having(name, **fields)[0]

    def having(self, name: str, **fields: str) -> list[Message]:
        wanted = {"Event": name, **fields}
        return [event for event in self.events if wanted.items() <= event.items()]

    def _wait(self, condition: Callable[[], bool], within_s: float = 15.0) -> None:
        with self._news:
            assert self._news.wait_for(condition, within_s), (
                f"not in {within_s} s; last came {self.events[-2:]}"
            )

    def _read(self) -> None:
        stream = self._link.makefile("r", encoding="utf-8", newline="\r\n")
        stream.readline()
        message: Message = {}
        for line in stream:
            name, _, value = line.rstrip("\r\n").partition(":")
            if name:
                message[name] = value.strip()
            else:
                self._file(message)
                message = {}

    def _file(self, message: Message) -> None:
        with self._news:
            if "Event" in message:
                self.events.append(message)
            else:
                self.responses[message.get("ActionID", "")] = message
            self._news.notify_all()
