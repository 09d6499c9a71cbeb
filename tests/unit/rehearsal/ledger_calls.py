"""Calls of a ledger, as tests need them."""

from typing import Any

from rehearsal.ledger import LedgerCall, LedgerKey

NUMBER = "+33199000012"


def call(call_id: str = "c1", at: float = 1000.0, **facts: Any) -> LedgerCall:
    """A call that was answered after 2 s, heard 10 s of message and was ended by the PBX."""
    told = {
        "call": 1,
        "number": NUMBER,
        "sip_call_id": call_id,
        "source": "127.0.0.1:5060",
        "behaviour": "answers_and_listens",
        "nth": 1,
        "invite_at": at,
        "ring_at": at,
        "answer_at": at + 2,
        "ack_at": at + 2,
        "rtp_first_at": at + 2,
        "rtp_last_at": at + 12,
        "rtp_packets": 500,
        "rtp_seconds": 10.0,
        "hung_up_by": "pbx",
        "bye_at": at + 13,
        "status": 200,
        "ended_at": at + 13,
    }
    return LedgerCall(**{**told, **facts})


def unanswered(status: int | None, at: float = 1000.0, **facts: Any) -> LedgerCall:
    """A call that ended without an answer after 2 s."""
    nothing = dict.fromkeys(("answer_at", "ack_at", "rtp_first_at", "rtp_last_at"))
    silence = {"rtp_packets": 0, "rtp_seconds": 0.0, "hung_up_by": None, "bye_at": None}
    ended = at + 2 if status else None
    return call(at=at, **{**nothing, **silence, "status": status, "ended_at": ended, **facts})


def pressed(digit: str, end: float, route: str = "rfc4733") -> tuple[LedgerKey, ...]:
    """One key, released at `end`."""
    return (LedgerKey(digit, route, end - 0.16, end),)
