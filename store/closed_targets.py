"""Targets that are closed by a suppression: as a campaign is filled, and no more once it is gone.

A claim closes them too.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from campaigns.rules.gates import Gate
from campaigns.states import LIVE_CAMPAIGN, TargetState
from store import suppressions, tallies
from store.columns import Instant
from store.tables import campaign, target

_PENDING, _REFUSED = TargetState.PENDING.value, TargetState.REFUSED.value

_FOR_EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""Who refused until a day is asked for again by the claim: it may be over by then."""

_LIVE = campaign.c.state.in_([state.value for state in LIVE_CAMPAIGN])

_OWNER = select(campaign.c.controller_id).where(campaign.c.id == bindparam("campaign"))

_CLOSE = (
    update(target)
    .where(
        target.c.campaign_id == bindparam("campaign"),
        target.c.number.in_(bindparam("numbers", expanding=True)),
        target.c.state == _PENDING,
        target.c.attempts == 0,
    )
    .values(state=_REFUSED, gate=Gate.SUPPRESSED.value)
)


def close(
    connection: Connection, campaign_id: int, numbers: Sequence[str], delta: tallies.Delta
) -> None:
    """Refuse targets that nobody has called yet, of numbers that the campaign must never call.

    The claim asks again, and so does the last look before a call: this is for counts and pages that
    tell at once whom a campaign will not call.

    Args:
        connection: a writing transaction, in which these numbers have targets.
        campaign_id: of which campaign.
        numbers: some of its targets'.
        delta: where it is counted.

    Raises:
        SuppressionKeyMissing: nobody can tell who of them was erased.
    """
    owner = connection.execute(_OWNER, {"campaign": campaign_id}).scalar_one()
    refused = suppressions.in_force(connection, numbers, owner, campaign_id, _FOR_EVER)
    if not refused:
        return
    asked = {"campaign": campaign_id, "numbers": sorted(refused)}
    closed = connection.execute(_CLOSE, asked).rowcount
    tallies.moved(delta, campaign_id, _PENDING, _REFUSED, closed)
    delta[campaign_id, tallies.GATE, Gate.SUPPRESSED.value] += closed


def everybodys() -> ColumnElement[bool]:
    """Campaigns of every controller."""
    return _LIVE


def of_controller(controller_id: int) -> ColumnElement[bool]:
    """Campaigns of one controller."""
    return _LIVE & (campaign.c.controller_id == controller_id)


def of_campaign(campaign_id: int) -> ColumnElement[bool]:
    """One campaign."""
    return _LIVE & (campaign.c.id == campaign_id)


def open_again(
    connection: Connection,
    numbers: Sequence[str],
    campaigns: ColumnElement[bool],
    now: datetime,
    delta: tallies.Delta,
) -> None:
    """Let whoever was refused for a suppression that is gone wait again, where a campaign lives.

    Should something else suppress the number, the claim refuses it again.

    Args:
        connection: a writing transaction.
        numbers: of a few hundred people at most.
        campaigns: in which campaigns.
        now: who waits again is due then.
        delta: where it is counted.
    """
    opened = connection.execute(
        update(target)
        .where(
            target.c.number.in_(numbers),
            target.c.campaign_id.in_(select(campaign.c.id).where(campaigns)),
            target.c.state == _REFUSED,
            target.c.gate == Gate.SUPPRESSED.value,
        )
        .values(state=_PENDING, gate=None, due_at=bindparam("at", now, type_=Instant))
        .returning(target.c.campaign_id)
    )
    for campaign_id in opened.scalars():
        tallies.moved(delta, campaign_id, _REFUSED, _PENDING)
        delta[campaign_id, tallies.GATE, Gate.SUPPRESSED.value] -= 1
