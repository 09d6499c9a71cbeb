"""A PBX that only pretends: it keeps the promises of `dialer.pbx.Pbx` and the journal's format.

Events come in the order in which a real Asterisk was seen to send them (test_pbx_contract.py runs
on both), later on the event loop and never from within `originate`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.errors import PbxError
from campaigns.reply import read_reply
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    Invited,
    KeyPressed,
    LinkDown,
    LinkUp,
    Listener,
    OptedOut,
    OriginateDone,
    OriginateRefused,
    OtherBegun,
    Replied,
    Ringing,
)
from dialer.orders import OriginateOrder
from dialer.pbx import Capabilities, ChannelState, LiveChannel

LOOPBACK = "sip:127.0.0.1:5090"
_ANSWERED_MS = 1_772_449_200_000

Script = Callable[["FakeCall"], None]


@dataclass
class FakeCall:
    """One call on the fake PBX, moved on by the test or by a script."""

    pbx: "FakePbx"
    order: OriginateOrder
    state: ChannelState = ChannelState.DIALLING
    keys: str = ""
    result: str = ""
    ended: bool = False

    @property
    def id(self) -> str:
        return self.order.attempt_id

    def ring(self) -> None:
        self.state = ChannelState.RINGING
        self.pbx.tell(Ringing(self.id))

    def answer(self) -> None:
        self.state, self.result = ChannelState.UP, "playing"
        self.pbx.tell(Answered(self.id), OriginateDone(self.id, True, 4, True))

    def press(self, key: str, position_ms: int = 500) -> None:
        self.keys += key
        if key == "9":
            self.result = "optout"
            self.pbx.journal(self.order, f"optout|{self.id}|{_ANSWERED_MS}")
            self.pbx.tell(KeyPressed(self.id, key, position_ms), OptedOut(self.id))
        else:
            self.pbx.tell(KeyPressed(self.id, key, position_ms))

    def reply(self, kind: str, question: int, value: str) -> None:
        fields = (str(_ANSWERED_MS + 1000), kind, str(question), value)
        self.pbx.journal(self.order, "|".join(("reply", self.id, *fields)))
        self.pbx.tell(Replied(self.id, read_reply(*fields)))

    def end(
        self,
        heard_ms: int = 0,
        cause: int = 0,
        tech: str = "",
        tech_cause: int = 0,
        handler: bool = True,
        journalled: bool = True,
        silent: bool = False,
        first_ms: int = 20,
    ) -> None:
        """The channel goes; `handler` and `journalled` false where their traces are lost."""
        if self.ended:
            return
        self.ended = True
        answered = self.state is ChannelState.UP
        rtp = 0 if silent or not answered else max(1, heard_ms // 20)
        found = CallEnded(
            self.id, _ANSWERED_MS + 5000, _ANSWERED_MS if answered else 0, cause, tech,
            f"{self.id}@fake", self.result, heard_ms, rtp, rtp, self.keys,
            first_ms if answered else None,
        )  # fmt: skip
        if journalled:
            self.pbx.journal(self.order, _line(found))
        self.pbx.calls.pop(self.id, None)
        if handler:
            self.pbx.tell(found)
        self.pbx.tell(HungUp(self.id, cause, tech_cause))
        if not answered:
            self.pbx.tell(OriginateDone(self.id, False, 0, True))

    def play_to_the_end(self) -> None:
        self.result = "played"
        self.end(heard_ms=2000, cause=16, tech="SIP 200 OK")


def _line(found: CallEnded) -> str:
    fields = (
        "end", found.attempt_id, found.ended_ms, found.answered_ms, found.cause,
        found.sip_call_id, found.result, found.heard_ms, found.rtp_sent, found.rtp_received,
        found.keys, found.tech, "" if found.first_ms is None else found.first_ms,
    )  # fmt: skip
    return "|".join(str(one) for one in fields)


@dataclass
class FakePbx:
    """Implements `dialer.pbx.Pbx`.

    Attributes:
        script: what becomes of each call by itself; calls without one wait for the test.
        refusing: Originates are answered with an error from now on.
        full: the link's buffer takes no more orders.
        orders: every Originate sent, in order.
        calls: live calls by attempt id.
        reached_at: contacts of each endpoint.
        silent: endpoints that answer no OPTIONS.
        options: endpoints that were to be sent OPTIONS at once, in order.
        others: live channels that are no attempts.
        on_list: run while the channels are being listed, once.
        on_machines: what was asked for calls that machines answered: `wait`, `hangup`, `leave`.
    """

    script: Script | None = None
    refusing: str = ""
    full: bool = False
    orders: list[OriginateOrder] = field(default_factory=list)
    calls: dict[str, FakeCall] = field(default_factory=dict)
    others: dict[str, OtherBegun] = field(default_factory=dict)
    reached_at: dict[str, list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    options: list[str] = field(default_factory=list)
    on_list: Callable[[], None] | None = None
    asked_to_hang_up: list[str] = field(default_factory=list)
    on_machines: list[tuple[str, str]] = field(default_factory=list)
    lists: int = 0

    def __post_init__(self) -> None:
        self._listener: Listener | None = None
        self._up = False

    async def open(self, listener: Listener) -> Capabilities:
        self._listener, self._up = listener, True
        return Capabilities("22.10.1", 1, advanced_filters=True, tech_cause=True)

    async def close(self) -> None:
        self._listener, self._up = None, False

    @property
    def connected(self) -> bool:
        return self._up

    def originate(self, order: OriginateOrder) -> None:
        self._check()
        if self.full:
            raise PbxError("The link takes no more.")
        assert all(one.attempt_id != order.attempt_id for one in self.orders), "sent twice"
        self.orders.append(order)
        asyncio.get_running_loop().call_soon(self._place, order)

    def _place(self, order: OriginateOrder) -> None:
        if self.refusing:
            self.tell(OriginateRefused(order.attempt_id, self.refusing))
            return
        call = FakeCall(self, order)
        self.calls[call.id] = call
        self.journal(order, f"start|{call.id}|{order.target_id}")
        self.tell(Dialling(call.id, f"PJSIP/{order.endpoint}-{len(self.orders):08x}"))
        self.tell(Invited(call.id))
        if self.script is not None:
            self.script(call)

    def hang_up(self, attempt_id: str) -> None:
        self._check()
        if self.full:
            raise PbxError("The link takes no more.")
        self.asked_to_hang_up.append(attempt_id)
        call = self.calls.get(attempt_id)
        if call is not None:
            asyncio.get_running_loop().call_soon(lambda: call.end(heard_ms=100, cause=16))

    def hang_up_on_machine(self, attempt_id: str) -> None:
        self._on_machine("hangup", attempt_id)

    def leave_message(self, attempt_id: str) -> None:
        self._on_machine("leave", attempt_id)

    def wait_for_greeting(self, attempt_id: str) -> None:
        self._on_machine("wait", attempt_id)

    def _on_machine(self, what: str, attempt_id: str) -> None:
        self._check()
        self.on_machines.append((what, attempt_id))

    async def live_channels(self) -> list[LiveChannel]:
        self._check()
        self.lists += 1
        found = [LiveChannel(one.id, "PJSIP/x", one.state) for one in self.calls.values()]
        if self.on_list is not None:
            meanwhile, self.on_list = self.on_list, None
            meanwhile()
        await asyncio.sleep(0)
        self._check()
        return found

    async def other_channels(self) -> list[OtherBegun]:
        self._check()
        return list(self.others.values())

    async def contacts(self, endpoint: str) -> list[str]:
        self._check()
        return self.reached_at.get(endpoint, [LOOPBACK])

    async def unanswered(self, endpoint: str) -> bool:
        self._check()
        return endpoint in self.silent

    def ask_options(self, endpoint: str) -> None:
        self._check()
        self.options.append(endpoint)

    # What the test does to it

    def tell(self, *events: Event) -> None:
        """Events reach the listener while the link is up; those of a gap are lost."""
        if self._listener is not None and self._up:
            self._listener(events)

    def journal(self, order: OriginateOrder, line: str) -> None:
        with Path(order.journal).open("a", encoding="ascii") as stream:
            stream.write(line + "\n")

    def go_down(self) -> None:
        self._hear([LinkDown("cut")], up=False)

    def come_up(self) -> None:
        self._hear([LinkUp()], up=True)

    def _hear(self, events: Sequence[Event], *, up: bool) -> None:
        self._up = up
        if self._listener is not None:
            self._listener(events)

    def _check(self) -> None:
        if not self._up:
            raise PbxError("The link to the PBX is down.")


# Scripts: a population of callees


def deliver(call: FakeCall) -> None:
    call.ring()
    call.answer()
    call.play_to_the_end()


def busy(call: FakeCall) -> None:
    call.end(cause=17, tech="SIP 486 Busy Here", tech_cause=486)


def no_answer(call: FakeCall) -> None:
    call.ring()
    call.end(cause=19, tech="SIP 180 Ringing", tech_cause=480)


def congested(call: FakeCall) -> None:
    call.end(cause=34, tech="SIP 503 Service Unavailable", tech_cause=503)


def unwanted(call: FakeCall) -> None:
    call.end(cause=127, tech="SIP 607 Unwanted", tech_cause=607)


def opt_out(call: FakeCall) -> None:
    call.ring()
    call.answer()
    call.press("9")
    call.end(heard_ms=500, cause=16, tech="SIP 200 OK")


def hang_up_early(call: FakeCall) -> None:
    call.ring()
    call.answer()
    call.end(heard_ms=700, tech="SIP 200 OK")
