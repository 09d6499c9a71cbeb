"""A phone that calls the PBX: the way in, as a person who rings back takes it."""

import random
import re
import socket
import threading
import time
from dataclasses import dataclass, field

from far_side import Call, FarSide

ANONYMOUS = "anonymous"

PATIENCE_S = 30.0
"""How long sound is waited for: on a machine full of other tests this thread runs when it can."""


@dataclass
class Phone:
    """One call to the PBX.

    Args:
        far: on whose socket the call's own requests go.
        number: as the trunk writes it in the request.
        port: SIP port of the PBX.
        caller: the number that the network names, or `ANONYMOUS`.
    """

    far: FarSide
    number: str
    port: int
    caller: str
    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(5)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.bind(("127.0.0.1", 0))
        self._rtp.settimeout(0.5)
        self._me = f"sip:{self.caller}@127.0.0.1:{self._socket.getsockname()[1]}"
        self._id = f"{random.getrandbits(48):x}"
        self._threads: list[threading.Thread] = []

    def ring(self) -> str:
        """Call; the status of the final answer. An answered call listens until it is over."""
        self._send("INVITE", f"sip:{self.number}@127.0.0.1:{self.port}", self._offer())
        while not self.answers or self.answers[-1].startswith("SIP/2.0 1"):
            self.answers.append(self._socket.recv(65535).decode())
        status = self.answers[-1].split(" ", 2)[1]
        self._send("ACK", self._target() if status == "200" else self._uri())
        if status == "200":
            self._answered()
        return status

    def _answered(self) -> None:
        self.call = Call(self.far, self.answers[-1], ("127.0.0.1", self.port))
        self.call.rtp = self._rtp
        self._threads = [threading.Thread(target=work) for work in (self._listen, self._obey)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Put the phone away."""
        self.ended.set()
        for thread in self._threads:
            thread.join()
        self._rtp.close()
        self._socket.close()

    def hear(self, seconds: float) -> None:
        """Let so much sound come."""
        assert self.call.first_audio.wait(PATIENCE_S), f"no sound came; {self._so_far()}"
        time.sleep(seconds)

    def press(self, keys: str) -> None:
        """Press keys as RFC 4733 has it, one after the other."""
        for key in keys:
            self.call.press(key)
            time.sleep(0.25)

    def hang_up(self) -> None:
        """End the call."""
        self._send("BYE", self._target())

    def wait(self, within_s: float = PATIENCE_S) -> None:
        """Wait until the PBX hangs up."""
        assert self.ended.wait(within_s), f"the PBX did not hang up; {self._so_far()}"

    def _so_far(self) -> str:
        heard = [one.partition("\r")[0] for one in (*self.answers, *self.asked)]
        return f"{len(self.call.packets)} packets of sound came, and {heard}"

    def _listen(self) -> None:
        while not self.ended.is_set():
            try:
                packet = self._rtp.recv(2048)
            except TimeoutError:
                continue
            self.call.packets.append((time.monotonic(), packet))
            self.call.first_audio.set()

    def _obey(self) -> None:
        """Answer what the PBX asks, until it hangs up."""
        while not self.ended.is_set():
            try:
                request = self._socket.recv(65535).decode()
            except TimeoutError:
                continue
            self.asked.append(request)
            if request.startswith("SIP/2.0"):
                self._acknowledge_again(request)
                continue
            self._reply(request)
            if request.startswith("BYE"):
                self.ended.set()

    def _acknowledge_again(self, answer: str) -> None:
        """RFC 3261 13.2.2.4: every 200 to an INVITE; the PBX says no BYE before it has an ACK."""
        if answer.startswith("SIP/2.0 200") and re.search(r"(?im)^CSeq: \d+ INVITE\r$", answer):
            self._send("ACK", self._target())

    def _reply(self, request: str) -> None:
        kept = re.findall(r"(?im)^(?:Via|From|To|Call-ID|CSeq): .*\r$", request)
        self._put("\r\n".join(["SIP/2.0 200 OK", *(one.rstrip("\r") for one in kept)]))

    def _offer(self) -> str:
        port = self._rtp.getsockname()[1]
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            "a=fmtp:101 0-16\r\na=ptime:20\r\n"
        )

    def _uri(self) -> str:
        return f"sip:{self.number}@127.0.0.1:{self.port}"

    def _target(self) -> str:
        return re.search(r"(?im)^Contact: .*?<([^>]+)>", self.answers[-1]).group(1)

    def _send(self, method: str, uri: str, body: str = "") -> None:
        to = f"To: <{self._uri()}>"
        if self.answers:
            to = re.search(r"(?im)^(To: .*)\r$", self.answers[-1]).group(1)
        branch = f"z9hG4bK{self._id}{'' if method == 'INVITE' else method}"
        kind = ["Content-Type: application/sdp"] if body else []
        self._put(
            "\r\n".join(
                [
                    f"{method} {uri} SIP/2.0",
                    f"Via: SIP/2.0/UDP 127.0.0.1:{self._socket.getsockname()[1]};branch={branch}",
                    f"From: <{self._me}>;tag=1",
                    to,
                    f"Call-ID: {self._id}",
                    f"CSeq: {2 if method == 'BYE' else 1} {method}",
                    f"Contact: <{self._me}>",
                    "Max-Forwards: 70",
                    *kind,
                ]
            ),
            body,
        )

    def _put(self, head: str, body: str = "") -> None:
        message = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        self._socket.sendto(message.encode(), ("127.0.0.1", self.port))
