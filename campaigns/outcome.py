"""How an attempt ended, decided from what the PBX saw. Pure; sources in the docstrings."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The one word for how an attempt ended."""

    DELIVERED = "delivered"
    HUNG_UP_EARLY = "hung_up_early"
    OPTED_OUT = "opted_out"
    TRANSFERRED = "transferred"
    MACHINE = "machine"
    MACHINE_MESSAGE_LEFT = "machine_message_left"
    SILENT_CALL = "silent_call"
    ANSWERED_TOO_LATE = "answered_too_late"

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNWANTED = "unwanted"
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"

    CONGESTION = "congestion"
    CARRIER_FAILURE = "carrier_failure"
    CARRIER_REFUSED = "carrier_refused"
    AUTH_BLOCKED = "auth_blocked"
    ANALYTICS_BLOCKED = "analytics_blocked"
    CONFIG_ERROR = "config_error"
    PBX_LOST = "pbx_lost"
    CANCELLED = "cancelled"

    IN_DOUBT = "in_doubt"


REACHED = frozenset(
    {Outcome.DELIVERED, Outcome.OPTED_OUT, Outcome.TRANSFERRED, Outcome.MACHINE_MESSAGE_LEFT}
)
"""The person has had the message, or has refused it: never called again by this campaign."""

NOT_THE_PERSONS = frozenset(
    {
        Outcome.CONGESTION,
        Outcome.CARRIER_FAILURE,
        Outcome.CARRIER_REFUSED,
        Outcome.AUTH_BLOCKED,
        Outcome.ANALYTICS_BLOCKED,
        Outcome.CONFIG_ERROR,
        Outcome.PBX_LOST,
        Outcome.CANCELLED,
    }
)
"""Faults of ours or of the carrier's: they consume no attempt of the person's."""

ANSWERED = frozenset(
    {
        Outcome.DELIVERED,
        Outcome.HUNG_UP_EARLY,
        Outcome.OPTED_OUT,
        Outcome.TRANSFERRED,
        Outcome.MACHINE,
        Outcome.MACHINE_MESSAGE_LEFT,
        Outcome.SILENT_CALL,
        Outcome.ANSWERED_TOO_LATE,
    }
)
"""The far side sent a 200: what the answer-seizure ratio counts."""

OURS = NOT_THE_PERSONS | {Outcome.IN_DOUBT}
"""Calls that tell nothing of the person: the network or we failed, or nobody knows."""


class Taken(StrEnum):
    """How a call was taken: three groups that every outcome is in one of."""

    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    OURS = "ours"


def taken(outcome: str) -> Taken:
    """The group of an outcome."""
    if outcome in ANSWERED:
        return Taken.ANSWERED
    return Taken.OURS if outcome in OURS else Taken.NOT_ANSWERED


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one ended call.

    Attributes:
        answered: the dialplan ran, hence media was set up.
        result: what the dialplan was doing: `playing`, `script` (saying something else before the
            end of the message), `played`, `optout`, `transferred`, on a machine `machine`,
            `leaving` or `left`, or empty.
        tech: the technology's own words, `SIP 486 Busy Here`; `SIP 180 ...` (any 1xx) means
            that no final answer came before our own ring time-out. Empty where the far side
            never said anything at all; None where the PBX did not tell.
        tech_cause: SIP code of the AMI Hangup event; 0 where absent. Our own time-out shows
            480 there, which nobody sent, so it counts only where `tech` is None.
        cause: Q.850 cause; 0 where absent.
        heard_ms: how far the message was played.
        message_ms: how long the message is.
        rtp_sent: RTP packets sent to the person.
        rtp_received: RTP packets that came from there.
        first_ms: from the answer to the first sample of the message, or to the end where none was
            sent; None where it is not known.
    """

    answered: bool
    result: str = ""
    tech: str | None = None
    tech_cause: int = 0
    cause: int = 0
    heard_ms: int = 0
    message_ms: int = 0
    rtp_sent: int = 0
    rtp_received: int = 0
    first_ms: int | None = None


_BY_SIP = {
    **dict.fromkeys((404, 410, 484, 485, 604), Outcome.INVALID_NUMBER),
    **dict.fromkeys((486, 600), Outcome.BUSY),
    **dict.fromkeys((408, 502), Outcome.UNREACHABLE),
    **dict.fromkeys((401, 402, 403, 407, 501), Outcome.CARRIER_REFUSED),
    **dict.fromkeys((428, 433, 436, 437, 438), Outcome.AUTH_BLOCKED),
    **dict.fromkeys((406, 415, 488, 606), Outcome.CONFIG_ERROR),
    **dict.fromkeys((429, 503), Outcome.CONGESTION),
    480: Outcome.NO_ANSWER,
    487: Outcome.NO_ANSWER,
    603: Outcome.REJECTED,
    607: Outcome.UNWANTED,
    608: Outcome.ANALYTICS_BLOCKED,
}
"""RFC 3261 section 21, RFC 8224 section 6.2.2, RFC 8197 (607), RFC 8688 (608)."""

_BY_CAUSE = {
    **dict.fromkeys((1, 22, 28), Outcome.INVALID_NUMBER),
    **dict.fromkeys((2, 3, 29, 50, 52, 54, 57), Outcome.CARRIER_REFUSED),
    **dict.fromkeys((18, 20, 23, 27), Outcome.UNREACHABLE),
    **dict.fromkeys((34, 42, 44), Outcome.CONGESTION),
    **dict.fromkeys((38, 41, 102), Outcome.CARRIER_FAILURE),
    **dict.fromkeys((5, 58, 65, 66, 88), Outcome.CONFIG_ERROR),
    17: Outcome.BUSY,
    19: Outcome.NO_ANSWER,
    21: Outcome.REJECTED,
}
"""ITU-T Q.850 causes as Asterisk names them (Hangup Cause Mappings, Asterisk documentation)."""

_REFINED_BY_CAUSE = frozenset({480, 500, 503})
"""SIP codes so general that a carrier's `Reason: Q.850` (RFC 3326) says more than they do."""

_SIP_DEFAULT_CAUSE = {480: 19, 500: 38, 503: 34}
"""The cause Asterisk makes up itself for those codes: no news from the carrier."""

_NO_SIP_ANSWER = {0: Outcome.CONGESTION, 23: Outcome.UNREACHABLE}
"""No SIP answer was kept: nothing left for want of an RTP port (0), a redirection (23); anything
else is a far side that does not speak, which looks like a ring time-out but for that."""

_RECORDING_UNREADABLE = 27
"""How the dialplan ends a call whose recording it cannot read. The fault is ours, but a person
answered and heard nothing: it counts as a call to them, and is not made again at once."""

_TIMED_OUT = 19
"""The Q.850 cause of our own ring time-out."""

_CODE = re.compile(r"SIP (\d{3})")

NOTHING_HEARD_MS = 0

PATIENT_MS = 1000
"""Who stayed so long on a silent line did not just hang up on us: they were not spoken to."""

_PACKET_MS = 20
"""Of sound in an RTP packet, as telephones send it from their answer on."""

_PLAYING = frozenset({"playing", "script"})


def resolve(facts: Facts) -> Outcome:
    """The outcome of an ended call.

    In order: answered and what the dialplan did; the raw SIP answer; the Q.850 cause. The
    reason of AMI's OriginateResponse is not asked: it was 0 for 486, 503 and 603 alike.
    """
    if facts.answered:
        return _answered(facts)
    if facts.tech == "":
        return _NO_SIP_ANSWER.get(facts.cause, Outcome.CARRIER_FAILURE)
    code = _sip_code(facts)
    if code == 200:
        return _answered_unplayed(facts)
    return _unanswered(code, facts.cause)


def quartile(facts: Facts) -> int:
    """Which quarter of the message was reached: 0 (under 25 %) to 4 (whole)."""
    if facts.message_ms <= 0:
        return 0
    return min(4, 4 * facts.heard_ms // facts.message_ms)


_ASKED_FOR = {"optout": Outcome.OPTED_OUT, "transferred": Outcome.TRANSFERRED}
"""What the person did, whatever was heard."""

_BY_RESULT = {
    "played": Outcome.DELIVERED,
    "left": Outcome.MACHINE_MESSAGE_LEFT,
    "leaving": Outcome.MACHINE,
    "machine": Outcome.MACHINE,
}
"""What came of a call by what the dialplan was doing when it ended."""


def _answered(facts: Facts) -> Outcome:
    if facts.result in _ASKED_FOR:
        return _ASKED_FOR[facts.result]
    if facts.result in _PLAYING and facts.cause == _RECORDING_UNREADABLE:
        return Outcome.SILENT_CALL
    waited_in_vain = (facts.first_ms or 0) >= PATIENT_MS
    if facts.rtp_sent == 0 and (waited_in_vain or facts.heard_ms <= NOTHING_HEARD_MS):
        return Outcome.SILENT_CALL
    return _BY_RESULT.get(facts.result, Outcome.HUNG_UP_EARLY)


def _answered_unplayed(facts: Facts) -> Outcome:
    """Without our time-out, the person hung up before the dialplan could begin to play.

    Where that took us long they were not spoken to. No clock of ours saw the answer then; the sound
    that came since tells how long ago it was.
    """
    if facts.cause == _TIMED_OUT:
        return Outcome.ANSWERED_TOO_LATE
    patient = facts.rtp_received * _PACKET_MS >= PATIENT_MS
    return Outcome.SILENT_CALL if patient else Outcome.HUNG_UP_EARLY


def _sip_code(facts: Facts) -> int:
    found = _CODE.match(facts.tech or "")
    return int(found.group(1)) if found else facts.tech_cause


def _unanswered(code: int, cause: int) -> Outcome:
    if 100 < code < 200:
        return Outcome.NO_ANSWER
    if code in _REFINED_BY_CAUSE and cause and cause != _SIP_DEFAULT_CAUSE[code]:
        return _BY_CAUSE.get(cause, _by_sip(code))
    return _by_sip(code) if code > 100 else _BY_CAUSE.get(cause, Outcome.UNREACHABLE)


def _by_sip(code: int) -> Outcome:
    if code in _BY_SIP:
        return _BY_SIP[code]
    if 300 <= code < 400:
        return Outcome.UNREACHABLE
    return Outcome.CARRIER_FAILURE if code >= 500 else Outcome.CARRIER_REFUSED
