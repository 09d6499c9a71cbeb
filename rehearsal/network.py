"""The simulated telephone network: one thread, one loop, every call."""

import select
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from campaigns.errors import InvalidInput
from rehearsal.behaviour import DEFAULTS, Behaviour, Plan, plan_by_number
from rehearsal.call import Call
from rehearsal.capture import Capture
from rehearsal.datagrams import Datagrams, best_datagrams
from rehearsal.dialog import Dialog
from rehearsal.ledger import Ledger
from rehearsal.media import Media
from rehearsal.numbering import e164
from rehearsal.sdp import read_offer
from rehearsal.sighting import Sighting
from rehearsal.sip import (
    Address,
    Message,
    parse,
    response,
    return_address,
    tag_of,
)
from rehearsal.timers import Timer, Timers
from rehearsal.voices import Library, load_library
from rehearsal.wire import Wire

FLUSH_EVERY = 0.1
_LONGEST_WAIT = 1.0


class Population(Protocol):
    """Who is called: a profile, or the table of number endings."""

    def plan_for(self, dialled: str, nth: int) -> Plan:
        """What is done with the nth call (from 1) to a number."""


class ByNumber:
    """The population of the table in docs/rehearsal.md."""

    def plan_for(self, dialled: str, nth: int) -> Plan:
        """See Population."""
        return plan_by_number(e164(dialled), nth)


class Network:
    """The far side of a loopback trunk.

    Args:
        bind: a loopback IPv4 address; any other is refused.
        sip_port: UDP port for SIP, 0 for a free one.
        rtp_port: first of ten even UDP ports for RTP, 0 for free ones.
        library: what is said; None for what ships.
        capture: keeps the RTP of every call, where it is given.

    Raises:
        InvalidInput: an address is not loopback, or a port is taken.
    """

    def __init__(
        self,
        bind: str,
        sip_port: int,
        rtp_port: int,
        ledger: Ledger,
        population: Population,
        datagrams: Datagrams | None = None,
        library: Library | None = None,
        capture: Capture | None = None,
    ) -> None:
        _require_loopback(bind)
        self._epoch = time.time() - time.monotonic()
        self._wire = Wire(bind, sip_port, self.clock)
        self.sip = self._wire.address
        try:
            moving, said = datagrams or best_datagrams(), library or load_library()
            self.media = Media(bind, rtp_port, moving, said, self.clock, capture)
        except InvalidInput:
            self._wire.close()
            raise
        self.arrived = self.clock()
        self._ledger, self._population = ledger, population
        self._timers = Timers()
        self._calls: dict[str, Call] = {}
        self._counts: Counter[str] = Counter()
        self._serial = 0
        self._running = True
        self._malformed = 0
        self._storming = False

    def clock(self) -> float:
        """Epoch seconds that never step."""
        return round(self._epoch + time.monotonic(), 6)

    def after(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Do something later."""
        return self._timers.add(time.monotonic() + seconds, action)

    def send(self, datagram: bytes, to: Address) -> None:
        """Send one SIP message."""
        self._wire.send(datagram, to)

    def forget(self, call_id: str) -> None:
        """Drop a call whose repetitions need no answer any more."""
        self._calls.pop(call_id, None)

    def stop(self, *_: object) -> None:
        """End `run` at its next turn. Also a signal handler."""
        self._running = False

    def storm(self, *_: object) -> None:
        """Answer 503 to every new call from now on, whoever is called. Also a signal handler."""
        self._storming = True

    def calm(self, *_: object) -> None:
        """Let people be called again. Also a signal handler."""
        self._storming = False

    def run(self) -> None:
        """Serve until `stop`; then write what is open and close."""
        start = {"at": self.clock(), "sip_port": self.sip[1], "rtp_port": self.media.port}
        self._ledger.write("start", start)
        self._flush()
        with select.epoll() as poll:
            poll.register(self._wire, select.EPOLLIN)
            while self._running:
                self._turn(poll)
        self._close()

    def _turn(self, poll: select.epoll) -> None:
        due = min(self._timers.next_due(), self.media.next_due)
        wait = min(max(0.0, due - time.monotonic()), _LONGEST_WAIT)
        ready = poll.poll(wait)
        self.media.run_due(time.monotonic())
        if ready:
            for datagram, source, arrived in self._wire.receive():
                self.arrived = arrived
                self._receive(datagram, source)
        self._timers.run_due(time.monotonic())

    def _flush(self) -> None:
        self._ledger.flush()
        self.after(FLUSH_EVERY, self._flush)

    def _receive(self, datagram: bytes, source: Address) -> None:
        try:
            message = parse(datagram)
        except InvalidInput:
            self._malformed += 1
            return
        call = self._calls.get(message.header("call-id"))
        if call is not None:
            call.receive(message)
        elif not message.is_response:
            self._outside_any_call(message, source)

    def _outside_any_call(self, request: Message, source: Address) -> None:
        if request.method == "INVITE" and not tag_of(request.header("to")):
            self._new_call(request, source)
        elif request.method == "OPTIONS":
            self.send(response(request, 200, source), return_address(request, source))
        elif request.method != "ACK":
            status = 481 if request.method in {"BYE", "CANCEL", "INVITE", "UPDATE"} else 405
            self.send(response(request, status, source), return_address(request, source))

    def _new_call(self, invite: Message, source: Address) -> None:
        self._serial += 1
        sighting = Sighting(self._ledger, invite, source, self._serial, self.arrived)
        try:
            offer = read_offer(invite.body)
        except InvalidInput:
            self.send(response(invite, 488, source), return_address(invite, source))
            sighting.not_acceptable(self.clock())
            return
        # Whatever address the offer names, audio goes back to the machine that sent the INVITE.
        offer = replace(offer, address=(source[0], offer.address[1]))
        number = e164(sighting.number)
        self._counts[number] += 1
        plan = self._plan_for(number, self._counts[number])
        sighting.planned(plan, self._counts[number])
        call = Call(self, Dialog(self, invite, source), plan, offer, sighting)
        self._calls[sighting.sip_call_id] = call
        call.begin()

    def _plan_for(self, number: str, nth: int) -> Plan:
        if self._storming:
            return DEFAULTS[Behaviour.CONGESTED]
        return self._population.plan_for(number, nth)

    def _close(self) -> None:
        for call in tuple(self._calls.values()):
            call.abandon()
        counters: dict[str, object] = {
            "at": self.clock(),
            "calls": self._serial,
            "malformed": self._malformed,
            "sip_lost_by_kernel": self._wire.lost(),
            "cpu_seconds": round(time.process_time(), 3),
        }
        self._ledger.write("stop", counters | self.media.counters())
        self._ledger.close()
        self.media.shut()
        self._wire.close()


def _require_loopback(bind: str) -> None:
    try:
        loopback = ip_address(bind).is_loopback and ":" not in bind
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidInput(
            "bind",
            f"{bind} is not an IPv4 loopback address",
            "Use 127.0.0.1: it must not be "
            "possible to reach a simulated network from outside, nor for it to reach anybody.",
        )


def open_ledger(path: Path) -> Ledger:
    """Open the ledger file for appending.

    Raises:
        InvalidInput: it cannot be written.
    """
    try:
        return Ledger(path)
    except OSError as error:
        raise InvalidInput("ledger", f"{path} cannot be written: {error.strerror}") from error
