"""From what the PBX told to what is written: the end of each call. Pure but for the clock read."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from campaigns import outcome as outcomes
from campaigns import retry, stages, tariff
from campaigns.contacts.suppression import SuppressionReason
from campaigns.outcome import Facts, Outcome
from campaigns.states import AttemptState, TargetState
from dialer.calls import Call
from dialer.events import CallEnded, HungUp
from store.attempts import Ended
from store.columns import from_ms
from store.queue import Settled

_UNFINISHED = {"", "playing", "script"}
"""What the dialplan was doing where the message was not over."""


_REFUSALS = {
    Outcome.OPTED_OUT: SuppressionReason.KEY.value,
    Outcome.UNWANTED: SuppressionReason.UNWANTED.value,
}
"""Ends that are somebody's refusal, and the reason under which it is kept."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A call that ended, ready to be written in one transaction.

    Attributes:
        call: the call.
        ended: the attempt's last row.
        settled: what becomes of its target.
        suppress: why the number must not be called again, or empty.
    """

    call: Call
    ended: Ended
    settled: Settled
    suppress: str = ""


def closed(call: Call, hung_up: HungUp | None, at: datetime) -> Closing:
    """The closing of a call that ended on the PBX.

    Args:
        call: the call, with what its hangup handler reported where that arrived.
        hung_up: the Hangup event; None where the end was read back from the journal.
        at: when we heard of the end.
    """
    facts = _facts(call, hung_up)
    return _closing(call, _outcome(call, facts), facts, at)


def _outcome(call: Call, facts: Facts) -> Outcome:
    if call.opted_out:
        return Outcome.OPTED_OUT
    if call.hung_up_by_us and facts.result in _UNFINISHED:
        return Outcome.CANCELLED
    return outcomes.resolve(facts)


def never_placed(call: Call, found: Outcome, at: datetime) -> Closing:
    """The closing of a call that the PBX would not place."""
    return _closing(call, found, Facts(answered=False), at)


def in_doubt(call: Call, at: datetime) -> Closing:
    """The PBX began this call and nothing tells how it ended: never redialled by itself."""
    closing = _closing(call, Outcome.IN_DOUBT, Facts(answered=False), at)
    ended = replace(closing.ended, state=AttemptState.IN_DOUBT, outcome=None, cost=None)
    return replace(closing, ended=ended)


def unsent(call: Call, at: datetime) -> Closing:
    """The call never left: its target waits again as it did, nothing is counted."""
    attempt = call.attempt
    ended = Ended(attempt.id, attempt.number, AttemptState.UNSENT, None, ended_at=at)
    settled = Settled(
        attempt.target_id,
        TargetState.PENDING,
        at,
        call.attempts + call.tries > 0,
        call.attempts,
        call.tries,
        None,
    )
    return Closing(call, ended, settled)


def _facts(call: Call, hung_up: HungUp | None) -> Facts:
    known = call.ended
    if known is None:
        return Facts(
            answered=call.answered_at is not None,
            tech_cause=hung_up.tech_cause if hung_up else 0,
            cause=hung_up.cause if hung_up else 0,
        )
    return Facts(
        answered=known.answered_ms > 0,
        result=known.result,
        tech=known.tech,
        tech_cause=hung_up.tech_cause if hung_up else 0,
        cause=known.cause or (hung_up.cause if hung_up else 0),
        heard_ms=_heard_ms(call, known),
        message_ms=call.message.ms,
        rtp_sent=known.rtp_sent,
        rtp_received=known.rtp_received,
        first_ms=known.first_ms,
    )


def _heard_ms(call: Call, known: CallEnded) -> int:
    """How much was heard: the whole message where it was played to its end."""
    on_machine = known.result in {"leaving", "left"}
    length = call.campaign.machines.message_ms if on_machine else call.message.ms
    return length if known.result in {"played", "left"} else min(known.heard_ms, length)


def _closing(call: Call, found: Outcome, facts: Facts, at: datetime) -> Closing:
    counted = retry.counts(found)
    attempts, tries = call.attempts + counted, call.tries + (not counted)
    following = retry.after(found, attempts, tries, at, call.campaign.retry)
    settled = Settled(
        call.attempt.target_id,
        following.state,
        following.due_at,
        following.state is TargetState.PENDING,
        attempts,
        tries,
        found.value,
        _avoided(call, found),
    )
    suppress = _suppress(call, found, following.state)
    return Closing(call, _ended(call, found, facts, at), settled, suppress)


def _avoided(call: Call, found: Outcome) -> str | None:
    """The trunk that failed the call; None where another could do no better, or there is none."""
    campaign, trunk = call.campaign, call.attempt.trunk
    others = trunk in campaign.trunks and len(campaign.trunks) > 1
    return trunk if others and found in campaign.retry.other_trunk else None


def _ended(call: Call, found: Outcome, facts: Facts, at: datetime) -> Ended:
    known = call.ended
    answered_at = _answered_at(call)
    ended_at = from_ms(known.ended_ms) if known and known.ended_ms else at
    return Ended(
        id=call.attempt.id,
        number=call.attempt.number,
        state=AttemptState.CLOSED,
        outcome=found,
        sent_at=call.sent_at,
        ringing_at=call.ringing_at,
        answered_at=answered_at,
        ended_at=ended_at,
        cause=facts.cause,
        tech=facts.tech or "",
        heard_ms=facts.heard_ms,
        quartile=outcomes.quartile(facts),
        keys=known.keys if known else "".join(call.keys),
        rtp_sent=facts.rtp_sent,
        rtp_received=known.rtp_received if known else 0,
        first_ms=known.first_ms if known and known.rtp_sent else None,
        sip_call_id=known.sip_call_id if known else "",
        cost=_cost(call, answered_at, ended_at),
    )


def _cost(call: Call, answered_at: datetime | None, ended_at: datetime) -> int:
    """What it is charged, by the tariff it was claimed under, and never more than it was promised.

    Whatever two clocks say of its length, the PBX ended it within its longest life.
    """
    price = call.attempt.price
    if answered_at is None or not price.tariff:
        return 0
    return min(tariff.read(price.tariff).cost(talked_s(call, answered_at, ended_at)), price.worst)


def talked_s(call: Call, answered_at: datetime | None, ended_at: datetime | None) -> int:
    """Whole seconds from answer to end, as far as the PBX lets a call last."""
    return min(tariff.talked_s(answered_at, ended_at), call.campaign.max_call_s)


def _answered_at(call: Call) -> datetime | None:
    if call.ended and call.ended.answered_ms:
        return from_ms(call.ended.answered_ms)
    return call.answered_at


def _suppress(call: Call, found: Outcome, after: TargetState) -> str:
    """Why the number must not be called again.

    That it does not exist is believed of a network that is one, and once the campaign would not try
    it again; `store.verdicts` takes it back where its trunk turns out to be out of order.
    """
    if found is Outcome.INVALID_NUMBER and after is not TargetState.PENDING:
        return "" if call.campaign.rehearsal else SuppressionReason.INVALID_NUMBER.value
    return _REFUSALS.get(found, "")


def began_late(ended: Ended) -> bool:
    """Whether somebody who heard the message had waited too long for it."""
    silent = ended.outcome is None or ended.outcome in stages.HEARD_NOTHING
    return not silent and ended.first_ms is not None and ended.first_ms > stages.LATE_MS


def opted_out(closings: Sequence[Closing]) -> list[Closing]:
    """Those in which somebody refused to be called again."""
    return [closing for closing in closings if closing.ended.outcome in _REFUSALS]
