"""The two AMI clients the defect tests are run on: ours, and asterisk-ami as it is published."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future  # noqa: TC003

from ami_server import AmiServer
from asterisk.ami import Action, AMIClient

from dialer.ami.actions import action
from dialer.ami.blocks import Headers
from dialer.ami.client import AmiClient
from dialer.ami.settings import AmiPatience, AmiSettings

PATIENCE = AmiPatience(
    connect=5.0, action=2.0, send=2.0, silence=0.4, ping=2.0, boot=5.0, first_retry=0.05
)
"""Short enough to be waited for, and longer than a full machine stalls."""


def settings_for(server: AmiServer, secret: str = "x", **changes: object) -> AmiSettings:  # noqa: S107
    values = {"tls": None, "patience": PATIENCE} | changes
    return AmiSettings(server.host, server.port, "dialer", secret, **values)


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


class Ours:
    """`AmiClient`, with every event kept as its headers."""

    hears_within_s = 20.0

    def __init__(self, server: AmiServer, **changes: object) -> None:
        self.events: list[list[tuple[str, str]]] = []
        self.lost: list[str] = []
        self.taking = threading.Event()
        self.taking.set()
        self.busy = False
        self.client = AmiClient(
            settings_for(server, **changes), self._take, self.lost.append, lambda: None
        )

    def _take(self, blocks: list[bytes]) -> None:
        self.busy = not self.taking.is_set()
        self.taking.wait(5)
        self.events += [Headers(each).pairs for each in blocks if each.startswith(b"Event")]

    def log_in(self) -> None:
        answer = self.client.login("dialer", "secret").result(20)
        assert answer.headers.get("Response") == "Success"

    def order(self, name: str, headers: dict[str, str]) -> "Future[object]":
        return self.client.send_action(action(name, headers))

    def answer(self, name: str, headers: dict[str, str]) -> str:
        """The Response of an action's answer."""
        return self.order(name, headers).result(20).headers.get("Response")

    def failure(self, name: str) -> str:
        """Why an action that is not answered failed."""
        error = self.order(name, {}).exception(20)
        assert error is not None
        return str(error)

    def unanswered(self) -> int:
        return len(self.client._pending)

    def close(self) -> None:
        self.client.disconnect()
        if self.client._thread is not None:
            self.client._thread.join(5)


class Plain:
    """asterisk-ami 0.1.7, by its documented interface."""

    hears_within_s = 1.5  # most of these tests wait in vain for it

    def __init__(self, server: AmiServer, **_changes: object) -> None:
        self.events: list[list[tuple[str, str]]] = []
        self.client = AMIClient(server.host, server.port, timeout=1.0)
        self.client.add_event_listener(self._take)

    def _take(self, event: object, source: object) -> None:
        pairs = []
        for name, value in event.keys.items():
            if isinstance(value, dict):
                pairs += [(name, f"{key}={each}") for key, each in value.items()]
            else:
                pairs.append((name, value))
        self.events.append([("Event", event.name), *pairs])

    def log_in(self) -> None:
        answer = self.client.login("dialer", "secret").response
        assert answer is not None
        assert not answer.is_error()

    def order(self, name: str, headers: dict[str, str]) -> object:
        return self.client.send_action(Action(name, dict(headers)))

    def answer(self, name: str, headers: dict[str, str]) -> str:
        answer = self.order(name, headers).response
        assert answer is not None, "no answer came"
        return answer.status

    def failure(self, name: str) -> str:
        answer = self.order(name, {}).response
        assert answer is not None, "None, which says nothing of why"
        return answer.status

    def unanswered(self) -> int:
        return len(self.client._futures)

    def close(self) -> None:
        if self.client.finished is not None:
            self.client.disconnect()
        if self.client._socket is not None:
            self.client._socket.close()


Subject = Ours | Plain
