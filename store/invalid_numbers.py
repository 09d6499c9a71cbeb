"""Numbers that are suppressed since the network says that they do not exist: no refusal of anybody.

What a trunk out of order said is taken back, and with it what it kept from being called elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select

from campaigns.contacts.suppression import SuppressionReason, SuppressionScope
from campaigns.outcome import Outcome
from campaigns.states import LIVE_CAMPAIGN
from store import closed_targets, tallies
from store.columns import Instant
from store.tables import attempt, campaign, suppression

_AT_ONCE = 500
_LIVE = [state.value for state in LIVE_CAMPAIGN]

_SAID = (
    select(attempt.c.id, attempt.c.number)
    .join(campaign, campaign.c.id == attempt.c.campaign_id)
    .where(
        # Of one that has ended since, nobody is called again; others of its controller may call.
        or_(
            campaign.c.state.in_(_LIVE),
            campaign.c.ended_at >= bindparam("since", type_=Instant),
        ),
        attempt.c.claimed_at >= bindparam("since", type_=Instant),
        attempt.c.trunk == bindparam("trunk"),
        attempt.c.outcome == Outcome.INVALID_NUMBER.value,
    )
    .order_by(attempt.c.id)
)

_UNSUPPRESS = (
    delete(suppression)
    .where(
        suppression.c.number.in_(bindparam("numbers", expanding=True)),
        suppression.c.scope == SuppressionScope.CONTROLLER.value,
        suppression.c.reason == SuppressionReason.INVALID_NUMBER.value,
        suppression.c.attempt_id.in_(bindparam("ids", expanding=True)),
    )
    .returning(suppression.c.owner_id, suppression.c.number)
)


def take_back(connection: Connection, trunk: str, since: datetime, now: datetime) -> int:
    """Suppress no more what a trunk out of order knew nothing of; how many numbers.

    Whoever was refused for it in another campaign meanwhile waits again: should something else
    suppress the number, the claim refuses it again.

    Args:
        connection: a writing transaction.
        trunk: the trunk's name.
        since: of attempts claimed from then on.
        now: who waits again is due then.
    """
    said = connection.execute(_SAID, {"trunk": trunk, "since": since}).all()
    numbers: dict[int, list[str]] = defaultdict(list)
    for some in _in_parts(said):
        asked = {"ids": [one.id for one in some], "numbers": [one.number for one in some]}
        for controller_id, number in connection.execute(_UNSUPPRESS, asked):
            numbers[controller_id].append(number)
    delta: tallies.Delta = Counter()
    for controller_id, theirs in numbers.items():
        for some in _in_parts(theirs):
            live = closed_targets.of_controller(controller_id)
            closed_targets.open_again(connection, some, live, now, delta)
    tallies.add(connection, delta)
    return sum(map(len, numbers.values()))


def _in_parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """No database takes any number of values in one statement."""
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))
