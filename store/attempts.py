"""Attempts and the locks on the numbers they call."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from campaigns.attempt import Attempt
from campaigns.budget import Price
from campaigns.outcome import Outcome
from campaigns.states import AttemptState, TargetState
from store.columns import is_number
from store.tables import attempt, campaign, number_lock, target

_MOST_IN_ONE = 1000


@dataclass(frozen=True, slots=True)
class Ended:
    """Everything written of a call that ended, went back unsent, or stays in doubt."""

    id: str
    number: str
    state: AttemptState
    outcome: Outcome | None
    sent_at: datetime | None = None
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cause: int = 0
    tech: str = ""
    heard_ms: int = 0
    quartile: int = 0
    keys: str = ""
    rtp_sent: int = 0
    rtp_received: int = 0
    first_ms: int | None = None
    sip_call_id: str = ""
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """An attempt that nothing has closed, with what closing it needs."""

    attempt: Attempt
    state: AttemptState
    attempts: int
    tries: int


_CLOSE = (
    update(attempt)
    .where(attempt.c.id == bindparam("b_id"))
    .values(
        {
            name: bindparam(f"b_{name}")
            for name in (
                "state",
                "outcome",
                "sent_at",
                "ringing_at",
                "answered_at",
                "ended_at",
                "cause",
                "tech",
                "heard_ms",
                "quartile",
                "keys",
                "rtp_sent",
                "rtp_received",
                "first_ms",
                "sip_call_id",
                "cost",
            )
        }
    )
)

_ADD = insert(attempt)
_LOCK = insert(number_lock).from_select(
    ["number", "attempt_id", "taken_at"],
    select(attempt.c.number, attempt.c.id, attempt.c.claimed_at).where(
        attempt.c.id.between(bindparam("first"), bindparam("last"))
    ),
)
_UNLOCK = delete(number_lock).where(
    number_lock.c.attempt_id == bindparam("b_id"), number_lock.c.number == bindparam("b_number")
)

_LOCKED = select(number_lock.c.number).where(
    number_lock.c.number.in_(bindparam("numbers", expanding=True))
)


_CALLING = (
    select(number_lock.c.number, campaign.c.controller_id)
    .join(attempt, attempt.c.id == number_lock.c.attempt_id)
    .join(campaign, campaign.c.id == attempt.c.campaign_id)
    .where(number_lock.c.number.in_(bindparam("numbers", expanding=True)))
)


_NOT_CLOSED = (AttemptState.CLAIMED.value, AttemptState.IN_DOUBT.value)

_OPEN = select(attempt, target.c.attempts, target.c.tries).join(
    target, target.c.id == attempt.c.target_id
)

_OPEN_STATES = select(attempt.c.id, attempt.c.state).where(
    attempt.c.id.in_(bindparam("ids", expanding=True)),
    attempt.c.state.in_(_NOT_CLOSED),
)


def add(
    connection: Connection, made: Sequence[Attempt], node: str, pack: str, rehearsal: bool
) -> None:
    """Write attempts and lock their numbers; the call may be placed only after the commit.

    Args:
        connection: the claim's transaction.
        made: the attempts; their ids follow each other, and no others are between them.
        node: the dialer that places the calls.
        pack: under which rules.
        rehearsal: whether they reach nobody.
    """
    if not made:
        return
    connection.execute(
        _ADD,
        [
            {
                "id": one.id,
                "campaign_id": one.campaign_id,
                "target_id": one.target_id,
                "number": one.number,
                "trunk": one.trunk,
                "caller_id": one.caller_id,
                "node": node,
                "pack": pack,
                "rehearsal": rehearsal,
                "state": AttemptState.CLAIMED.value,
                "claimed_at": one.claimed_at,
                "reserved": one.price.worst,
                "tariff": one.price.tariff,
                "variant": one.variant,
            }
            for one in made
        ],
    )
    connection.execute(_LOCK, {"first": made[0].id, "last": made[-1].id})


def locked(connection: Connection, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers have a call up or in doubt, in any campaign."""
    return set(connection.execute(_LOCKED, {"numbers": numbers}).scalars())


def first_calls_up(connection: Connection, campaign_id: int) -> int:
    """Calls that are up to people whom the campaign calls for the first time.

    Counted from the locks, of which there are no more than calls up or in doubt.
    """
    return int(
        connection.execute(
            select(func.count())
            .select_from(number_lock)
            .join(attempt, attempt.c.id == number_lock.c.attempt_id)
            .join(target, target.c.id == attempt.c.target_id)
            .where(
                attempt.c.campaign_id == campaign_id,
                target.c.state == TargetState.CALLING.value,
                target.c.retry.is_(False),
            )
        ).scalar_one()
    )


def calling_controllers(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    """On whose behalf calls to these numbers are up or in doubt, for those to which one is."""
    return dict(connection.execute(_CALLING, {"numbers": numbers}).all())


def close(connection: Connection, ended: Sequence[Ended]) -> None:
    """Write how calls ended and free their numbers, but for those that stay in doubt."""
    if not ended:
        return
    connection.execute(_CLOSE, [_values(one) for one in ended])
    free = [one for one in ended if one.state is not AttemptState.IN_DOUBT]
    if free:
        connection.execute(_UNLOCK, [{"b_id": one.id, "b_number": one.number} for one in free])


def _values(one: Ended) -> dict[str, Any]:
    return {
        "b_id": one.id,
        "b_state": one.state.value,
        "b_outcome": one.outcome.value if one.outcome else None,
        "b_sent_at": one.sent_at,
        "b_ringing_at": one.ringing_at,
        "b_answered_at": one.answered_at,
        "b_ended_at": one.ended_at,
        "b_cause": one.cause,
        "b_tech": one.tech,
        "b_heard_ms": one.heard_ms,
        "b_quartile": one.quartile,
        "b_keys": one.keys,
        "b_rtp_sent": one.rtp_sent,
        "b_rtp_received": one.rtp_received,
        "b_first_ms": one.first_ms,
        "b_sip_call_id": one.sip_call_id,
        "b_cost": one.cost,
    }


def still_open(connection: Connection, node: str | None = None) -> list[Open]:
    """Attempts that were claimed and never closed, and those in doubt.

    Args:
        connection: of a transaction.
        node: of this node alone; those of all where it is None.
    """
    asked = _OPEN.where(attempt.c.state.in_(_NOT_CLOSED))
    if node is not None:
        asked = asked.where(attempt.c.node == node)
    return _opened(connection, asked)


def nodes_in_flight(connection: Connection) -> set[str]:
    """Nodes that claimed a call of which no end is written."""
    asked = select(attempt.c.node).where(attempt.c.state == AttemptState.CLAIMED.value).distinct()
    return set(connection.execute(asked).scalars())


def abandoned(connection: Connection, nodes: Iterable[str]) -> list[Open]:
    """Attempts of these nodes that were claimed and never closed."""
    return _opened(
        connection,
        _OPEN.where(attempt.c.state == AttemptState.CLAIMED.value, attempt.c.node.in_(list(nodes))),
    )


def _opened(connection: Connection, asked: Select[Any]) -> list[Open]:
    rows = connection.execute(asked.order_by(attempt.c.id))
    return [
        Open(_loaded(found), AttemptState(found["state"]), found["attempts"], found["tries"])
        for found in rows.mappings()
    ]


def by_ids(connection: Connection, ids: Iterable[str]) -> dict[str, Attempt]:
    """Attempts by id; unknown ids are left out."""
    rows = connection.execute(select(attempt).where(attempt.c.id.in_(list(ids)))).mappings()
    return {found["id"]: _loaded(found) for found in rows}


def not_refused(connection: Connection, ids: Iterable[str]) -> dict[str, Attempt]:
    """Those of these attempts, by id, that are not closed as opted out.

    One that is had its refusal written with its end; one without a number, with its erasure.
    """
    found: dict[str, Attempt] = {}
    for some in _by_thousands(ids):
        rows = connection.execute(
            select(attempt).where(
                attempt.c.id.in_(some),
                func.coalesce(attempt.c.outcome, "") != Outcome.OPTED_OUT.value,
                is_number(attempt.c.number),
            )
        )
        found |= {row["id"]: _loaded(row) for row in rows.mappings()}
    return found


def _by_thousands(ids: Iterable[str]) -> Iterator[list[str]]:
    """No database takes any number of values in one statement."""
    left = iter(ids)
    while some := list(islice(left, _MOST_IN_ONE)):
        yield some


def open_states(connection: Connection, ids: Iterable[str]) -> dict[str, AttemptState]:
    """Which of these attempts are still open or in doubt."""
    rows = connection.execute(_OPEN_STATES, {"ids": list(ids)})
    return {id_: AttemptState(state) for id_, state in rows}


def _loaded(found: Any) -> Attempt:
    return Attempt(
        found["id"],
        found["campaign_id"],
        found["target_id"],
        found["number"],
        found["trunk"],
        found["caller_id"],
        found["claimed_at"],
        Price(found["reserved"], found["tariff"]),
        found["variant"],
    )
