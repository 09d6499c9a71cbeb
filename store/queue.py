"""The queue of targets: which are due, and what becomes of each that was looked at."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    update,
)

from campaigns.contacts.basis import Evidence
from campaigns.rules.gates import Gate
from campaigns.states import CampaignState, TargetState
from store import tallies
from store.columns import Instant
from store.tables import campaign, contact, contact_list, halt, target


@dataclass(frozen=True, slots=True)
class Found:
    """A pending target with what the gates ask about it, and the audit.

    Attributes:
        retry: somebody was called for it before; False for a fresh one.
        outcome: how the last call for it ended.
        zones: of its group, joined by "|".
        slot, consent_expires_on, withdrawn_on: what the person's consent says of itself.
        variant: whose message it hears; None for the campaign's own.
        other_slots, other_expires_on: what other rows of the number add to its consent.
    """

    id: int
    due_at: datetime
    retry: bool
    number: str
    attempts: int
    tries: int
    fictional: bool
    evidence: Evidence
    purposes: tuple[str, ...]
    outcome: str | None
    contact_id: int
    basis: str
    zones: str
    slot: str | None
    consent_expires_on: date | None
    withdrawn_on: date | None
    variant: str | None
    other_slots: str | None
    other_expires_on: date | None


_PENDING: ColumnElement[str] = literal_column(f"'{TargetState.PENDING.value}'", String)
"""Written into the statement as it stands, or the partial index would not be used."""

_ZONES = select(func.min(target.c.zones)).where(
    target.c.campaign_id == bindparam("campaign"),
    target.c.state == _PENDING,
    target.c.zones > bindparam("after"),
)


def _due(*conditions: Any) -> Select[Any]:
    """The claim's walk along `ix_target_due`: every column of it but the last two is given."""
    return (
        select(
            target.c.id,
            target.c.due_at,
            target.c.retry,
            target.c.number,
            target.c.attempts,
            target.c.tries,
            contact.c.fictional,
            contact.c.evidence,
            cast(contact_list.c.purposes, Text),
            target.c.outcome,
            target.c.contact_id,
            contact_list.c.basis,
            target.c.zones,
            contact.c.slot,
            contact.c.consent_expires_on,
            contact.c.withdrawn_on,
            target.c.variant,
            target.c.other_slots,
            target.c.other_expires_on,
        )
        .join(contact, contact.c.id == target.c.contact_id)
        .join(contact_list, contact_list.c.id == contact.c.list_id)
        .where(
            target.c.campaign_id == bindparam("campaign"),
            target.c.state == _PENDING,
            target.c.zones == bindparam("zones"),
            target.c.retry == bindparam("retry"),
            target.c.due_at <= bindparam("now"),
            *conditions,
        )
        # By the column that is always the same too: of one that IS NULL, PostgreSQL does not know
        # that the index is in order behind it.
        .order_by(target.c.avoid, target.c.due_at, target.c.id)
        .limit(bindparam("count"))
        .with_for_update(skip_locked=True, of=target)
    )


_DUE = _due(target.c.avoid.is_(None))
_DUE_AVOIDING = _due(target.c.avoid == bindparam("avoid"))

_MAY_CLAIM = select(campaign.c.id).where(
    campaign.c.id == bindparam("campaign"),
    campaign.c.state == CampaignState.RUNNING.value,
    campaign.c.hold.is_(null()),
    ~select(halt.c.id).exists(),
)


def may_claim(connection: Connection, campaign_id: int) -> bool:
    """Whether the campaign runs, waits for nobody's word, and nothing stops everything."""
    return connection.execute(_MAY_CLAIM, {"campaign": campaign_id}).first() is not None


def zones_of(connection: Connection, campaign_id: int) -> list[str]:
    """The different zone groups of a campaign's pending targets, by leaps along the index."""
    found: list[str] = []
    after = ""
    while (
        zones := connection.execute(_ZONES, {"campaign": campaign_id, "after": after}).scalar()
    ) is not None:
        found.append(zones)
        after = zones
    return found


def due(
    connection: Connection,
    campaign_id: int,
    zones: str,
    retry: bool,
    now: datetime,
    count: int,
    avoid: str | None = None,
) -> list[Found]:
    """The first pending targets of one zone group that are due; locked where the database can.

    Args:
        connection: the caller's transaction.
        campaign_id: whose targets.
        zones: the group.
        retry: those called before, or fresh ones.
        now: those due until then.
        count: how many at most.
        avoid: those that are better not called over this trunk again; None for those that may
            go out by any.
    """
    asked = {"campaign": campaign_id, "zones": zones, "retry": retry, "now": now, "count": count}
    if avoid is None:
        rows = connection.execute(_DUE, asked)
    else:
        rows = connection.execute(_DUE_AVOIDING, {**asked, "avoid": avoid})
    return [_found(row) for row in rows]


def _found(row: Any) -> Found:
    id_, due_at, retry, number, attempts, tries, fictional, evidence, purposes, *rest = row
    return Found(
        id_,
        due_at,
        retry,
        number,
        attempts,
        tries,
        fictional,
        Evidence(evidence),
        _purposes(purposes),
        *rest,
    )


@lru_cache(maxsize=64)
def _purposes(text: str) -> tuple[str, ...]:
    """Those of a list; few lists have all the targets."""
    return tuple(json.loads(text))


_TAKE = (
    update(target)
    .where(target.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=TargetState.CALLING.value, gate=None)
)

_REFUSE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(state=TargetState.REFUSED.value, gate=bindparam("b_gate"))
)

_POSTPONE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(due_at=bindparam("b_due_at"), gate=bindparam("b_gate"))
)

_SETTLE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values(
        state=bindparam("b_state"),
        due_at=func.coalesce(bindparam("b_due_at", type_=Instant), target.c.due_at),
        retry=bindparam("b_retry"),
        attempts=bindparam("b_attempts"),
        tries=bindparam("b_tries"),
        outcome=func.coalesce(bindparam("b_outcome", type_=String), target.c.outcome),
        avoid=func.coalesce(bindparam("b_avoid", type_=String), target.c.avoid),
    )
)


def take(connection: Connection, ids: Sequence[int]) -> None:
    """They are being called."""
    if ids:
        connection.execute(_TAKE, {"ids": ids})


def refuse(connection: Connection, refused: Sequence[tuple[int, Gate]]) -> None:
    """A gate that will not open in this campaign closes them for good."""
    if refused:
        connection.execute(_REFUSE, [{"b_id": id_, "b_gate": gate.value} for id_, gate in refused])


def postpone(connection: Connection, postponed: Sequence[tuple[int, Gate, datetime]]) -> None:
    """A gate that opens by itself: look again at that time."""
    if postponed:
        connection.execute(
            _POSTPONE,
            [{"b_id": id_, "b_gate": gate.value, "b_due_at": at} for id_, gate, at in postponed],
        )


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of a target after an attempt.

    Attributes:
        due_at, outcome: None leaves them as they are.
        retry: it was called before; a pending one of which this is False is fresh again, as its
            call was never sent.
        avoid: the trunk that failed it; None leaves what was known.
    """

    id: int
    state: TargetState
    due_at: datetime | None
    retry: bool
    attempts: int
    tries: int
    outcome: str | None
    avoid: str | None = None


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of targets; those fresh again are no longer counted as begun."""
    if not settled:
        return
    connection.execute(
        _SETTLE,
        [
            {
                "b_id": one.id,
                "b_state": one.state.value,
                "b_due_at": one.due_at,
                "b_retry": one.retry,
                "b_attempts": one.attempts,
                "b_tries": one.tries,
                "b_outcome": one.outcome,
                "b_avoid": one.avoid,
            }
            for one in settled
        ],
    )
    again = [one.id for one in settled if one.state is TargetState.PENDING and not one.retry]
    if again:
        _count_back(connection, again)


_CAMPAIGNS_OF = select(target.c.campaign_id).where(
    target.c.id.in_(bindparam("ids", expanding=True))
)


def _count_back(connection: Connection, ids: Sequence[int]) -> None:
    campaigns = connection.execute(_CAMPAIGNS_OF, {"ids": ids}).scalars()
    delta: tallies.Delta = Counter(
        (campaign_id, tallies.BEGUN, tallies.PEOPLE) for campaign_id in campaigns
    )
    tallies.add(connection, Counter({key: -many for key, many in delta.items()}))
