"""The media of all calls: ten lanes, each with its own socket, 2 ms apart."""

import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from campaigns.errors import InvalidInput
from rehearsal.behaviour import Press, Route, Voice
from rehearsal.capture import Capture
from rehearsal.datagrams import BATCH, Datagrams, lost_by_kernel, open_socket
from rehearsal.lane import Lane
from rehearsal.reception import Heard, Reception
from rehearsal.sdp import Offer
from rehearsal.stamps import ahead
from rehearsal.voices import Library

LANES = 10
PERIOD = 0.020
"""Seconds between two packets of a stream."""

_FIRST_TRIED, _LAST_TRIED = 20000, 60000


@dataclass(slots=True)
class Leg:
    """The media of one call.

    Attributes:
        slot: None while nothing is sent.
        heard: set once the caller's port was given to another call.
    """

    lane: Lane
    offer: Offer
    slot: int | None = None
    heard: Heard | None = None


class Media:
    """Owns the sockets; `run_due` is to be called at or after `next_due`."""

    def __init__(
        self,
        host: str,
        port: int,
        datagrams: Datagrams,
        library: Library,
        clock: Callable[[], float],
        capture: Capture | None = None,
    ) -> None:
        self._capture = capture
        self._datagrams = datagrams
        self._clock = clock
        self._library = library
        self._lanes = [Lane(s, datagrams, library) for s in _open_lanes(host, port)]
        self._legs: dict[int, Leg] = {}
        self._due = [0.0] * LANES
        self._reception = Reception()
        self.port = self._lanes[0].port
        self.longest_delay = 0.0
        self.next_due = float("inf")

    def open(self, offer: Offer, call_id: str) -> Leg:
        """Take a call on the least busy lane and listen to the port it announced."""
        index = min(range(LANES), key=lambda i: self._lanes[i].calls)
        lane = self._lanes[index]
        if not lane.calls:
            # Lanes keep 2 ms apart whenever they wake, so that packets don't leave in bursts.
            periods = time.monotonic() // PERIOD + 1
            self._due[index] = (periods + index / LANES) * PERIOD
        lane.calls += 1
        leg = Leg(lane, offer)
        self._listen(leg)
        if self._capture is not None:
            self._capture.begin(offer.address[1], call_id)
        self._plan_next()
        return leg

    def _listen(self, leg: Leg) -> None:
        """Take the caller's port from a call that a dead PBX left behind on it, if any."""
        port = leg.offer.address[1]
        if left := self._legs.get(port):
            self.stop(left)
            self._drain(left.lane)
            left.heard = self._heard(port)
        self._legs[port] = leg
        self._reception.listen(port, leg.offer.payload)

    def play(self, leg: Leg, voice: Voice, who: int) -> None:
        """Speak from the beginning with the recording of a voice that belongs to this person."""
        self.stop(leg)
        if voice is not Voice.NOTHING:
            tracks = self._library.tracks[voice]
            track = tracks[who % len(tracks)]
            leg.slot = leg.lane.play(leg.offer.address, leg.offer.payload, leg.offer.codec, track)

    def stop(self, leg: Leg) -> None:
        """Send nothing more."""
        if leg.slot is not None:
            leg.lane.stop(leg.slot)
            leg.slot = None

    def press(self, leg: Leg, press: Press, route: Route, released: Callable[[], None]) -> bool:
        """Send a key by RFC 4733 or as tones. False where the offer or our silence forbids it."""
        if leg.slot is None or (route is Route.RFC4733 and leg.offer.events is None):
            return False
        events = leg.offer.events if route is Route.RFC4733 else None
        leg.lane.press(leg.slot, press.digit, events, press.held, released)
        return True

    def move(self, leg: Leg, port: int) -> None:
        """Follow a re-INVITE to another port of the same machine."""
        host, old = leg.offer.address
        if port == old or leg.heard is not None:
            return
        self._drain(leg.lane)
        leg.offer = replace(leg.offer, address=(host, port))
        self._listen(leg)
        self._reception.move(old, port)
        if self._capture is not None:
            self._capture.move(old, port)
        del self._legs[old]
        if leg.slot is not None:
            leg.lane.redirect(leg.slot, leg.offer.address)

    def close(self, leg: Leg) -> Heard:
        """End a call's media and say what was heard."""
        self._drain(leg.lane)
        self.stop(leg)
        leg.lane.calls -= 1
        self._plan_next()
        if leg.heard is not None:
            return leg.heard
        port = leg.offer.address[1]
        heard = self._heard(port)
        self._reception.forget(port)
        del self._legs[port]
        return heard

    def _heard(self, port: int) -> Heard:
        if self._capture is not None:
            self._capture.end(port)
        return self._reception.heard(port)

    def run_due(self, now: float) -> None:
        """Receive and send on every lane whose moment has come."""
        for index, lane in enumerate(self._lanes):
            if lane.calls and self._due[index] <= now:
                self.longest_delay = max(self.longest_delay, now - self._due[index])
                self._due[index] += PERIOD
                self._drain(lane)
                lane.tick()
        self._plan_next()

    def _plan_next(self) -> None:
        busy = [due for due, lane in zip(self._due, self._lanes, strict=True) if lane.calls]
        self.next_due = min(busy, default=float("inf"))

    def _drain(self, lane: Lane) -> None:
        while (batch := self._datagrams.receive(lane.sock, time.time())) is not None:
            # The kernel stamps wall-clock time; the ledger's clock must not step with it.
            batch.times -= ahead(self._clock)
            self._reception.count(batch)
            if self._capture is not None:
                self._capture.take(batch)
            if len(batch.ports) < BATCH:
                return

    def counters(self) -> dict[str, object]:
        """Totals for the ledger's `stop` line."""
        return {
            "rtp_received": self._reception.total,
            "rtp_sent": sum(lane.sent for lane in self._lanes),
            "rtp_unsent": sum(lane.unsent for lane in self._lanes),
            "rtp_lost_by_kernel": lost_by_kernel([lane.sock for lane in self._lanes]),
            "longest_delay": round(self.longest_delay, 4),
        }

    def shut(self) -> None:
        """Close the sockets."""
        for lane in self._lanes:
            lane.sock.close()


def _open_lanes(host: str, port: int) -> list[socket.socket]:
    """Even ports in a row from `port`, or from any free place for 0."""
    if port:
        return _open_row(host, port)
    for _ in range(50):
        try:
            first = random.randrange(_FIRST_TRIED, _LAST_TRIED, 2 * LANES)  # noqa: S311
            return _open_row(host, first)
        except InvalidInput:
            continue
    raise InvalidInput("rtp-port", f"no {LANES} free even ports in a row were found")


def _open_row(host: str, first: int) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        opened.extend(open_socket(host, first + 2 * n) for n in range(LANES))
    except OSError as error:
        for sock in opened:
            sock.close()
        raise InvalidInput(
            "rtp-port", f"port {first + 2 * len(opened)} on {host}: {error.strerror}"
        ) from error
    return opened
