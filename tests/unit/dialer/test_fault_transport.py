"""Orders that were not delivered die with the dialer that gave them: the kernel drops them."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from campaigns.errors import PbxError
from dialer.ami import AmiPatience, AmiSettings
from dialer.ami import transport as module
from dialer.ami.transport import Transport

ORDERS = 600_000
"""Bytes: more than a PBX that does not read lets through."""

DIALER = """
import sys, time
from dialer.ami import AmiPatience, AmiSettings
from dialer.ami.transport import Transport
settings = AmiSettings("127.0.0.1", int(sys.argv[1]), "dialer", "x", None, AmiPatience(action=1.0))
link = Transport(settings)
link.send(b"x" * int(sys.argv[2]))
print("sent", flush=True)
time.sleep(60)
"""


@pytest.fixture
def pbx() -> Iterator[socket.socket]:
    """One that takes little before it stops reading."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@pytest.fixture
def dialer(pbx: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has sent its orders on a link that stalls."""
    port = str(pbx.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-c", DIALER, port, str(ORDERS)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"sent\n"
        yield process
    process.kill()
    process.wait(10)


def delivered(pbx: socket.socket) -> tuple[int, bool]:
    """How many bytes reach a PBX that reads again, and whether the link was reset."""
    connection, _ = pbx.accept()
    count = 0
    with connection:
        connection.settimeout(10.0)
        try:
            while data := connection.recv(65536):
                count += len(data)
        except ConnectionResetError:
            return count, True
    return count, False


def test_what_a_killed_dialer_had_not_delivered_never_will_be(
    pbx: socket.socket, dialer: subprocess.Popen[bytes]
) -> None:
    dialer.kill()
    dialer.wait(10)
    count, reset = delivered(pbx)
    assert reset
    assert count < ORDERS / 2


def test_nor_what_one_that_was_stopped_had_not_delivered(
    pbx: socket.socket, dialer: subprocess.Popen[bytes]
) -> None:
    """It cannot reset its link itself, and the next dialer may call those people meanwhile."""
    dialer.send_signal(signal.SIGSTOP)
    time.sleep(3.0)  # its patience of 1 s, and the kernel's probes of a link that takes nothing
    count, reset = delivered(pbx)
    assert reset
    assert count < ORDERS / 2


def test_what_waited_too_long_is_not_sent_after_all(
    pbx: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a dialer that was stopped with bytes to send and continued after its link healed."""
    port = pbx.getsockname()[1]
    patience = AmiPatience(send=3.0)
    link = Transport(AmiSettings("127.0.0.1", port, "dialer", "x", patience=patience))
    while link.waiting_s() == 0.0:
        link.send(b"x" * 100_000)
    now = time.monotonic()
    clock = type("Later", (), {"monotonic": staticmethod(lambda: now + 60.0)})
    monkeypatch.setattr(module, "time", clock)
    with pytest.raises(TimeoutError, match="took no bytes"):
        link.exchange(0.0)
    link.close(reset=True)


def test_an_order_is_not_taken_once_it_is_too_late(pbx: socket.socket) -> None:
    """The process may have been stopped for hours after everything else was looked at."""
    link = Transport(AmiSettings("127.0.0.1", pbx.getsockname()[1], "dialer", "x"))
    connection, _ = pbx.accept()
    with connection:
        link.send(b"in time", time.monotonic() + 60.0)
        with pytest.raises(PbxError, match="too late"):
            link.send(b"late", time.monotonic() - 0.001)
        link.close(reset=False)
        assert connection.recv(100) == b"in time"
        assert connection.recv(100) == b""
