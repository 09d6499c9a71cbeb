"""The far side of a trunk for dialplan tests: one script, in Python, for each dialled number.

It shares no code with the simulated telephone network of the product.
"""

import itertools
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Address = tuple[str, int]
_EVENTS = "0123456789*#"


@dataclass
class Call:
    """One call as its callee sees it."""

    far: "FarSide"
    invite: str
    peer: Address
    tag: str = field(default_factory=lambda: f"{random.getrandbits(32):x}")
    ended: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    acknowledged: threading.Event = field(default_factory=threading.Event)
    first_audio: threading.Event = field(default_factory=threading.Event)
    packets: list[tuple[float, bytes]] = field(default_factory=list)

    last_reply: tuple[str, ...] = ()
    rtp: socket.socket | None = None

    def __post_init__(self) -> None:
        self._sequence = itertools.count(1)
        self._clock = time.monotonic()
        self._requests = itertools.count(1)

    @property
    def call_id(self) -> str:
        return _header(self.invite, "Call-ID")

    @property
    def number(self) -> str:
        return re.match(r"INVITE sips?:([^@]*)@", self.invite).group(1)

    def reply(self, status: str, *extra: str, body: str = "") -> None:
        self.last_reply = (status, *extra, body)
        self.repeat()

    def repeat(self) -> None:
        """Send the last answer, again where the PBX has not heard it and repeats its INVITE."""
        if self.last_reply:
            status, *extra, body = self.last_reply
            self.far.reply(self.invite, self.peer, status, self.tag, *extra, body=body)

    def ring(self) -> None:
        self.reply("180 Ringing")

    def answer(self) -> None:
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.rtp.settimeout(0.5)
        port = self.rtp.getsockname()[1]
        codec = re.search(r"m=audio \d+ RTP/AVP (\d+)", self.invite).group(1)
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {codec} 101\r\na=rtpmap:101 telephone-event/8000\r\n"
            "a=fmtp:101 0-16\r\na=ptime:20\r\n"
        )
        threading.Thread(target=self._hear, daemon=True).start()
        self.reply("200 OK", "Content-Type: application/sdp", body=body)

    def _hear(self) -> None:
        with self.rtp:
            self._keep_packets()

    def _keep_packets(self) -> None:
        while not self.ended.is_set() and not self.far.closed:
            try:
                packet = self.rtp.recv(2048)
            except TimeoutError:
                continue
            self.packets.append((time.monotonic(), packet))
            self.first_audio.set()

    def press(self, key: str, lasting_s: float = 0.1) -> None:
        """Press a key as RFC 4733 has it: start, updates, and the end three times."""
        media = re.search(r"m=audio (\d+)", self.invite).group(1)
        target = ("127.0.0.1", int(media))
        stamp = int((time.monotonic() - self._clock) * 8000)
        steps = max(1, round(lasting_s / 0.02))
        for step in range(1, steps + 1):
            self._event_packet(target, key, stamp, step * 160, marker=step == 1, end=False)
            time.sleep(0.02)
        for _ in range(3):
            self._event_packet(target, key, stamp, steps * 160, marker=False, end=True)

    def _event_packet(
        self, target: Address, key: str, stamp: int, duration: int, *, marker: bool, end: bool
    ) -> None:
        header = struct.pack(
            "!BBHII", 0x80, 101 | (0x80 if marker else 0), next(self._sequence), stamp, 7
        )
        event = struct.pack("!BBH", _EVENTS.index(key), 10 | (0x80 if end else 0), duration)
        self.rtp.sendto(header + event, target)

    def sound(self) -> None:
        """Send 20 ms of A-law silence."""
        media = re.search(r"m=audio (\d+)", self.invite).group(1)
        sequence = next(self._sequence)
        header = struct.pack("!BBHII", 0x80, 8, sequence, sequence * 160, 7)
        self.rtp.sendto(header + b"\xd5" * 160, ("127.0.0.1", int(media)))

    def info(self, key: str) -> None:
        """Press a key as SIP INFO has it."""
        self._request(
            "INFO",
            "Content-Type: application/dtmf-relay",
            body=f"Signal={key}\r\nDuration=100\r\n",
        )

    def hang_up(self) -> None:
        self._request("BYE")

    def _request(self, method: str, *extra: str, body: str = "") -> None:
        target = re.search(r"<([^>]+)>", _header(self.invite, "Contact")).group(1)
        port = self.far.port
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{random.getrandbits(40):x}",
            f"From: {_header(self.invite, 'To')};tag={self.tag}",
            f"To: {_header(self.invite, 'From')}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {next(self._requests)} {method}",
            "Max-Forwards: 70",
            *extra,
            f"Content-Length: {len(body)}",
        ]
        self.far.send("\r\n".join(lines) + "\r\n\r\n" + body, self.peer)


Script = Callable[[Call], None]


class FarSide:
    """A SIP user agent on loopback that follows the script of the number dialled."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.scripts: dict[str, Script] = {}
        self.closed = False
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closed = True
        self._socket.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5.0)
        self._socket.close()

    def calls_to(self, number: str) -> list[Call]:
        return [call for call in self.calls if call.number == number]

    def call_to(self, number: str, within_s: float = 10.0) -> Call:
        with self._news:
            assert self._news.wait_for(lambda: bool(self.calls_to(number)), within_s)
        return self.calls_to(number)[0]

    def invite(self, number: str, port: int, address: str) -> list[str]:
        """Call the PBX; its answers up to the final one come back."""
        branch = f"z9hG4bK{random.getrandbits(40):x}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind((address, 0))
            phone.settimeout(5)
            me = f"sip:phone@{address}:{phone.getsockname()[1]}"
            request = (
                f"INVITE sip:{number}@127.0.0.1:{port} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {address}:{phone.getsockname()[1]};branch={branch}\r\n"
                f"From: <{me}>;tag=1\r\nTo: <sip:{number}@127.0.0.1:{port}>\r\n"
                f"Call-ID: {branch}\r\nCSeq: 1 INVITE\r\nContact: <{me}>\r\n"
                "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            )
            phone.sendto(request.encode(), ("127.0.0.1", port))
            answers = [phone.recv(65535).decode()]
            while answers[-1].startswith("SIP/2.0 1"):
                answers.append(phone.recv(65535).decode())
        return answers

    def send(self, message: str, peer: Address) -> None:
        self._socket.sendto(message.encode(), peer)

    def reply(
        self, request: str, peer: Address, status: str, tag: str, *extra: str, body: str = ""
    ) -> None:
        to = _header(request, "To")
        lines = [
            f"SIP/2.0 {status}",
            *[f"Via: {via}" for via in re.findall(r"(?im)^Via: (.*)\r$", request)],
            f"From: {_header(request, 'From')}",
            f"To: {to if 'tag=' in to else to + ';tag=' + tag}",
            f"Call-ID: {_header(request, 'Call-ID')}",
            f"CSeq: {_header(request, 'CSeq')}",
            f"Contact: <sip:127.0.0.1:{self.port}>"
            if not any(line.startswith("Contact") for line in extra)
            else "",
            *extra,
            f"Content-Length: {len(body)}",
        ]
        self.send("\r\n".join(line for line in lines if line) + "\r\n\r\n" + body, peer)

    def _serve(self) -> None:
        while packet := self._socket.recvfrom(65535):
            data, peer = packet
            if not data:
                return
            message = data.decode()
            if not message.startswith("SIP/2.0"):
                self._take(message, peer)

    def _take(self, request: str, peer: Address) -> None:
        method = request.split(" ", 1)[0]
        known = [call for call in self.calls if call.call_id == _header(request, "Call-ID")]
        if method == "INVITE" and not known:
            call = Call(self, request, peer)
            with self._news:
                self.calls.append(call)
                self._news.notify_all()
            script = self.scripts[call.number]
            threading.Thread(target=script, args=(call,), daemon=True).start()
        elif method == "INVITE":
            known[0].repeat()
        elif method == "ACK" and known:
            known[0].acknowledged.set()
        elif method == "CANCEL" and known:
            self.reply(request, peer, "200 OK", known[0].tag)
            known[0].cancelled.set()
        elif method != "ACK":
            self.reply(request, peer, "200 OK", known[0].tag if known else "none")
            if method == "BYE" and known:
                known[0].ended.set()


def _header(message: str, name: str) -> str:
    return re.search(rf"(?im)^{name}: (.*)\r$", message).group(1)
