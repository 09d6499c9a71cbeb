"""The far side's half of a SIP dialog: what we answer, what we ask, and repeating both."""

import secrets
from collections.abc import Callable
from typing import Protocol

from rehearsal.media import Media
from rehearsal.sip import Address, Message, address_of, response, return_address, uri_in
from rehearsal.timers import Timer

T1, T2, LIFETIME = 0.5, 4.0, 32.0
"""RFC 3261 timers, in seconds: first repetition, longest gap, and 64 * T1."""


class Exchange(Protocol):
    """What a call needs of the network it is part of."""

    media: Media
    sip: Address
    arrived: float
    """When the message in hand arrived, on the same clock."""

    def clock(self) -> float:
        """Epoch seconds, monotonic."""

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something later."""

    def send(self, datagram: bytes, to: Address) -> None:
        """Send one SIP message."""

    def forget(self, call_id: str) -> None:
        """The call needs no more answers."""


class Repetition:
    """A datagram sent now, and again at growing intervals until `stop` or LIFETIME is over."""

    def __init__(
        self, exchange: Exchange, datagram: bytes, to: Address, gave_up: Callable[[], None]
    ) -> None:
        self._exchange, self._datagram, self._to = exchange, datagram, to
        self._gave_up = gave_up
        self._interval, self._spent = T1, 0.0
        exchange.send(datagram, to)
        self._timer = exchange.after(T1, self._again)

    def _again(self) -> None:
        self._spent += self._interval
        if self._spent >= LIFETIME:
            self._gave_up()
            return
        self._exchange.send(self._datagram, self._to)
        self._interval = min(2 * self._interval, T2)
        self._timer = self._exchange.after(self._interval, self._again)

    def stop(self) -> None:
        """It has been answered."""
        self._timer.cancel()


class Dialog:
    """Tags, sequence numbers and addresses of one call."""

    def __init__(self, exchange: Exchange, invite: Message, source: Address) -> None:
        self.invite = invite
        self.source = source
        self.tag = secrets.token_hex(5)
        self._exchange = exchange
        self._cseq = 0
        self._asked: dict[int, tuple[Repetition, Callable[[], None]]] = {}
        contact = uri_in(invite.header("contact"))
        self._target = contact or uri_in(invite.header("from"))
        host_port = address_of(contact)
        # A Contact elsewhere than on loopback is not followed: nothing may leave this machine.
        follows = host_port is not None and host_port[0].startswith("127.")
        self._peer: Address = host_port if follows and host_port else source

    @property
    def contact(self) -> str:
        """Our Contact header."""
        host, port = self._exchange.sip
        return f"Contact: <sip:rehearsal@{host}:{port}>"

    def answer(
        self, request: Message, status: int, *extra: str, body: bytes = b""
    ) -> tuple[bytes, Address]:
        """A response of this dialog and where it goes."""
        datagram = response(request, status, self.source, to_tag=self.tag, extra=extra, body=body)
        return datagram, return_address(request, self.source)

    def respond(self, request: Message, status: int, *extra: str, body: bytes = b"") -> None:
        """Answer once."""
        self._exchange.send(*self.answer(request, status, *extra, body=body))

    def ask(
        self,
        method: str,
        over: Callable[[], None] = lambda: None,
        content_type: str = "",
        body: bytes = b"",
    ) -> None:
        """Send a request of ours and repeat it; `over` is called when answered or given up."""
        self._cseq += 1
        cseq = self._cseq

        def gave_up() -> None:
            self._asked.pop(cseq, None)
            over()

        datagram = self._request(method, content_type, body)
        self._asked[cseq] = (Repetition(self._exchange, datagram, self._peer, gave_up), over)

    def answered(self, message: Message) -> None:
        """Take a response to a request of ours. Provisional ones say nothing."""
        if message.status < 200:
            return
        repetition, over = self._asked.pop(message.cseq[0], (None, None))
        if repetition is not None and over is not None:
            repetition.stop()
            over()

    def fall_silent(self) -> None:
        """Repeat no request any more."""
        for repetition, _ in self._asked.values():
            repetition.stop()
        self._asked.clear()

    def _request(self, method: str, content_type: str, body: bytes) -> bytes:
        host, port = self._exchange.sip
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: {self.invite.header('to')};tag={self.tag}",
            f"To: {self.invite.header('from')}",
            f"Call-ID: {self.invite.header('call-id')}",
            f"CSeq: {self._cseq} {method}",
            self.contact,
            *([f"Content-Type: {content_type}"] if content_type else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
