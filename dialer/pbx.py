"""What the dialer asks of a PBX and what it hears from one.

Only `dialer.ami` knows that the PBX is Asterisk over AMI. Everything else in the dialer works
on this protocol and on these typed events, so it can be driven by a fake in fast unit tests.

An attempt's id is the channel's unique id (`ChannelId` of AMI Originate), so every event of a
call names its attempt. Events arrive in the order the PBX sent them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from campaigns.reply import Reply


@dataclass(frozen=True, slots=True)
class TransferOrder:
    """Where a call may be put through to.

    Attributes:
        number: as the trunk wants it dialled.
        endpoint: the PJSIP endpoint of the trunk.
        group: those who share the limit bear the same.
        most: how many of a group at once.
        ring_s, talk_s: whole seconds at most.
    """

    number: str
    endpoint: str
    group: str
    most: int
    ring_s: int
    talk_s: int


@dataclass(frozen=True, slots=True)
class ScriptOrder:
    """What a call does besides playing its message; see `campaigns.script`.

    Attributes:
        sounds: directory of what is spoken, absolute, on the PBX's own disk.
        keys: by key, the word for what it does.
        questions: of each, the keys that answer it.
        tries: how often each is put at most.
        transfer: where the key for it leads; None for no such key.
    """

    sounds: str
    keys: Mapping[str, str]
    questions: tuple[str, ...]
    tries: int
    transfer: TransferOrder | None = None


@dataclass(frozen=True, slots=True)
class OriginateOrder:
    """One call to place, complete: nothing in it came unchecked from a user.

    Attributes:
        attempt_id: the ChannelId; single use, never sent twice.
        endpoint: the PJSIP endpoint of the trunk.
        number: the number as the trunk wants it dialled (`+33639980001`, `0639980001`).
        caller_id: the number shown, as the trunk wants it.
        ring_timeout_s: whole seconds until the PBX gives up (CANCEL).
        max_call_s: whole seconds after which the PBX hangs up whatever happens.
        message: sound file the PBX plays, absolute, without extension.
        confirmation: sound file that confirms an opt-out, absolute, without extension.
        journal: absolute path of the journal on the PBX's own disk.
        machine: sound file that may be left on an answering machine, likewise; empty for none.
        listens: tell when the far side speaks, and when it stops.
        send_by: monotonic seconds from which on it is not sent: looked at last of all, as this
            process may have been stopped since everything else was.
        target_id: who is called, by the id alone: written into the journal, from which a restored
            database learns of calls that it does not know (`dialer.recovery`).
        script: what keys do besides 9; None where they do nothing.
    """

    attempt_id: str
    endpoint: str
    number: str
    caller_id: str
    ring_timeout_s: int
    max_call_s: int
    message: str
    confirmation: str
    journal: str
    machine: str = ""
    listens: bool = False
    send_by: float = math.inf
    target_id: int = 0
    script: ScriptOrder | None = None


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The PBX is logged in to and events flow. What it can do stands in `Capabilities`."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The link is gone. Events until the next LinkUp are lost; reconcile after it."""

    reason: str


@dataclass(frozen=True, slots=True)
class OriginateRefused:
    """The PBX answered the Originate with an error: no call was or will be placed."""

    attempt_id: str
    message: str


@dataclass(frozen=True, slots=True)
class OriginateDone:
    """OriginateResponse: the call was answered, or will never be.

    Attributes:
        answered: Response was Success.
        reason: AMI's Reason, an AST_CONTROL number; a hint at most (0 where absent).
        channel_made: whether a channel existed, hence whether a Hangup comes too.
    """

    attempt_id: str
    answered: bool
    reason: int
    channel_made: bool


@dataclass(frozen=True, slots=True)
class Dialling:
    """Newchannel: the PBX has made the channel and the INVITE leaves.

    Attributes:
        at: when, in epoch seconds of the PBX's own clock; 0 where it does not say.
    """

    attempt_id: str
    channel: str
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Ringing:
    """The far side rings (180 or 183)."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The far side answered (200)."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key the dialplan acted on.

    Attributes:
        key: one of 0-9, *, #.
        position_ms: position in the message when it was pressed, in ms.
    """

    attempt_id: str
    key: str
    position_ms: int


@dataclass(frozen=True, slots=True)
class TalkingBegan:
    """The far side makes a sound."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class TalkingEnded:
    """It has been silent for `campaigns.machine.SILENCE_MS`."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The dialplan has written the refusal to its journal and is about to confirm it aloud."""

    attempt_id: str


@dataclass(frozen=True, slots=True)
class Replied:
    """The dialplan has written what somebody said with a key to its journal."""

    attempt_id: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class CallEnded:
    """What the hangup handler knew, by event or read back from the journal.

    Attributes:
        ended_ms: PBX clock, ms since the epoch.
        answered_ms: PBX clock, ms since the epoch; 0 where not answered.
        cause: Q.850 cause; 0 where the far side sent BYE.
        tech: the technology's own words, such as `SIP 486 Busy Here`; may be empty.
        sip_call_id: SIP Call-ID; may be empty.
        result: what the dialplan was doing: `` (never answered), `playing`, `played`, `optout`,
            `script` (saying something else before the message's end), `transferred`, and on a
            machine `machine` (it was hung up on), `leaving` (a message), `left`.
        heard_ms: how far the message was played, in ms.
        rtp_sent: RTP packets sent to the person.
        rtp_received: RTP packets received.
        keys: every key acted on, in order, such as `59`.
        first_ms: from the answer to the first sample of the message, give or take 20 ms; where
            none was sent, how long that was so. None where not answered, or not told.
    """

    attempt_id: str
    ended_ms: int
    answered_ms: int
    cause: int
    tech: str
    sip_call_id: str
    result: str
    heard_ms: int
    rtp_sent: int
    rtp_received: int
    keys: str
    first_ms: int | None = None


@dataclass(frozen=True, slots=True)
class HungUp:
    """Hangup: the channel is gone and its slot is free.

    Attributes:
        cause: Q.850 cause.
        tech_cause: SIP code where the PBX tells it (20.17, 22.7 and later), else 0.
    """

    attempt_id: str
    cause: int
    tech_cause: int


@dataclass(frozen=True, slots=True)
class OtherBegun:
    """A channel that is no attempt of ours began: a call that comes in, or a transfer's far leg.

    Attributes:
        channel_id: its Uniqueid.
        channel: its name, such as `PJSIP/carrier-00000012`.
        outgoing: it is a transfer's far leg.
    """

    channel_id: str
    channel: str
    outgoing: bool = False


@dataclass(frozen=True, slots=True)
class OtherEnded:
    """A channel that is no attempt of ours is gone."""

    channel_id: str


Event = (
    LinkUp
    | LinkDown
    | OriginateRefused
    | OriginateDone
    | Dialling
    | Ringing
    | Answered
    | KeyPressed
    | TalkingBegan
    | TalkingEnded
    | OptedOut
    | Replied
    | CallEnded
    | HungUp
    | OtherBegun
    | OtherEnded
)

Listener = Callable[[Sequence[Event]], None]
"""Called on the event loop with the events that arrived together, in order."""


class ChannelState(StrEnum):
    """How far a live channel has come."""

    DIALLING = "dialling"
    RINGING = "ringing"
    UP = "up"


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel of ours that the PBX lists as live."""

    attempt_id: str
    channel: str
    state: ChannelState


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this PBX can do, probed and not assumed.

    Attributes:
        version: such as `22.10.1`.
        started_at_ms: start of this PBX process, ms since the epoch; changes when it restarted.
        advanced_filters: event filters by name were accepted.
        tech_cause: Hangup carries the SIP code.
    """

    version: str
    started_at_ms: int
    advanced_filters: bool
    tech_cause: bool


class Pbx(Protocol):
    """One PBX. Every method runs on the event loop; none blocks it."""

    async def open(self, listener: Listener) -> Capabilities:
        """Connect, log in and hear events from now on.

        After a lost link the implementation reconnects by itself with a growing delay, and
        tells it by LinkDown and LinkUp. A rejected login is raised and never retried.

        Raises:
            PbxError: cannot connect, or login rejected.
        """
        ...

    async def close(self) -> None:
        """Log off; calls in progress go on."""
        ...

    @property
    def connected(self) -> bool:
        """Whether an Originate would be sent now."""
        ...

    def originate(self, order: OriginateOrder) -> None:
        """Send one Originate, once; what becomes of it comes as events.

        Raises:
            PbxError: the link is down or its buffer is full; nothing was sent.
        """
        ...

    def hang_up(self, attempt_id: str) -> None:
        """Ask for the end of a live call; nothing happens where it has ended."""
        ...

    def hang_up_on_machine(self, attempt_id: str) -> None:
        """Ask for the end of a call that a machine answered, which its record then says."""
        ...

    def leave_message(self, attempt_id: str) -> None:
        """Have the message for machines begun, or begun anew, in a live call."""
        ...

    def wait_for_greeting(self, attempt_id: str) -> None:
        """Have a call stay up after its message, for a greeting to end."""
        ...

    async def live_channels(self) -> list[LiveChannel]:
        """List our live channels.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        ...

    async def other_channels(self) -> list[OtherBegun]:
        """List the live channels that are no attempts of ours.

        Raises:
            PbxError: the link is down or the list did not come in time.
        """
        ...

    async def contacts(self, endpoint: str) -> list[str]:
        """SIP URIs at which this endpoint is reached now; empty where unknown.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        ...

    async def unanswered(self, endpoint: str) -> bool:
        """Whether no contact of this endpoint answers the OPTIONS that it is sent.

        Raises:
            PbxError: the link is down or the answer did not come in time.
        """
        ...
