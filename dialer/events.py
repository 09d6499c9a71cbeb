"""What the dialer hears from a PBX: typed events, each of one call.

An attempt's id is the channel's unique id (`ChannelId` of AMI Originate), so every event of a
call names its attempt. Events arrive in the order the PBX sent them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.reply import Reply


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
    """Newchannel: the PBX has made the channel; what it writes down comes before the INVITE."""

    attempt_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class Invited:
    """DialBegin: the INVITE has left, a moment ago.

    Attributes:
        at: when it was said, in epoch seconds of the PBX's own clock; 0 where it does not say.
    """

    attempt_id: str
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
    | Invited
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
