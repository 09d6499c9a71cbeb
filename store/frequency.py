"""Whom a controller has called as often as it may."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from campaigns.campaign import Campaign
from campaigns.outcome import NOT_THE_PERSONS
from campaigns.rules.frequency import capped_until
from campaigns.states import AttemptState
from store import tables
from store.columns import Instant
from store.tables import attempt

_BEGUN = (
    select(attempt.c.number, attempt.c.claimed_at)
    .join(tables.campaign, tables.campaign.c.id == attempt.c.campaign_id)
    .where(
        attempt.c.number.in_(bindparam("numbers", expanding=True)),
        attempt.c.claimed_at > bindparam("since", type_=Instant),
        attempt.c.rehearsal == bindparam("rehearsal"),
        attempt.c.state != AttemptState.UNSENT.value,
        or_(
            attempt.c.outcome.is_(None),
            attempt.c.outcome.not_in([one.value for one in NOT_THE_PERSONS]),
            attempt.c.ringing_at.is_not(None),
            attempt.c.answered_at.is_not(None),
        ),
        # A sum is in no index: or SQLite might begin with every campaign of the controller.
        tables.campaign.c.controller_id + 0 == bindparam("controller"),
    )
)


def capped(
    connection: Connection,
    campaign: Campaign,
    numbers: Sequence[str],
    rehearsal: bool,
    now: datetime,
) -> dict[str, datetime]:
    """Those of these numbers that its controller has called often enough, and until when.

    Calls of all campaigns of the controller count, and of nobody else's; but for those that were
    never sent or failed by no fault of the person's before any phone rang. A rehearsal reaches
    nobody: its calls count for rehearsals only.

    Args:
        connection: the claim's transaction.
        campaign: whose cap and controller.
        numbers: those of one batch; one query is made for all.
        rehearsal: whether the calls to be placed reach nobody.
        now: aware instant.
    """
    cap = campaign.frequency
    if cap is None:
        return {}
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    asked = {
        "numbers": numbers,
        "controller": campaign.controller_id,
        "rehearsal": rehearsal,
        "since": now - cap.window,
    }
    for number, claimed_at in connection.execute(_BEGUN, asked):
        found[number].append(claimed_at)
    until = {number: capped_until(cap, begun, now) for number, begun in found.items()}
    return {number: at for number, at in until.items() if at is not None}
