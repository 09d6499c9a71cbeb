"""The queue of targets: which are due, and what becomes of each that was looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, String, bindparam, func, literal, select, update

from campaigns.contacts.basis import Evidence
from campaigns.rules.gates import Gate
from campaigns.states import TargetState
from store.columns import Instant
from store.tables import contact, contact_list, target


@dataclass(frozen=True, slots=True)
class Found:
    """A pending target with what the gates ask about it."""

    id: int
    number: str
    attempts: int
    tries: int
    fictional: bool
    evidence: Evidence
    purposes: tuple[str, ...]


_PENDING = TargetState.PENDING.value

_ZONES = select(func.min(target.c.zones)).where(
    target.c.campaign_id == bindparam("campaign"),
    target.c.state == literal(_PENDING, literal_execute=True),
    target.c.zones > bindparam("after"),
)

_DUE = (
    select(
        target.c.id,
        target.c.number,
        target.c.attempts,
        target.c.tries,
        contact.c.fictional,
        contact.c.evidence,
        contact_list.c.purposes,
    )
    .join(contact, contact.c.id == target.c.contact_id)
    .join(contact_list, contact_list.c.id == contact.c.list_id)
    .where(
        target.c.campaign_id == bindparam("campaign"),
        target.c.state == literal(_PENDING, literal_execute=True),
        target.c.zones == bindparam("zones"),
        target.c.retry == bindparam("retry"),
        target.c.due_at <= bindparam("now"),
    )
    .order_by(target.c.due_at, target.c.id)
    .limit(bindparam("count"))
    .with_for_update(skip_locked=True, of=target)
)


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
) -> list[Found]:
    """The first pending targets of one zone group that are due; locked where the database can."""
    rows = connection.execute(
        _DUE,
        {"campaign": campaign_id, "zones": zones, "retry": retry, "now": now, "count": count},
    )
    return [
        Found(id_, number, attempts, tries, fictional, Evidence(evidence), tuple(purposes))
        for id_, number, attempts, tries, fictional, evidence, purposes in rows
    ]


_TAKE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
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
    )
)


def take(connection: Connection, ids: Sequence[int]) -> None:
    """They are being called."""
    if ids:
        connection.execute(_TAKE, [{"b_id": id_} for id_ in ids])


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
    """What becomes of a target after an attempt; None leaves due date and outcome as they are."""

    id: int
    state: TargetState
    due_at: datetime | None
    retry: bool
    attempts: int
    tries: int
    outcome: str | None


def settle(connection: Connection, settled: Sequence[Settled]) -> None:
    """Write what became of targets."""
    if settled:
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
                }
                for one in settled
            ],
        )
