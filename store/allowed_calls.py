"""The record of every call that was allowed: pack version, evidence and basis, a claim at a time.

A claim of fifty calls is one event with a digest over what each call rests on, so that it can be
paid at any rate. The attempts of a claim are a range of ids, by which they are found again.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from campaigns.campaign import Campaign
from store import audit
from store.tables import attempt, contact, contact_list, target


class AllowedCall(NamedTuple):
    """A call and what it rests on."""

    attempt_id: str
    contact_id: int
    evidence: str
    basis: str


def record(
    connection: Connection, now: datetime, campaign: Campaign, calls: Sequence[AllowedCall]
) -> None:
    """Record the calls that one claim allowed; nothing where it allowed none."""
    if not calls:
        return
    detail = {
        "pack": campaign.pack,
        "calls": len(calls),
        "first": min(calls).attempt_id,
        "last": max(calls).attempt_id,
        "digest": digest(calls),
    }
    subject = f"campaign {campaign.id}"
    audit.record(
        connection, now, "dialer", audit.CALLS_ALLOWED, subject, campaign.controller_id, detail
    )


def digest(calls: Sequence[AllowedCall]) -> str:
    """SHA-256 over one sorted line for each call: `attempt_id|contact_id|evidence|basis`."""
    lines = sorted("|".join(map(str, call)) for call in calls)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


_RANGE = (
    select(
        attempt.c.id, target.c.contact_id, contact.c.evidence, contact_list.c.basis, attempt.c.pack
    )
    .join(target, target.c.id == attempt.c.target_id)
    .join(contact, contact.c.id == target.c.contact_id)
    .join(contact_list, contact_list.c.id == contact.c.list_id)
    .where(attempt.c.id.between(bindparam("first"), bindparam("last")))
)


class Found(NamedTuple):
    """What the rows say today of the calls of one event.

    Attributes:
        there: calls of which there are still rows; retention removes them in time.
        agrees: what is there is what was recorded. Of a claim that is not whole any more the
            digest cannot be held against the rest, but its pack can.
    """

    there: int
    agrees: bool


def found(connection: Connection, detail: dict[str, Any]) -> Found:
    """Hold the detail of an event against the rows it was made of."""
    asked = {"first": detail["first"], "last": detail["last"]}
    rows = connection.execute(_RANGE, asked).all()
    of_pack = {row.pack for row in rows} <= {detail["pack"]}
    if len(rows) < detail["calls"]:
        return Found(len(rows), of_pack)
    same = digest([AllowedCall(*row[:-1]) for row in rows]) == detail["digest"]
    return Found(len(rows), same and of_pack)
