"""What people do who call the number that they were shown. Pure.

The PBX writes a line for each act before it confirms it aloud, whether or not anybody listens:

    ACT|CALL|AT_MS|CALLED|CALLER|KEYED

and, where a code of the public page was keyed in, that code besides.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from campaigns.receipt_code import is_code

_SIGNIFICANT = 9
"""Digits of a number of France and overseas, less what leads to its territory."""


class CallerAct(StrEnum):
    """What somebody did."""

    CALL = "call"  # heard who called, and why
    OPTOUT = "optout"
    ACCESS = "access"  # asked what is held of the number (GDPR article 15)
    CONSENT = "consent"  # agreed to the text that was spoken
    CODE = "code"  # asked the same with the code that the public page showed them


@dataclass(frozen=True, slots=True)
class Said:
    """One act on a callback line.

    Attributes:
        act: what was done.
        call_id: the PBX's id of the call; nothing is done twice in one.
        at: when, in UTC.
        called: the digits that were called, as the trunk has them.
        caller: the number it is about, as the trunk or the caller wrote it; may be empty.
        keyed: the caller keyed it in; otherwise the network named it.
        code: of the public page (`campaigns.receipt_code`); empty where none was keyed.
    """

    act: CallerAct
    call_id: str
    at: datetime
    called: str
    caller: str
    keyed: bool
    code: str = ""


def read_said(line: bytes) -> Said | None:
    """Read one line; None for one that means nothing, as a torn one does."""
    try:
        act, call_id, at_ms, called, caller, keyed, *rest = line.decode("ascii").split("|")
        at = datetime.fromtimestamp(int(at_ms) / 1000, UTC)
        said = Said(CallerAct(act), call_id, at, called, caller, keyed == "1", *rest)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    has_code = said.act is CallerAct.CODE
    return said if len(rest) == has_code and (not has_code or is_code(said.code)) else None


def forms(e164: str) -> tuple[str, ...]:
    """The digits by which a trunk may name a number of ours: international and national.

    Args:
        e164: `+` and digits.
    """
    digits = e164.removeprefix("+")
    return digits, f"0{digits[-_SIGNIFICANT:]}"
