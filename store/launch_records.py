"""Records of launches: written once each; the database itself refuses to change one."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from store.columns import canonical
from store.tables import campaign, launch_record


def add(
    connection: Connection,
    campaign_id: int,
    at: datetime,
    by: str,
    prepared_by: str,
    content: Mapping[str, Any],
) -> str:
    """Write what is launched; its hash. Only the first launch of a campaign is one."""
    digest = hash_of(content)
    connection.execute(
        insert(launch_record).values(
            campaign_id=campaign_id, at=at, by=by, prepared_by=prepared_by, content=content,
            hash=digest,
        )
    )  # fmt: skip
    return digest


def of_campaign(connection: Connection, campaign_id: int) -> dict[str, Any] | None:
    """The record of a campaign's launch; None where it was not launched since there are any."""
    asked = select(launch_record).where(launch_record.c.campaign_id == campaign_id)
    row = connection.execute(asked).mappings().first()
    return dict(row) if row else None


def page(
    connection: Connection, controller_id: int, before: int | None, count: int
) -> list[dict[str, Any]]:
    """Records of a controller's launches with their campaigns' names, the newest campaign first.

    From before a campaign's id.
    """
    asked = (
        select(launch_record, campaign.c.name, campaign.c.rehearsal)
        .join(campaign, campaign.c.id == launch_record.c.campaign_id)
        .where(campaign.c.controller_id == controller_id)
    )
    if before is not None:
        asked = asked.where(launch_record.c.campaign_id < before)
    rows = connection.execute(asked.order_by(launch_record.c.campaign_id.desc()).limit(count))
    return [dict(row) for row in rows.mappings()]


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a record's content in its canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()
