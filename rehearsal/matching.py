"""Which call of the ledger was which attempt of the engine."""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rehearsal.ledger import LedgerCall
from rehearsal.numbering import e164

IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt as the engine reports it.

    Attributes:
        sip_call_id: where the engine knows it; else number and order decide.
        outcome: one of the outcome words, None while there is none.
        sent_at: when it was given to the PBX, None if it never was.
        message_seconds: length of what was played in it; None where it is as announced.
        replies: keys by which something was said, each with when the PBX took it (epoch s).
    """

    attempt_id: str
    target_id: str
    number: str
    sip_call_id: str | None
    outcome: str | None
    state: str
    sent_at: datetime | None
    message_seconds: float | None = None
    replies: tuple[tuple[str, float], ...] = ()

    @property
    def may_have_left(self) -> bool:
        """Whether the engine says that a call was placed, or that it can't tell."""
        return self.sent_at is not None or self.outcome == IN_DOUBT


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs, and what is left on either side.

    Attributes:
        uninvited: calls that no attempt accounts for.
        unseen: attempts that were sent and have no call.
    """

    pairs: list[tuple[AttemptRecord, LedgerCall]]
    uninvited: list[LedgerCall]
    unseen: list[AttemptRecord]


def match(calls: Sequence[LedgerCall], attempts: Sequence[AttemptRecord]) -> Matching:
    """Pair by SIP Call-ID where the engine knows it, the rest by number, in order of time."""
    by_id = {call.sip_call_id: call for call in calls}
    pairs: list[tuple[AttemptRecord, LedgerCall]] = []
    waiting: list[AttemptRecord] = []
    for attempt in attempts:
        call = by_id.pop(attempt.sip_call_id, None) if attempt.sip_call_id else None
        if call is not None and e164(call.number) == e164(attempt.number):
            pairs.append((attempt, call))
        else:
            if call is not None:
                by_id[call.sip_call_id] = call
            waiting.append(attempt)
    rest = sorted(by_id.values(), key=lambda c: c.invite_at)
    by_order, uninvited, unseen = _by_number(rest, waiting)
    return Matching(pairs + by_order, uninvited, unseen)


def _by_number(
    calls: Sequence[LedgerCall], attempts: Sequence[AttemptRecord]
) -> tuple[list[tuple[AttemptRecord, LedgerCall]], list[LedgerCall], list[AttemptRecord]]:
    queues: defaultdict[str, deque[LedgerCall]] = defaultdict(deque)
    for call in calls:
        queues[e164(call.number)].append(call)
    pairs: list[tuple[AttemptRecord, LedgerCall]] = []
    unseen: list[AttemptRecord] = []
    in_order = sorted((a for a in attempts if a.may_have_left), key=_moment)
    for attempt in in_order:
        queue = queues[e164(attempt.number)]
        if queue:
            pairs.append((attempt, queue.popleft()))
        else:
            unseen.append(attempt)
    return pairs, [call for queue in queues.values() for call in queue], unseen


def _moment(attempt: AttemptRecord) -> float:
    """For ordering; one that nobody saw leave comes last, as it was cut off while leaving."""
    return attempt.sent_at.timestamp() if attempt.sent_at is not None else float("inf")
