"""What a truthful engine must report of a call, told from what the network saw of it.

Only SIP and RTP facts count, never the name of the behaviour. The words are an engine's outcomes.
"""

import re
from dataclasses import dataclass

from rehearsal.ledger import LedgerCall

TOLERANCE = 0.25
"""Seconds of message by which the two sides may differ on where it ended."""

_KEY_CROSSING = 0.15
"""Seconds before the PBX's BYE in which a key may have come too late to be heard."""

_TIMEOUT_MARGIN = 1.0
"""Seconds by which the two sides may differ on how long it rang."""

_PATIENT = 1.0
"""Seconds on a silent line after which whoever hangs up was not spoken to."""

_ABSENT = 20
_CAUSE = re.compile(r"Q\.850\s*;.*?cause\s*=\s*(\d+)", re.IGNORECASE)

_BY_STATUS = {
    401: "carrier_refused",
    403: "carrier_refused",
    404: "invalid_number",
    407: "carrier_refused",
    408: "no_answer",
    410: "invalid_number",
    428: "auth_blocked",
    433: "auth_blocked",
    436: "auth_blocked",
    437: "auth_blocked",
    438: "auth_blocked",
    480: "no_answer",
    484: "invalid_number",
    486: "busy",
    488: "config_error",
    500: "carrier_failure",
    502: "carrier_failure",
    503: "congestion",
    504: "carrier_failure",
    600: "busy",
    603: "rejected",
    604: "invalid_number",
    607: "unwanted",
    608: "analytics_blocked",
}
_REDIRECTIONS = range(300, 400)

_CUT_SHORT_BY_US = frozenset({"machine", "transferred", "cancelled", "pbx_lost", "in_doubt"})
"""Why the PBX may end an answered call before the message is over, the callee still there."""

_LEFT = frozenset({"machine_message_left", "machine"})
"""Which of a machine and a person somebody was, RTP does not tell."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the engine meant to do in a call.

    Attributes:
        message_seconds: length of everything played to one who presses nothing.
        ring_timeout: seconds of ringing allowed, None where it is not known; a CANCEL before that
            is then the engine's own doing.
        optout_digit: the key that must never be lost.
        machines: answering machines are dealt with in another way than people.
        transfer_digit: the key that puts somebody through; None for no such key.
    """

    message_seconds: float
    ring_timeout: float | None = None
    optout_digit: str = "9"
    machines: bool = False
    transfer_digit: str | None = None


def expected_outcomes(call: LedgerCall, announced: Announced) -> frozenset[str]:
    """Every outcome that would be true of this call: one, wherever the facts decide it."""
    if call.answer_at is not None:
        return _answered(call, announced)
    if call.cancel_at is not None:
        return _cancelled(call, announced)
    if call.status is None:
        return frozenset({"in_doubt", "pbx_lost", "cancelled"})
    return _refused(call.status, call.reason)


def _refused(status: int, reason: str) -> frozenset[str]:
    if status in _REDIRECTIONS:
        return frozenset({"unreachable"})
    by_status = _BY_STATUS.get(status, "carrier_failure")
    cause = _CAUSE.search(reason)
    if cause and int(cause[1]) == _ABSENT:
        # Asterisk 22.10 makes the cause of the SIP code alone and drops the carrier's Reason
        # (its issue 1819), so an engine on it can only repeat what the code says.
        return frozenset({"unreachable", by_status})
    return frozenset({by_status})


def _cancelled(call: LedgerCall, announced: Announced) -> frozenset[str]:
    rung = (call.cancel_at or call.invite_at) - call.invite_at
    if announced.ring_timeout is not None and rung < announced.ring_timeout - _TIMEOUT_MARGIN:
        return frozenset({"cancelled", "pbx_lost"})
    return frozenset({"no_answer"})


def _answered(call: LedgerCall, announced: Announced) -> frozenset[str]:
    if pressed := _opted_out(call, announced):
        return pressed
    if call.rtp_packets == 0:
        return _heard_nothing(call, announced.ring_timeout)
    heard = _heard(call, announced.message_seconds)
    asked = any(key.digit == announced.transfer_digit for key in call.keys)
    heard |= _LEFT if announced.machines and call.hung_up_by == "pbx" else set()
    return heard | {"transferred"} if asked else heard


def _opted_out(call: LedgerCall, announced: Announced) -> frozenset[str]:
    """Opted out for certain, or perhaps where key and hang-up crossed; empty where no such key."""
    releases = [key.end for key in call.keys if key.digit == announced.optout_digit]
    if not releases:
        return frozenset()
    over = call.bye_at if call.bye_at is not None else float("inf")
    if min(releases) > over - _KEY_CROSSING and call.rtp_packets:
        return _heard(call, announced.message_seconds) | {"opted_out"}
    return frozenset({"opted_out"})


def _heard_nothing(call: LedgerCall, ring_timeout: float | None) -> frozenset[str]:
    if call.cancel_at is not None:
        # The answer crossed the PBX's CANCEL. Where it arrived after the PBX had let go of its
        # channel, nothing on the PBX's side can tell it from a phone that went on ringing.
        return frozenset({"answered_too_late", "no_answer"})
    if call.hung_up_by == "network":
        return _left_in_silence((call.bye_at or 0.0) - (call.answer_at or 0.0))
    if call.hung_up_by is None:
        return frozenset({"in_doubt", "pbx_lost"})
    rung = (call.answer_at or 0.0) - call.invite_at
    if ring_timeout is not None and rung > ring_timeout - _TIMEOUT_MARGIN:
        # The answer and the time-out met inside the PBX, which then sent no CANCEL.
        return frozenset({"answered_too_late", "silent_call"})
    return frozenset({"silent_call"})


def _left_in_silence(after: float) -> frozenset[str]:
    if abs(after - _PATIENT) <= TOLERANCE:
        return frozenset({"hung_up_early", "silent_call"})
    return frozenset({"silent_call" if after > _PATIENT else "hung_up_early"})


def _heard(call: LedgerCall, message_seconds: float) -> frozenset[str]:
    missing = message_seconds - call.rtp_seconds
    if call.hung_up_by == "network":
        return _heard_until_they_left(call, missing)
    if missing <= TOLERANCE:
        return frozenset({"delivered"})
    if call.hung_up_by is None:
        return frozenset({"in_doubt", "pbx_lost"})
    return _CUT_SHORT_BY_US | ({"delivered"} if call.keys else set())


def _heard_until_they_left(call: LedgerCall, missing: float) -> frozenset[str]:
    if missing > TOLERANCE:
        return frozenset({"hung_up_early"})
    after_message = (call.bye_at or 0.0) - (call.rtp_last_at or 0.0)
    if missing <= 0 and after_message > TOLERANCE:
        return frozenset({"delivered"})
    return frozenset({"delivered", "hung_up_early"})
