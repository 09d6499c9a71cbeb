"""Everything a controller holds of one number, as it is kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from store.audit import CALLS_ALLOWED
from store.tables import (
    attempt,
    audit_event,
    campaign,
    campaign_list,
    contact,
    contact_list,
    target,
)

Row = dict[str, Any]

_NEAR = timedelta(seconds=2)
"""Between a suppression and the act that says who made it."""

_PLACE = (
    audit_event.c.segment_id,
    audit_event.c.sequence,
    audit_event.c.at,
    audit_event.c.act,
    audit_event.c.subject,
    audit_event.c.detail,
)


def _rows(connection: Connection, asked: Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(asked).mappings()]


def entries(connection: Connection, controller_id: int, number: str) -> list[Row]:
    """Contacts with the lists they are in (as `list_...`), the oldest first."""
    of_list = [one.label(f"list_{one.name}") for one in contact_list.c if one.name != "id"]
    return _rows(
        connection,
        select(contact, *of_list)
        .join(contact_list, contact_list.c.id == contact.c.list_id)
        .where(contact.c.number == number, contact_list.c.controller_id == controller_id)
        .order_by(contact.c.id),
    )


def places(connection: Connection, controller_id: int, number: str) -> list[Row]:
    """Targets with their campaigns (as `campaign_...`), list and line, the oldest first."""
    of_campaign = [
        campaign.c[name].label(f"campaign_{name}")
        for name in (
            "name", "purpose", "state", "rehearsal", "created_at", "launched_at", "ended_at",
            "script",
        )
    ]  # fmt: skip
    return _rows(
        connection,
        select(target, *of_campaign, contact.c.list_id, contact.c.line)
        .join(campaign, campaign.c.id == target.c.campaign_id)
        .join(contact, contact.c.id == target.c.contact_id)
        .where(target.c.number == number, campaign.c.controller_id == controller_id)
        .order_by(target.c.id),
    )


def calls(connection: Connection, controller_id: int, number: str) -> list[Row]:
    """Attempts in order of time; those that were given back unsent are none."""
    return _rows(
        connection,
        select(attempt)
        .join(campaign, campaign.c.id == attempt.c.campaign_id)
        .where(attempt.c.number == number, campaign.c.controller_id == controller_id)
        .order_by(attempt.c.claimed_at, attempt.c.id),
    )


def campaigns_of_lists(connection: Connection, list_ids: Sequence[int]) -> list[Row]:
    """Campaigns that were given these lists, each with the `list_id`."""
    return _rows(
        connection,
        select(
            campaign_list.c.list_id,
            campaign.c.state.label("campaign_state"),
            campaign.c.created_at.label("campaign_created_at"),
            campaign.c.launched_at.label("campaign_launched_at"),
            campaign.c.ended_at.label("campaign_ended_at"),
        )
        .join(campaign, campaign.c.id == campaign_list.c.campaign_id)
        .where(campaign_list.c.list_id.in_(list_ids)),
    )


def acts_on(connection: Connection, controller_id: int, subjects: Sequence[str]) -> list[Row]:
    """What was done with lists, campaigns and requests, calls apart, in order of time."""
    return _rows(
        connection,
        select(*_PLACE)
        .where(
            audit_event.c.controller_id == controller_id,
            audit_event.c.subject.in_(subjects),
            audit_event.c.act != CALLS_ALLOWED,
        )
        .order_by(audit_event.c.at, audit_event.c.segment_id, audit_event.c.sequence),
    )


def acts_near(
    connection: Connection, controller_id: int, subject: str, instants: Sequence[datetime]
) -> list[Row]:
    """What was done with a masked number at some instants.

    Another number may be masked alike, so that the instant must be that of what was done.
    """
    if not instants:
        return []
    near = or_(*(audit_event.c.at.between(one - _NEAR, one + _NEAR) for one in instants))
    return _rows(
        connection,
        select(*_PLACE).where(
            audit_event.c.controller_id == controller_id, near, audit_event.c.subject == subject
        ),
    )


def claims(
    connection: Connection, controller_id: int, made: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """The acts that allowed these calls: a claim is recorded at the instant of its attempts."""
    if not made:
        return []
    rows = _rows(
        connection,
        select(*_PLACE).where(
            and_(
                audit_event.c.controller_id == controller_id,
                audit_event.c.at.in_({one["claimed_at"] for one in made}),
                audit_event.c.act == CALLS_ALLOWED,
            )
        ),
    )
    ids = [one["id"] for one in made]
    return [
        row
        for row in rows
        if any(row["detail"]["first"] <= id_ <= row["detail"]["last"] for id_ in ids)
    ]
