"""The reasons not to place a call now, decided at the moment of the call. Pure.

The claim asks `closed` for each group of zones and `refusal` for each candidate, inside its
transaction, and `portevoix why` asks the same functions, so that the answer and the refusal cannot
differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campaigns.contacts.basis import BasisKind, Evidence
from campaigns.rules import blackout, windows
from campaigns.rules.holidays import on_holiday
from campaigns.rules.hours import Rules
from campaigns.rules.purposes import covers


class Gate(StrEnum):
    """Every reason for which a number is not being called."""

    CAMPAIGN_NOT_RUNNING = "campaign_not_running"
    STAGE_HOLD = "stage_hold"
    OUTSIDE_WINDOW = "outside_window"
    PUBLIC_HOLIDAY = "public_holiday"
    BLACKOUT = "blackout"
    NO_BASIS = "no_basis"
    EVIDENCE_TOO_WEAK = "evidence_too_weak"
    OUTSIDE_CONSENTED_SLOT = "outside_consented_slot"
    SUPPRESSED = "suppressed"
    NUMBER_NOT_CALLABLE = "number_not_callable"
    DOUBTFUL_ADDRESS = "doubtful_address"
    FREQUENCY_CAP = "frequency_cap"
    ATTEMPTS_USED = "attempts_used"
    RETRY_NOT_DUE = "retry_not_due"
    LIVE_CALL_ON_NUMBER = "live_call_on_number"
    IN_DOUBT = "in_doubt"
    CALLER_ID_NOT_ALLOWED = "caller_id_not_allowed"
    PACK_EXPIRED = "pack_expired"
    TRUNK_UNAVAILABLE = "trunk_unavailable"
    MESSAGE_MISSING = "message_missing"
    LIMIT_REACHED = "limit_reached"
    BUDGET_REACHED = "budget_reached"
    PBX_UNAVAILABLE = "pbx_unavailable"
    REHEARSAL_ONLY = "rehearsal_only"
    # How a gate reads that another controller's data closes: nobody learns what others hold.
    TEMPORARILY_NOT_CALLABLE = "temporarily_not_callable"


PERMANENT = frozenset(
    {
        Gate.NO_BASIS,
        Gate.EVIDENCE_TOO_WEAK,
        Gate.SUPPRESSED,
        Gate.NUMBER_NOT_CALLABLE,
        Gate.DOUBTFUL_ADDRESS,  # until somebody resolves it: operations/constituencies.py
        Gate.ATTEMPTS_USED,
        Gate.REHEARSAL_ONLY,
    }
)
"""Gates that will not open for this target in this campaign: it is refused, not postponed."""

POSTPONED = {Gate.LIVE_CALL_ON_NUMBER: timedelta(seconds=30)}
"""Gates that open nobody knows when: how long until the target is looked at again."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pending target as the claim finds it.

    Attributes:
        attempts: attempts the person has received in this campaign.
        purposes: what the list's basis covers.
        evidence: how well it is proved for this number.
        fictional: the number is of a range reserved for fiction.
        suppressed: a suppression of the operator, the controller or the campaign is in force.
        live_call: a call to this number is up or in doubt, in any campaign.
        capped_until: until when the controller has called this person often enough; None where
            it may call.
        lapsed: the person's consent has expired or was withdrawn.
        slot_closed_until: when the hours to which the person agreed begin; None where they are
            now, or none were named.
        basis: the legal basis of the list.
    """

    attempts: int
    purposes: tuple[str, ...]
    evidence: Evidence
    fictional: bool
    suppressed: bool
    live_call: bool
    capped_until: datetime | None = None
    lapsed: bool = False
    slot_closed_until: datetime | None = None
    basis: BasisKind = BasisKind.CONSENT


@dataclass(frozen=True, slots=True)
class Demand:
    """What a campaign and its rule pack ask of every number.

    Attributes:
        purpose: what the call is for; one purpose never stands for another.
        evidence: the weakest evidence the pack accepts.
        max_attempts: attempts a person may receive.
        rehearsal: every contact of the trunk is on loopback at this moment.
        bases: the legal bases the pack allows.
    """

    purpose: str
    evidence: Evidence
    max_attempts: int
    rehearsal: bool
    bases: frozenset[BasisKind] = frozenset(BasisKind)

    def rests_on(self, candidate: Candidate) -> bool:
        """Whether the candidate's list has a basis for such a call."""
        return candidate.basis in self.bases and covers(candidate.purposes, self.purpose)


def refusal(candidate: Candidate, demand: Demand) -> Gate | None:
    """The first closed gate for this candidate, or None where the call may be placed."""
    checks = (
        (candidate.suppressed, Gate.SUPPRESSED),
        (candidate.lapsed or not demand.rests_on(candidate), Gate.NO_BASIS),
        (not candidate.evidence.at_least(demand.evidence), Gate.EVIDENCE_TOO_WEAK),
        (candidate.fictional and not demand.rehearsal, Gate.REHEARSAL_ONLY),
        (candidate.attempts >= demand.max_attempts, Gate.ATTEMPTS_USED),
        (candidate.slot_closed_until is not None, Gate.OUTSIDE_CONSENTED_SLOT),
        # Before the cap: how a call that is up will count is known when it has ended.
        (candidate.live_call, Gate.LIVE_CALL_ON_NUMBER),
        (candidate.capped_until is not None, Gate.FREQUENCY_CAP),
    )
    return next((gate for closed, gate in checks if closed), None)


def as_told(gate: Gate, *, own: bool) -> Gate:
    """How a gate reads to a controller.

    Args:
        gate: what closes.
        own: a call that is in the way is its own, and not another controller's.
    """
    elsewhere = gate is Gate.LIVE_CALL_ON_NUMBER and not own
    return Gate.TEMPORARILY_NOT_CALLABLE if elsewhere else gate


def looked_at_again(gate: Gate, candidate: Candidate, now: datetime) -> datetime:
    """When a candidate that a gate closes for now is looked at again."""
    return opens_at(gate, candidate) or now + POSTPONED[gate]


def opens_at(gate: Gate, candidate: Candidate) -> datetime | None:
    """When a gate that closes for this candidate opens by itself, where that is known."""
    if gate is Gate.FREQUENCY_CAP:
        return candidate.capped_until
    return candidate.slot_closed_until if gate is Gate.OUTSIDE_CONSENTED_SLOT else None


def closed(rules: Rules, zones: Sequence[str], at: datetime) -> Gate | None:
    """The gate of time that is closed to somebody who may be in any of these zones, or None."""
    if not windows.is_open(rules.windows, zones, at):
        return Gate.OUTSIDE_WINDOW
    if on_holiday(rules.holidays, zones, at):
        return Gate.PUBLIC_HOLIDAY
    silent = blackout.in_force(rules.blackouts, zones, at, rules.longest_call)
    return None if silent is None else Gate.BLACKOUT
