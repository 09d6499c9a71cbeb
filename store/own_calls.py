"""Calls that people place to their own number: campaigns of one person, apart from all others.

The number stands where any campaign has it, in its target, so that erasure takes it out there too.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from store.tables import campaign, target

PERSON, SALT, DIGEST, TRIES, TOLD_AT = "person", "salt", "digest", "tries", "told_at"
"""What `own_call` says: who asked; of a code its digest with a salt, how often it was tried, and
when it was told back, in ISO 8601."""


def placed(connection: Connection, number: str, since: datetime) -> int:
    """How many such calls were launched to a number, whoever asked for them."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(campaign)
            .join(target, target.c.campaign_id == campaign.c.id)
            .where(
                campaign.c.own_call.is_not(None),
                campaign.c.launched_at >= since,
                target.c.number == number,
            )
        ).scalar_one()
    )


def asked(connection: Connection, person: str, since: datetime) -> int:
    """How many such calls somebody had launched, to whatever number."""
    found = select(campaign.c.own_call).where(
        campaign.c.own_call.is_not(None), campaign.c.launched_at >= since
    )
    return sum(one[PERSON] == person for one in connection.execute(found).scalars())


def codes(
    connection: Connection, controller_id: int, person: str, number: str
) -> list[dict[str, Any]]:
    """Codes that were spoken to a number for this person, newest first.

    Returns:
        Of each the `id` of its campaign, its `own_call`, and when it was asked for (`created_at`).
    """
    rows = connection.execute(
        select(campaign.c.id, campaign.c.own_call, campaign.c.created_at)
        .join(target, target.c.campaign_id == campaign.c.id)
        .where(
            campaign.c.own_call.is_not(None),
            campaign.c.controller_id == controller_id,
            target.c.number == number,
        )
        .order_by(campaign.c.id.desc())
    )
    found = [dict(row) for row in rows.mappings()]
    mine = [one for one in found if one["own_call"][PERSON] == person]
    return [one for one in mine if DIGEST in one["own_call"]]


def amend(connection: Connection, campaign_id: int, own_call: dict[str, Any]) -> None:
    """Write what has become of a code."""
    changed = update(campaign).where(campaign.c.id == campaign_id)
    connection.execute(changed.values(own_call=own_call))
