"""What a person said with keys in a call that has a script. Pure.

The PBX writes a line for each before it says anything of it, as it does for a refusal.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from campaigns.script import KEYS, MOST_QUESTIONS


class ReplyKind(StrEnum):
    """What was said."""

    ANSWER = "answer"  # to a question
    CONSENT = "consent"  # to the text that was spoken
    TRANSFER = "transfer"  # asked to be put through, and what came of it


class TransferStep(StrEnum):
    """How far a transfer came."""

    ASKED = "asked"
    FULL = "full"  # as many as may be are put through at this moment
    ANSWERED = "answered"
    ENDED = "ended"
    FAILED = "failed"  # nobody answered there


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing that was said.

    Attributes:
        kind: what.
        question: number of the question, from 1; 0 where it is no answer.
        value: the key; of a transfer, how far it came.
        at: when, in UTC, by the clock of the PBX.
    """

    kind: ReplyKind
    question: int
    value: str
    at: datetime

    @property
    def key(self) -> tuple[ReplyKind, int, str]:
        """What it is known by within its call: the same again is told twice, not said twice."""
        return self.kind, self.question, self.value


def read_reply(at_ms: str, kind: str, question: str, value: str) -> Reply:
    """A reply as the PBX wrote it.

    Raises:
        ValueError: it means nothing.
    """
    found = Reply(ReplyKind(kind), int(question), value, _instant(at_ms))
    if found.kind is ReplyKind.TRANSFER:
        TransferStep(value)
    elif len(value) != 1 or value not in KEYS:
        raise ValueError(value)
    least = 1 if found.kind is ReplyKind.ANSWER else 0
    if not least <= found.question <= least * MOST_QUESTIONS:
        raise ValueError(question)
    return found


def _instant(at_ms: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(at_ms) / 1000, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(at_ms) from error
