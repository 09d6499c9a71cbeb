"""One call as its callee lives it: a plan, a dialog, and what was seen."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING
from zlib import crc32

from campaigns.errors import InvalidInput
from rehearsal.behaviour import Plan, Press, Route, Voice, forward_number
from rehearsal.dialog import LIFETIME, Dialog, Exchange, Repetition
from rehearsal.ledger import LedgerKey
from rehearsal.sdp import Offer, read_offer, write_answer
from rehearsal.sighting import Sighting
from rehearsal.sip import Message, tag_of

if TYPE_CHECKING:
    from rehearsal.media import Leg
    from rehearsal.timers import Timer

_SDP = "Content-Type: application/sdp"
_ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE"
_INFO_MILLISECONDS = 160


class State(Enum):
    """How far a call is."""

    RINGING = auto()
    ANSWERED = auto()
    """200 sent, ACK awaited."""
    UP = auto()
    REFUSED = auto()
    LEAVING = auto()
    """Our BYE is sent, its answer awaited."""
    VANISHED = auto()
    OVER = auto()


class Call:
    """A callee. The network hands it every message of its Call-ID."""

    def __init__(
        self, exchange: Exchange, dialog: Dialog, plan: Plan, offer: Offer, sighting: Sighting
    ) -> None:
        self._sighting = sighting
        self._exchange, self._dialog, self._plan = exchange, dialog, plan
        self._state = State.RINGING
        understood = replace(offer, events=None) if plan.inband else offer
        self._leg: Leg = exchange.media.open(understood, sighting.sip_call_id)
        self._leg_open = True
        self._timers: list[Timer] = []
        self._final: Repetition | None = None
        self._last = (b"", dialog.source)
        self._reinvited = 0
        self._who = crc32(sighting.number[-9:].encode())

    def begin(self) -> None:
        """Take the first INVITE."""
        self._dialog.respond(self._dialog.invite, 100)
        if self._plan.early_media:
            self._provisional(183, _SDP, body=self._sdp())
            self._exchange.media.play(self._leg, Voice.ANNOUNCEMENT, self._who)
        elif self._plan.rings:
            self._provisional(180)
        if self._plan.status:
            self._later(self._plan.ring, self._decide)

    def _provisional(self, status: int, *extra: str, body: bytes = b"") -> None:
        self._sighting.note(ring_at=self._exchange.clock())
        self._last = self._dialog.answer(
            self._dialog.invite, status, self._dialog.contact, *extra, body=body
        )
        self._exchange.send(*self._last)

    def _decide(self) -> None:
        if self._state is not State.RINGING:
            return
        if self._plan.status == 200:
            self._answer()
        else:
            self._refuse(self._plan.status)

    def _answer(self) -> None:
        self._state = State.ANSWERED
        self._last = self._dialog.answer(
            self._dialog.invite, 200, self._dialog.contact, _ALLOW, _SDP, body=self._sdp()
        )
        self._sighting.answered(self._exchange.clock())
        self._final = Repetition(self._exchange, *self._last, gave_up=self._hang_up)
        self._exchange.media.play(self._leg, self._plan.voice, self._who)

    def _refuse(self, status: int) -> None:
        self._state = State.REFUSED
        planned = status == self._plan.status
        extra = self._why() if planned else ()
        self._last = self._dialog.answer(self._dialog.invite, status, *extra)
        self._sighting.note(status=status, ended_at=self._exchange.clock())
        if planned and self._plan.reason:
            self._sighting.note(reason=self._plan.reason)
        self._final = Repetition(self._exchange, *self._last, gave_up=self._close)
        self._exchange.media.stop(self._leg)

    def _why(self) -> tuple[str, ...]:
        if self._plan.redirects:
            host, port = self._exchange.sip
            return (f"Contact: <sip:{forward_number(self._sighting.number)}@{host}:{port}>",)
        return (f"Reason: {self._plan.reason}",) if self._plan.reason else ()

    def receive(self, message: Message) -> None:
        """Take any later message of this call."""
        if self._state is State.VANISHED:
            self._see_from_afar(message)
        elif message.is_response:
            self._dialog.answered(message)
        else:
            self._request(message)

    def _request(self, request: Message) -> None:
        match request.method:
            case "INVITE":
                self._invite_again(request)
            case "ACK":
                self._acked(request)
            case "CANCEL":
                self._cancelled(request)
            case "BYE":
                self._bye(request)
            case "UPDATE" if request.body:
                self._reoffered(request)
            case "UPDATE" | "INFO" | "OPTIONS" | "NOTIFY" | "MESSAGE":
                self._dialog.respond(request, 200)
            case _:
                self._dialog.respond(request, 405, _ALLOW)

    def _invite_again(self, request: Message) -> None:
        if request.cseq == self._dialog.invite.cseq:
            self._sighting.invited_again()
            if self._last[0]:
                self._exchange.send(*self._last)
        elif tag_of(request.header("to")):
            self._reinvited = request.cseq[0]
            self._reoffered(request)
        else:
            self._dialog.respond(request, 500)

    def _reoffered(self, request: Message) -> None:
        """Follow the caller to another port; another codec is refused, and the call goes on."""
        current = self._leg.offer
        try:
            offer = read_offer(request.body) if request.body else current
        except InvalidInput:
            offer = None
        if offer is None or offer.payload != current.payload:
            self._dialog.respond(request, 488)
            return
        if self._leg_open:
            self._exchange.media.move(self._leg, offer.address[1])
        self._dialog.respond(request, 200, self._dialog.contact, _SDP, body=self._sdp())

    def _acked(self, ack: Message) -> None:
        if ack.cseq[0] == self._reinvited or self._final is None:
            return
        if self._state in {State.ANSWERED, State.REFUSED}:
            self._final.stop()
            self._sighting.note(ack_at=self._exchange.arrived)
        if self._state is State.REFUSED:
            self._close()
        elif self._state is State.ANSWERED:
            self._state = State.UP
            self._live()

    def _live(self) -> None:
        plan = self._plan
        for press in plan.keys:
            self._later(press.at, partial(self._press, press))
        if plan.hangs_up_after is not None:
            self._later(plan.hangs_up_after, self._hang_up)
        if plan.vanishes_after is not None:
            self._later(plan.vanishes_after, self._vanish)

    def _press(self, press: Press) -> None:
        start = self._exchange.clock()
        for route in press.routes:
            key = LedgerKey(press.digit, route, start, start)
            self._sighting.pressed(key)
            if route is Route.INFO:
                body = f"Signal={press.digit}\r\nDuration={_INFO_MILLISECONDS}\r\n".encode()
                self._dialog.ask("INFO", content_type="application/dtmf-relay", body=body)
                self._released(key)
            else:
                released = partial(self._released, key)
                self._exchange.media.press(self._leg, press, route, released)

    def _released(self, key: LedgerKey) -> None:
        self._sighting.released(key, self._exchange.clock())

    def _cancelled(self, cancel: Message) -> None:
        self._sighting.note_once("cancel_at", self._exchange.arrived)
        if self._state is State.RINGING and self._plan.answers_on_cancel:
            self._answer()
        self._dialog.respond(cancel, 200)
        if self._state is State.RINGING:
            self._refuse(487)

    def _hang_up(self) -> None:
        self._state = State.LEAVING
        self._sighting.hung_up("network", self._exchange.clock())
        self._exchange.media.stop(self._leg)
        self._dialog.ask("BYE", over=self._close)

    def _vanish(self) -> None:
        self._state = State.VANISHED
        self._exchange.media.stop(self._leg)
        self._dialog.fall_silent()

    def _see_from_afar(self, message: Message) -> None:
        if message.method == "BYE" and self._leg_open:
            self._sighting.hung_up("pbx", self._exchange.arrived)
            self._report()
            self._exchange.after(2 * LIFETIME, self._forget)

    def _bye(self, bye: Message) -> None:
        self._dialog.respond(bye, 200)
        if self._state in {State.ANSWERED, State.UP, State.LEAVING}:
            self._sighting.hung_up("pbx", self._exchange.arrived)
            self._close()

    def _close(self) -> None:
        """Nothing more will be asked. Answers to repeated requests go on for a while."""
        if self._state is State.OVER:
            return
        self._state = State.OVER
        self._dialog.fall_silent()
        if self._final is not None:
            self._final.stop()
        self._report()
        self._exchange.after(LIFETIME, self._forget)

    def _report(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._leg_open = False
        self._sighting.finish(self._exchange.media.close(self._leg))

    def abandon(self) -> None:
        """The network stops: write down how far the call came."""
        if self._leg_open:
            self._report()

    def _forget(self) -> None:
        self._exchange.forget(self._sighting.sip_call_id)

    def _sdp(self) -> bytes:
        local = (self._exchange.sip[0], self._leg.lane.port)
        return write_answer(local, self._leg.offer)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self._exchange.after(seconds, action))
