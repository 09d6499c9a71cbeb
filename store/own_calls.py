"""Calls that people place to their own number: campaigns of one person, apart from all others.

The number stands where any campaign has it, in its target, so that erasure takes it out there too.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from store.tables import campaign, campaign_list, contact, target

PERSON, SALT, DIGEST, TRIES, TOLD_AT = "person", "salt", "digest", "tries", "told_at"
"""What `own_call` says: who asked; of a code its digest with a salt, how often it was tried, and
when it was told back, in ISO 8601."""


BEING_PLACED = timedelta(minutes=1)
"""From the moment a call is written down until it is launched, or has been refused."""

_ASKING = 7_305_018
"""The number of PostgreSQL's advisory lock: it must be the same in every process."""


def wait(connection: Connection) -> None:
    """Let nobody else ask for such a call before this transaction has ended.

    In SQLite whoever writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ASKING)))


def placed(connection: Connection, number: str, since: datetime) -> int:
    """How many such calls were launched to a number, whoever asked for them, or are about to be."""
    people = select(campaign_list.c.campaign_id).join(
        contact, contact.c.list_id == campaign_list.c.list_id
    )
    return _count(connection, since, campaign.c.id.in_(people.where(contact.c.number == number)))


def asked(connection: Connection, person: str, since: datetime) -> int:
    """How many such calls somebody had launched, to whatever number, or is about to."""
    return _count(connection, since, campaign.c.created_by == person)


def _count(connection: Connection, since: datetime, which: ColumnElement[bool]) -> int:
    """Of those that were launched, and of those that were made so lately that they may still be."""
    lately = datetime.now(UTC) - BEING_PLACED
    counted = or_(
        campaign.c.launched_at >= since,
        and_(campaign.c.launched_at.is_(None), campaign.c.created_at >= max(since, lately)),
    )
    asked_for = select(func.count()).select_from(campaign).where(
        campaign.c.own_call.is_not(None), counted, which
    )  # fmt: skip
    return int(connection.execute(asked_for).scalar_one())


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
