"""A million events through the AMI adapter, against the plain asterisk-ami library.

A server in a process of its own sends what Asterisk 22 sends for filtered events: seven a call,
with their real headers, and a key and an opt-out in every tenth, fifty calls at a time. The
adapter's events are counted when an asyncio listener has them, and each is checked for its call and
its kind; the library's when its event listener is called. Rounds alternate. What is compared is CPU
time of the reading process alone.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asterisk.ami import Action, AMIClient

from dialer.ami import AmiPatience, AmiPbx, AmiSettings
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    Invited,
    KeyPressed,
    OptedOut,
    OriginateDone,
    Ringing,
)

EVENTS = 1_000_000
ROUNDS = 4
AT_A_TIME = 50
REFUSING = 10
TRIGGER = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

CHANNEL = """\
Privilege: call,all
Channel: PJSIP/demo-@CHANNEL@
ChannelState: 6
ChannelStateDesc: @STATE@
CallerIDNum: 0199001234
CallerIDName: <unknown>
ConnectedLineNum: 0199001234
ConnectedLineName: <unknown>
Language: en
AccountCode:
Context: portevoix-call
Exten: s
Priority: 1
Uniqueid: @ID@
Linkedid: @ID@
"""
ENDED = """\
UserEvent: PvEnded
Id: @ID@
Ended: 1795292534123
Answered: 1795292530456
Cause: 16
CallId: 2ceed3bf-e866-4430-942e-4b5bbe127577
Result: played
Heard: 2345
Sent: 140
Received: 139
Keys: 59
Tech: SIP 200 OK
"""
ORIGINATED = """\
Event: OriginateResponse
Privilege: call,all
ActionID: @ID@
Response: Success
Channel: PJSIP/demo-@CHANNEL@
Context: portevoix-call
Exten: s
Reason: 4
Uniqueid: @ID@
CallerIDNum: 0199001234
CallerIDName: <unknown>
"""


INVITED = (
    "\n".join(f"Dest{line}" for line in CHANNEL.replace("@STATE@", "Down").splitlines()[1:])
    + "\nDialString: @ID@@loop\n"
)


def channel_event(name: str, tail: str = "", state: str = "Up") -> str:
    return f"Event: {name}\n{CHANNEL.replace('@STATE@', state)}{tail}"


STEPS: list[tuple[type[Event], str]] = [
    (Dialling, channel_event("Newchannel", state="Down")),
    (Invited, f"Event: DialBegin\n{INVITED}"),
    (Ringing, channel_event("Newstate", state="Ringing")),
    (Answered, channel_event("Newstate")),
    (OriginateDone, ORIGINATED),
    (KeyPressed, channel_event("UserEvent", "UserEvent: PvKey\nId: @ID@\nKey: 9\nPosition: 120\n")),
    (OptedOut, channel_event("UserEvent", "UserEvent: PvOptOut\nId: @ID@\n")),
    (CallEnded, channel_event("UserEvent", ENDED)),
    (HungUp, channel_event("Hangup", "Cause: 16\nCause-txt: Normal Clearing\n")),
]
BLOCKS = [f"{text}\n".replace("\n", "\r\n").encode() for _, text in STEPS]


def schedule(count: int) -> Iterator[tuple[int, int]]:
    """The call and the step of each event, in the order they are sent."""
    pairs = (
        (call, step)
        for first in itertools.count(0, AT_A_TIME)
        for step, (kind, _) in enumerate(STEPS)
        for call in range(first, first + AT_A_TIME)
        if call % REFUSING == 0 or kind not in {KeyPressed, OptedOut}
    )
    return itertools.islice(pairs, count)


def attempt_id(call: int) -> str:
    """A ULID's form is all that matters: digits are of its alphabet."""
    return f"{call:026d}"


def serve(count: int) -> None:
    """The server process: a line with its port, then one stream to each client in turn."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            client, _ = listener.accept()
            # The adapter ends a link that is not closed in order with a reset.
            with client, contextlib.suppress(ConnectionResetError):
                converse(client, count)


def converse(client: socket.socket, count: int) -> None:
    client.sendall(b"Asterisk Call Manager/11.0.0\r\n")
    held = b""
    while data := client.recv(65536):
        *blocks, held = (held + data).split(b"\r\n\r\n")
        for block in blocks:
            if answer(client, block):
                stream(client, count)


def answer(client: socket.socket, block: bytes) -> bool:
    """Answer an action; True for the one that asks for the stream."""
    headers = dict(line.split(": ", 1) for line in block.decode().split("\r\n"))
    lines = [
        "Response: Success",
        f"ActionID: {headers.get('ActionID', '')}",
        "AsteriskVersion: 22.10.1",
        "CoreStartupDate: 2026-11-21",
        "CoreStartupTime: 20:21:28",
    ]
    if headers["Action"] == "Login":
        lines += ["", "Event: FullyBooted", "Uptime: 1000"]
    client.sendall("\r\n".join([*lines, "", ""]).encode())
    return headers["Action"] == "Hangup"


def stream(client: socket.socket, count: int) -> None:
    events = (
        BLOCKS[step]
        .replace(b"@ID@", attempt_id(call).encode())
        .replace(b"@CHANNEL@", b"%08x" % call)
        for call, step in schedule(count)
    )
    while batch := b"".join(itertools.islice(events, 200)):
        client.sendall(batch)


@dataclass(frozen=True)
class Round:
    """What one client did in one round."""

    heard: int
    cpu_s: float
    out_of_order: int = 0

    @property
    def rate(self) -> float:
        """Events for each second of CPU."""
        return self.heard / self.cpu_s


class Counter:
    """The adapter's listener: keeps everything, so that it can be checked when the clock stands."""

    def __init__(self, count: int) -> None:
        self.events: list[Event] = []
        self._count = count
        self.complete = asyncio.Event()

    def __call__(self, events: Sequence[Event]) -> None:
        """Hear events that came together."""
        self.events += events
        if len(self.events) >= self._count:
            self.complete.set()


async def through_the_adapter(port: int, count: int) -> Round:
    patience = AmiPatience(connect=30, action=60)
    pbx = AmiPbx(AmiSettings("127.0.0.1", port, "bench", "bench", patience=patience))
    counter = Counter(count)
    await pbx.open(counter)
    before = time.process_time()
    pbx.hang_up(TRIGGER)
    with contextlib.suppress(TimeoutError):  # what did not come is counted as lost
        await asyncio.wait_for(counter.complete.wait(), 60)
    cpu_s = time.process_time() - before
    await pbx.close()
    return Round(len(counter.events), cpu_s, misplaced(counter.events, count))


def misplaced(events: list[Event], count: int) -> int:
    """How many events are not the one that was sent in their place."""
    kinds = [kind for kind, _ in STEPS]
    expected = ((attempt_id(call), kinds[step]) for call, step in schedule(count))
    return sum(
        event.attempt_id != attempt or type(event) is not kind
        for event, (attempt, kind) in zip(events, expected, strict=False)
    )


def through_the_library(port: int, count: int) -> Round:
    complete = threading.Event()
    heard = itertools.count(1)

    def count_one(event: object, source: object) -> None:  # noqa: ARG001 - the library's names
        if next(heard) == count:
            complete.set()

    client = AMIClient("127.0.0.1", port)
    client.login("bench", "bench").response  # noqa: B018 - reading it is waiting for it
    client.add_event_listener(count_one)
    before = time.process_time()
    client.send_action(Action("Hangup", {"Channel": TRIGGER}))
    complete.wait(60)
    cpu_s = time.process_time() - before
    client.disconnect()
    return Round(next(heard) - 1, cpu_s)


def main() -> None:
    count = EVENTS // ROUNDS
    program = [sys.executable, __file__, "--serve", str(count)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as server:
        port = int(next(iter(server.stdout or ())))
        try:
            ours, plain = rounds(port, count)
        finally:
            server.kill()
    report(ours, plain)


def rounds(port: int, count: int) -> tuple[list[Round], list[Round]]:
    ours, plain = [], []
    print(f"{'round':>5}  {'client':<12} {'events':>10} {'CPU s':>8} {'events per CPU s':>18}")
    for number in range(1, ROUNDS + 1):
        plain.append(through_the_library(port, count))
        show(number, "asterisk-ami", plain[-1])
        ours.append(asyncio.run(through_the_adapter(port, count)))
        show(number, "adapter", ours[-1])
    return ours, plain


def show(number: int, client: str, done: Round) -> None:
    print(f"{number:>5}  {client:<12} {done.heard:>10,} {done.cpu_s:>8.2f} {done.rate:>18,.0f}")


def report(ours: list[Round], plain: list[Round]) -> None:
    events = sum(each.heard for each in ours)
    rate = events / sum(each.cpu_s for each in ours)
    plain_rate = sum(each.heard for each in plain) / sum(each.cpu_s for each in plain)
    result = {
        "events": events,
        "lost": EVENTS - events,
        "out_of_order": sum(each.out_of_order for each in ours),
        "events_per_cpu_second": round(rate),
        "plain_events_per_cpu_second": round(plain_rate),
        "ratio": round(rate / plain_rate, 2),
    }
    good = result["lost"] == 0 and result["out_of_order"] == 0 and rate >= plain_rate / 2
    print(f"\nadapter / asterisk-ami: {rate / plain_rate:.2f} (at least 0.5 is promised)")
    print(json.dumps(result))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]))
    else:
        main()
