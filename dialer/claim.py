"""The claim: exactly so many targets, every gate applied, their attempts written, in one go.

Nothing here commits: the caller's transaction does, and only after it may a call be placed.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from sqlalchemy import Connection
from ulid import ULID
from ulid.base32 import encode_randomness
from ulid.constants import RANDOMNESS_LEN, TIMESTAMP_REPR_LEN

from campaigns.attempt import Attempt
from campaigns.budget import FREE, Prices
from campaigns.campaign import Campaign
from campaigns.contacts.basis import BasisKind
from campaigns.contacts.terms import kept_terms, with_others
from campaigns.rules import consent, gates
from campaigns.rules.gates import Candidate, Gate
from campaigns.states import TargetState
from dialer import told
from dialer.candidates import Candidates
from dialer.purse import Purse
from store import allowed_calls, attempts, frequency, queue, suppressions, tallies
from store.allowed_calls import AllowedCall
from store.queue import Found

_SPARE = 16
"""One candidate more is looked at for so many: a gate refuses some of them, as a rule, and a second
look for the one or two that are missing would cost half as much again."""

MAX_ROUNDS = 4
"""Batches of refused targets looked through in one transaction before giving others a turn."""


@dataclass(frozen=True, slots=True)
class Want:
    """What to claim.

    Attributes:
        campaign: for which campaign.
        count: how many at most.
        rehearsal: every contact of the trunk is on loopback at this moment.
        node: this dialer.
        trunk: by which trunk.
        alone: no other trunk of the campaign can be used now.
        prices: what its calls over the trunk cost.
    """

    campaign: Campaign
    count: int
    rehearsal: bool
    node: str
    trunk: str = ""
    alone: bool = True
    prices: Prices = field(default_factory=Prices)


@dataclass(frozen=True, slots=True)
class Taken:
    """One target claimed."""

    attempt: Attempt
    attempts: int
    tries: int


@dataclass(slots=True)
class Claimed:
    """What a claim did.

    Attributes:
        taken: at most `Want.count`.
        exhausted: nothing more is due now, so there is no sense in asking again at once.
        unaffordable: somebody is due, and the budget has no room for the call.
    """

    taken: list[Taken] = field(default_factory=list)
    exhausted: bool = False
    unaffordable: bool = False


def claim(connection: Connection, want: Want, now: datetime) -> Claimed:
    """Claim targets inside the caller's writing transaction."""
    claimed = Claimed()
    if not queue.may_claim(connection, want.campaign.id):
        claimed.exhausted = True
        return claimed
    delta: tallies.Delta = Counter()
    candidates = Candidates(connection, want.campaign, "" if want.alone else want.trunk, now)
    ids, calls = _attempt_ids(), list[AllowedCall]()
    purse = Purse(connection, want.campaign, want.prices)
    for _ in range(MAX_ROUNDS):
        missing = want.count - len(claimed.taken)
        found = candidates.next(missing + missing // _SPARE)
        claimed.exhausted = not found
        if not found:
            break
        callable_ = _sort(connection, want, found, delta, now)[:missing]
        allowed, claimed.unaffordable = purse.pay(callable_, now)
        candidates.took(allowed)
        taken = _write_taken(connection, want, allowed, delta, ids, now)
        claimed.taken += taken
        calls += map(_allowed_call, taken, allowed)
        if len(claimed.taken) >= want.count or claimed.unaffordable:
            break
    claimed.exhausted = claimed.exhausted or claimed.unaffordable
    tallies.add(connection, delta)
    allowed_calls.record(connection, now, want.campaign, calls)
    return claimed


def _attempt_ids() -> Iterator[str]:
    """Ids that follow each other: a claim's are all those from its first to its last.

    They begin at random: the library's own next id of a millisecond follows its last one by one,
    and would be the second of a claim made within the same millisecond.
    """
    millisecond = str(ULID())[:TIMESTAMP_REPR_LEN]
    first = secrets.randbits(8 * RANDOMNESS_LEN - 1)
    return (
        millisecond + encode_randomness(one.to_bytes(RANDOMNESS_LEN, "big")) for one in count(first)
    )


def _allowed_call(taken: Taken, found: Found) -> AllowedCall:
    return AllowedCall(taken.attempt.id, found.contact_id, found.evidence.value, found.basis)


def _sort(
    connection: Connection,
    want: Want,
    found: list[Found],
    delta: tallies.Delta,
    now: datetime,
) -> list[Found]:
    """Put candidates that are refused or postponed where they belong; the others may be called."""
    allowed: list[Found] = []
    refused: list[tuple[int, Gate]] = []
    postponed: list[tuple[Found, Gate, datetime]] = []
    demand = _demand(want)
    for one, candidate in zip(found, _candidates(connection, want, found, now), strict=True):
        gate = gates.refusal(candidate, demand)
        if gate is None:
            allowed.append(one)
        elif gate in gates.PERMANENT:
            refused.append((one.id, gate))
        else:
            postponed.append((one, gate, gates.looked_at_again(gate, candidate, now)))
    _write_refused(connection, want.campaign.id, refused, delta)
    told.kept_out(connection, want.campaign, refused, now)
    queue.postpone(connection, _as_told(connection, want.campaign, postponed))
    return allowed


def _as_told(
    connection: Connection, campaign: Campaign, postponed: list[tuple[Found, Gate, datetime]]
) -> list[tuple[int, Gate, datetime]]:
    """The gates as people of this controller may read them: of nobody else's calls."""
    up = [one.number for one, gate, _ in postponed if gate is Gate.LIVE_CALL_ON_NUMBER]
    calling = attempts.calling_controllers(connection, up) if up else {}
    return [
        (one.id, gates.as_told(gate, own=calling.get(one.number) == campaign.controller_id), at)
        for one, gate, at in postponed
    ]


def _demand(want: Want) -> gates.Demand:
    campaign = want.campaign
    return gates.Demand(
        campaign.purpose,
        campaign.evidence,
        campaign.retry.max_attempts,
        want.rehearsal,
        campaign.bases,
    )


def _candidates(
    connection: Connection, want: Want, found: list[Found], now: datetime
) -> list[Candidate]:
    """What the gates ask about each, in three queries for all."""
    numbers = [one.number for one in found]
    campaign = want.campaign
    suppressed = suppressions.in_force(
        connection, numbers, campaign.controller_id, campaign.id, now
    )
    locked = attempts.locked(connection, numbers)
    capped = frequency.capped(connection, campaign, numbers, want.rehearsal, now)
    return [
        _candidate(
            one,
            suppressed=one.number in suppressed,
            live_call=one.number in locked,
            capped_until=capped.get(one.number),
            now=now,
        )
        for one in found
    ]


def _candidate(
    one: Found,
    *,
    suppressed: bool,
    live_call: bool,
    capped_until: datetime | None,
    now: datetime,
) -> Candidate:
    own = kept_terms(one.slot, one.consent_expires_on, one.withdrawn_on)
    terms = with_others(own, one.other_slots, one.other_expires_on)
    zones = one.zones.split("|")
    return Candidate(
        attempts=one.attempts,
        purposes=one.purposes,
        evidence=one.evidence,
        fictional=one.fictional,
        suppressed=suppressed,
        live_call=live_call,
        capped_until=capped_until,
        lapsed=consent.lapsed(terms, zones, now),
        slot_closed_until=consent.closed_until(terms, zones, now),
        basis=BasisKind(one.basis),
    )


def _write_refused(
    connection: Connection,
    campaign_id: int,
    refused: list[tuple[int, Gate]],
    delta: tallies.Delta,
) -> None:
    queue.refuse(connection, refused)
    before, after = TargetState.PENDING.value, TargetState.REFUSED.value
    tallies.moved(delta, campaign_id, before, after, len(refused))
    for _, gate in refused:
        delta[campaign_id, tallies.GATE, gate.value] += 1


def _write_taken(
    connection: Connection,
    want: Want,
    allowed: list[Found],
    delta: tallies.Delta,
    ids: Iterator[str],
    now: datetime,
) -> list[Taken]:
    campaign = want.campaign
    taken = [
        Taken(_attempt(want, one, next(ids), now), attempts=one.attempts, tries=one.tries)
        for one in allowed
    ]
    made = [one.attempt for one in taken]
    attempts.add(connection, made, want.node, campaign.pack, want.rehearsal)
    queue.take(connection, [one.id for one in allowed])
    before, after = TargetState.PENDING.value, TargetState.CALLING.value
    tallies.moved(delta, campaign.id, before, after, len(allowed))
    delta[campaign.id, tallies.BEGUN, tallies.PEOPLE] += sum(not one.retry for one in allowed)
    delta[campaign.id, tallies.MONEY, tallies.RESERVED] += sum(one.price.worst for one in made)
    return taken


def _attempt(want: Want, one: Found, id_: str, now: datetime) -> Attempt:
    campaign = want.campaign
    return Attempt(
        id=id_,
        campaign_id=campaign.id,
        target_id=one.id,
        number=one.number,
        trunk=want.trunk or campaign.trunk,
        caller_id=campaign.caller_id,
        claimed_at=now,
        price=want.prices.of(one.number) or FREE,
        variant=one.variant,
    )
