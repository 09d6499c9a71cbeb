"""Nobody keeps a sender for longer than is waited, however slowly they answer."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from operations import webhook_post
from operations.webhook_address import Unreachable
from operations.webhook_post import LONGEST_S, post


class Clock:
    """Takes the place of the timer, whose time is over when the test says so."""

    def __init__(self, seconds: float, act: Callable[[], None]) -> None:
        self.seconds, self.act = seconds, act
        self.daemon = self.cancelled = False

    def start(self) -> None:
        clocks.append(self)

    def cancel(self) -> None:
        self.cancelled = True


clocks: list[Clock] = []


def test_one_who_answers_a_letter_at_a_time_is_given_up_after_twenty_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks.clear()
    monkeypatch.setattr(webhook_post.threading, "Timer", Clock)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as sending:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        sent = sending.submit(post, url, b"{}", {}, allow_loopback=True)
        peer, _ = server.accept()
        with peer:
            peer.settimeout(10)
            assert peer.recv(65536)
            peer.sendall(b"HTTP/1.1 2")
            assert not sent.done()
            (clock,) = clocks
            assert (clock.seconds, clock.cancelled) == (LONGEST_S, False) == (20.0, False)
            clock.act()
            with pytest.raises(Unreachable):
                sent.result(10)
    assert clock.cancelled


def test_the_clock_of_one_who_answered_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks.clear()
    monkeypatch.setattr(webhook_post.threading, "Timer", Clock)
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=_answer, args=(server,))
        answering.start()
        port = server.getsockname()[1]
        assert post(f"http://127.0.0.1:{port}/", b"{}", {}, allow_loopback=True) == 204
        answering.join(10)
    assert [one.cancelled for one in clocks] == [True]


def _answer(server: socket.socket) -> None:
    peer, _ = server.accept()
    with peer:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
