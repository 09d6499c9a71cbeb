"""Calls put back into the record, where the PBX's journal knows of them and the database does not.

The claim's writes without its gates: the call was placed, whatever they say.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from campaigns.attempt import Attempt
from campaigns.states import CampaignState, TargetState
from store import attempts, queue, tallies
from store.columns import is_number
from store.tables import campaign, target

NODE = "restore"
"""In the place of the dialer that placed them, which is not known."""


@dataclass(frozen=True, slots=True)
class Person:
    """A target as it stands.

    Attributes:
        id: of the target.
        attempts, tries: as in `store.queue.Settled`.
    """

    id: int
    campaign_id: int
    number: str
    state: TargetState
    attempts: int
    tries: int
    variant: str | None


def person(connection: Connection, target_id: int) -> Person | None:
    """A target by its id; None where there is none, or where its person was erased."""
    row = connection.execute(_PERSON, {"id": target_id}).mappings().first()
    return None if row is None else Person(**{**row, "state": TargetState(row["state"])})


def begin(connection: Connection, called: Attempt, who: Person, pack: str, rehearsal: bool) -> None:
    """Write an attempt and have its target be called."""
    delta: tallies.Delta = Counter()
    attempts.add(connection, [called], NODE, pack, rehearsal)
    queue.take(connection, [who.id])
    tallies.moved(delta, called.campaign_id, who.state.value, TargetState.CALLING.value)
    fresh = who.attempts + who.tries == 0
    delta[called.campaign_id, tallies.BEGUN, tallies.PEOPLE] += fresh
    delta[called.campaign_id, tallies.MONEY, tallies.RESERVED] += called.price.worst
    tallies.add(connection, delta)


def campaigns_in(
    connection: Connection, states: Iterable[CampaignState]
) -> list[tuple[int, dict[str, Any] | None, int]]:
    """(id, what it is held for, its controller) of the campaigns of anybody in these states."""
    columns = (campaign.c.id, campaign.c.hold, campaign.c.controller_id)
    wanted = campaign.c.state.in_([state.value for state in states])
    return [tuple(row) for row in connection.execute(select(*columns).where(wanted))]


_PERSON = select(
    target.c.id, target.c.campaign_id, target.c.number, target.c.state, target.c.attempts,
    target.c.tries, target.c.variant,
).where(target.c.id == bindparam("id"), is_number(target.c.number))  # fmt: skip
