"""From AMI's event blocks to the dialer's typed events.

The event's name is looked at first, and only the headers that are wanted are decoded. Of a call
that is no attempt of ours (its Uniqueid is not a ULID) only its beginning and end are told, since
it takes a channel of its trunk.

Asterisk sends OriginateResponse by another route than the channel's events, so under load it can
overtake Newchannel (seen overtaking and being overtaken on Asterisk 22.10). A refusal that comes
before any Newchannel is therefore kept back for a moment, until it is said that no channel was
made.
"""

import re
import time
from collections.abc import Callable, Iterable

import structlog

from campaigns.reply import read_reply
from dialer.ami.blocks import text_of, value_of
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
    OriginateRefused,
    OtherBegun,
    OtherEnded,
    Replied,
    Ringing,
    TalkingBegan,
    TalkingEnded,
)

_log = structlog.get_logger()

KEEP_BACK_S = 1.0
"""How long a failed OriginateResponse waits for its Newchannel."""

_ATTEMPT = re.compile(rb"[0-9A-HJKMNP-TV-Z]{26}(?:\r\n|\Z)")
_ULID_LENGTH = 26
_UNIQUEID = b"\r\nUniqueid: "
_DEST_UNIQUEID = b"\r\nDestUniqueid: "

_DONE, _GONE = 1, 2

Out = list[Event]


def attempt_in(block: bytes, key: bytes = _UNIQUEID, start: int = 0) -> str:
    """The attempt a header names; empty where it names none of ours."""
    found = block.find(key, start)
    if found < 0:
        return ""
    begin = found + len(key)
    if _ATTEMPT.match(block, begin) is None:
        return ""
    return block[begin : begin + _ULID_LENGTH].decode("ascii")


def number_in(block: bytes, key: bytes, start: int = 0) -> int:
    """A header's value as a number; 0 where it is absent, empty or not one."""
    raw = value_of(block, key, start)
    return int(raw) if raw.isdigit() else 0


def seconds_in(block: bytes, key: bytes) -> float:
    """A header's value as seconds with their fraction; 0 where it is absent or no such number."""
    raw = value_of(block, key)
    return float(raw) if raw.replace(b".", b"", 1).isdigit() else 0.0


class EventDecoder:
    """Decodes the blocks of one link, in order. Belongs to the thread that reads the link.

    Attributes:
        uptime_s: seconds the PBX had been up when it said that it had loaded everything; None
            until then, and for ever where the account may not read system events.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.uptime_s: int | None = None
        self._clock = clock
        self._calls: dict[str, int] = {}
        self._kept_back: dict[str, tuple[float, int]] = {}
        self._decoders: dict[bytes, Callable[[bytes, Out], None]] = {
            b"Event: Newchannel": self._newchannel,
            b"Event: DialBegin": self._dial_begin,
            b"Event: Newstate": self._newstate,
            b"Event: OriginateResponse": self._originate_response,
            b"Event: UserEvent": self._user_event,
            b"Event: Hangup": self._hangup,
            b"Event: ChannelTalkingStart": self._talking_began,
            b"Event: ChannelTalkingStop": self._talking_ended,
            b"Event: CoreShowChannel": self._listed,
            b"Event: FullyBooted": self._fully_booted,
            b"Response: Error": self._refused,
        }

    def decode(self, blocks: Iterable[bytes]) -> Out:
        """The typed events of these blocks; blocks of no interest give none."""
        out: Out = []
        decoders = self._decoders
        for block in blocks:
            decoder = decoders.get(block[: block.find(b"\r\n")])
            if decoder is not None:
                decoder(block, out)
        return out

    def settle(self) -> Out:
        """The refusals whose Newchannel has not come: no channel was made for them."""
        due = self._clock() - KEEP_BACK_S
        settled = [(a, reason) for a, (since, reason) in self._kept_back.items() if since <= due]
        for attempt, _ in settled:
            del self._kept_back[attempt]
        return [OriginateDone(attempt, False, reason, False) for attempt, reason in settled]

    def _newchannel(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block)
        channel = text_of(block, b"\r\nChannel: ")
        if not attempt:
            outgoing = value_of(block, b"\r\nChannelStateDesc: ") == b"Down"
            out.append(OtherBegun(text_of(block, _UNIQUEID), channel, outgoing))
            return
        out.append(Dialling(attempt, channel))
        self._has_channel(attempt, out)

    def _dial_begin(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block, _DEST_UNIQUEID)
        if attempt:
            out.append(Invited(attempt, seconds_in(block, b"\r\nTimestamp: ")))

    def _has_channel(self, attempt: str, out: Out) -> None:
        """Any event of a channel shows that there is one: a refusal kept back is of that channel.

        After a gap that event may be another than Newchannel, which came before the login.
        """
        if attempt not in self._calls:
            self._calls[attempt] = 0
            kept = self._kept_back.pop(attempt, None)
            if kept is not None:
                self._done(attempt, answered=False, reason=kept[1], out=out)

    def _newstate(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block)
        if not attempt:
            return
        self._has_channel(attempt, out)
        state = value_of(block, b"\r\nChannelStateDesc: ")
        if state == b"Up":
            out.append(Answered(attempt))
        elif state == b"Ringing":
            out.append(Ringing(attempt))

    def _originate_response(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block, b"\r\nActionID: ")
        if not attempt:
            return
        answered = value_of(block, b"\r\nResponse: ") == b"Success"
        reason = number_in(block, b"\r\nReason: ")
        seen = self._calls.get(attempt)
        if answered or seen is not None:
            # A second one is the refusal of a second Originate: the call itself goes on.
            if not (seen or 0) & _DONE:
                self._done(attempt, answered=answered, reason=reason, out=out)
        else:
            self._kept_back[attempt] = (self._clock(), reason)

    def _done(self, attempt: str, *, answered: bool, reason: int, out: Out) -> None:
        out.append(OriginateDone(attempt, answered, reason, True))
        self._mark(attempt, _DONE)

    def _hangup(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block)
        if not attempt:
            out.append(OtherEnded(text_of(block, _UNIQUEID)))
            return
        self._has_channel(attempt, out)
        cause, tech = number_in(block, b"\r\nCause: "), number_in(block, b"\r\nTechCause: ")
        out.append(HungUp(attempt, cause, tech))
        self._mark(attempt, _GONE)

    def _talking_began(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block)
        if attempt:
            out.append(TalkingBegan(attempt))

    def _talking_ended(self, block: bytes, out: Out) -> None:
        attempt = attempt_in(block)
        if attempt:
            out.append(TalkingEnded(attempt))

    def _refused(self, block: bytes, out: Out) -> None:
        """An error in answer to an Originate; other actions have ActionIDs that are no ULID."""
        attempt = attempt_in(block, b"\r\nActionID: ")
        if attempt:
            out.append(OriginateRefused(attempt, text_of(block, b"\r\nMessage: ")))

    def _fully_booted(self, block: bytes, _out: Out) -> None:
        self.uptime_s = number_in(block, b"\r\nUptime: ")

    def _listed(self, block: bytes, out: Out) -> None:
        """A channel found live after a gap: its Newchannel was never heard."""
        attempt = attempt_in(block)
        if attempt:
            self._has_channel(attempt, out)

    def _mark(self, attempt: str, what: int) -> None:
        """A call is forgotten once both its OriginateResponse and its Hangup were heard."""
        seen = self._calls.get(attempt, 0) | what
        if seen == _DONE | _GONE:
            self._calls.pop(attempt, None)
        else:
            self._calls[attempt] = seen

    def _user_event(self, block: bytes, out: Out) -> None:
        # The dialplan's own headers follow the name; those before it describe the channel.
        start = block.find(b"\r\nUserEvent: ")
        attempt = attempt_in(block, b"\r\nId: ", start)
        if start < 0 or not attempt:
            return
        self._has_channel(attempt, out)
        name = value_of(block, b"\r\nUserEvent: ", start)
        if name == b"PvEnded":
            out.append(_call_ended(block, attempt, start))
        elif name == b"PvKey":
            position = number_in(block, b"\r\nPosition: ", start)
            out.append(KeyPressed(attempt, text_of(block, b"\r\nKey: ", start), position))
        elif name == b"PvOptOut":
            out.append(OptedOut(attempt))
        elif name == b"PvReply":
            _reply(block, attempt, start, out)


def _reply(block: bytes, attempt: str, start: int, out: Out) -> None:
    """One that means nothing tells nothing; the journal has it too."""
    names = (b"\r\nAt: ", b"\r\nKind: ", b"\r\nQuestion: ", b"\r\nValue: ")
    try:
        said = read_reply(*(text_of(block, one, start) for one in names))
    except ValueError:
        _log.warning("a reply means nothing", attempt=attempt)
    else:
        out.append(Replied(attempt, said))


def _call_ended(block: bytes, attempt: str, start: int) -> CallEnded:
    headers = dict(line.partition(b": ")[::2] for line in block[start:].split(b"\r\n"))

    def number(name: bytes) -> int:
        value = headers.get(name, b"")
        return int(value) if value.isdigit() else 0

    def text(name: bytes) -> str:
        return headers.get(name, b"").decode("utf-8", "replace")

    return CallEnded(
        attempt_id=attempt,
        ended_ms=number(b"Ended"),
        answered_ms=number(b"Answered"),
        cause=number(b"Cause"),
        tech=text(b"Tech"),
        sip_call_id=text(b"CallId"),
        result=text(b"Result"),
        heard_ms=number(b"Heard"),
        rtp_sent=number(b"Sent"),
        rtp_received=number(b"Received"),
        keys=text(b"Keys"),
        first_ms=_signed(headers.get(b"First", b"")),
    )


def _signed(value: bytes) -> int | None:
    """A time that two clocks may have made a little less than nothing."""
    return max(0, int(value)) if value.removeprefix(b"-").isdigit() else None
