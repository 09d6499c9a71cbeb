"""The raw AMI loop: the fastest honest way to place calls through Asterisk, and nothing else.

It imports nothing of ours. It logs in with the dialer's own account (hence the same event filters)
and sends the very Originate that the dialer sends, journal line and hangup handler included, into
the same dialplan. It keeps no record, claims nothing, obeys nobody: what it reaches is the ceiling.

Each line of standard input is a step, `RATE SECONDS`; the calls of a step are placed evenly. One
JSON line per step says what was placed and how late; after the last, one says what the whole took:

    echo "50 10" | AMI_SECRET=S python bench/raw.py --port 5039 --endpoint E --message M \
        --confirmation C --journal J
"""

import argparse
import json
import os
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable

_NEWCHANNEL = re.compile(rb"^Event: Newchannel\r\n.*?^Uniqueid: (\d+)\r$", re.DOTALL | re.MULTILINE)
_READ = 1 << 16
_AFTER_S = 12.0
"""How long the last calls are waited for, so that their events count."""

_ORIGINATE = """\
Action: Originate\r
ActionID: {id}\r
Channel: PJSIP/{number}@{endpoint}\r
ChannelId: {id}\r
Async: true\r
Timeout: 15000\r
CallerID: <+33199001234>\r
Context: portevoix-call\r
Exten: s\r
Priority: 1\r
Variable: FILE({journal},,,al,u)=start|{id}|0\r
Variable: CHANNEL(hangup_handler_push)="portevoix-ended,s,1"\r
Variable: PV_JOURNAL={journal}\r
Variable: PV_MESSAGE={message}\r
Variable: PV_CONFIRMATION={confirmation}\r
Variable: TIMEOUT(absolute)=77\r
\r
"""


class Loop:
    """One AMI connection, read and written by one thread."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._socket = socket.create_connection((given.host, given.port), 10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._held = b""
        self._next = int(time.time() * 1000) * 1_000_000
        """Ids are digits, which are of the alphabet of ours, and none comes twice."""
        self._sent: dict[int, float] = {}
        self.calls: list[tuple[str, float]] = []
        self.delays: list[float] = []
        self.events = self.hangups = self.answers = 0

    def login(self) -> None:
        """Log in, and wait for the answer."""
        login = f"Action: Login\r\nUsername: {self._given.user}\r\nSecret: {self._given.secret}\r\n"
        self._socket.sendall(f"{login}\r\n".encode())
        self.read_until(lambda: self.answers > 0, 10)

    def place(self) -> None:
        """Send one Originate."""
        self._next += 1
        index = self._given.first + len(self.calls)
        number = f"+336{10_000_000 + index % 28_000_000:08d}"
        text = _ORIGINATE.format(id=f"{self._next:026d}", number=number, **vars(self._given))
        self._sent[self._next] = time.monotonic()
        self.calls.append((number, time.time()))
        self._socket.sendall(text.encode())

    def read_until(self, done: Callable[[], bool], within_s: float) -> None:
        """Read events until something is so, or for that long."""
        until = time.monotonic() + within_s
        while not done() and (left := until - time.monotonic()) > 0:
            if self._selector.select(left):
                self._take(self._socket.recv(_READ))

    def _take(self, data: bytes) -> None:
        if not data:
            sys.exit("Asterisk has closed the connection.")
        *blocks, self._held = (self._held + data).split(b"\r\n\r\n")
        now = time.monotonic()
        for block in blocks:
            self.events += b"Event: " in block[:64]
            self.answers += b"Response: " in block[:64]
            self.hangups += block.startswith(b"Event: Hangup")
            if found := _NEWCHANNEL.match(block):
                sent = self._sent.pop(int(found[1]), None)
                if sent is not None:
                    self.delays.append(now - sent)

    def step(self, rate: float, seconds: float) -> dict[str, object]:
        """Place calls evenly; what came of it."""
        begun, at = time.time(), time.monotonic()
        placed, cpu, seen = len(self.calls), time.process_time(), len(self.delays)
        late = [self._at(at + n / rate) for n in range(round(rate * seconds))]
        return {
            "rate": rate,
            "begun": begun,
            "ended": time.time(),
            "placed": len(self.calls) - placed,
            "late_p99_ms": _p99_ms(late),
            "delay_p99_ms": _p99_ms(self.delays[seen:]),
            "unbegun": len(self._sent),
            "cpu_s": round(time.process_time() - cpu, 3),
            "calls": self.calls[placed:],
        }

    def _at(self, due: float) -> float:
        """Place one call when it is due; how many seconds late."""
        self.read_until(lambda: False, due - time.monotonic())
        late = max(0.0, time.monotonic() - due)
        self.place()
        return late


def _p99_ms(values: list[float]) -> float:
    ordered = sorted(values)
    return round(ordered[int(0.99 * (len(ordered) - 1))] * 1000, 1) if ordered else 0.0


def main() -> None:
    loop = Loop(_arguments())
    loop.login()
    for line in sys.stdin:
        rate, seconds = map(float, line.split())
        print(json.dumps(loop.step(rate, seconds)), flush=True)
    loop.read_until(lambda: loop.hangups >= len(loop.calls), _AFTER_S)
    summary = {"placed": len(loop.calls), "events": loop.events, "hangups": loop.hangups}
    print(json.dumps({**summary, "cpu_s": round(time.process_time(), 3)}), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", default="portevoix")
    parser.add_argument("--secret", default=os.environ.get("AMI_SECRET", ""))
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--message", required=True, help="without extension")
    parser.add_argument("--confirmation", required=True, help="without extension")
    parser.add_argument("--journal", required=True, help="a file that Asterisk may append to")
    parser.add_argument("--first", type=int, default=0, help="first number called, of 28,000,000")
    return parser.parse_args()


if __name__ == "__main__":
    main()
