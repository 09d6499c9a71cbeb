"""Counts of a list's contacts by what the gates ask of them: two passes, whatever its size."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select

from campaigns.contacts.basis import Evidence
from campaigns.contacts.suppression import SuppressionScope
from campaigns.readiness import Group
from store.tables import contact, suppression


def groups(
    connection: Connection, controller_id: int, list_id: int, now: datetime, campaign_id: int = 0
) -> list[Group]:
    """The contacts of a list, in groups that every gate treats alike.

    Args:
        connection: a transaction.
        controller_id: whose list.
        list_id: which.
        now: suppressions in force then count, and consents whose last day (UTC) is over.
        campaign_id: suppressions of this campaign count too; 0 for none.
    """
    of_list = _grouped(now.date()).where(contact.c.list_id == list_id)
    numbers = _suppressed(controller_id, campaign_id, now)
    whole = _counted(connection, of_list)
    closed = _counted(connection, of_list.where(contact.c.number.in_(numbers)))
    open_ = {key: count - closed.get(key, 0) for key, count in whole.items()}
    return [
        Group(evidence, fictional, suppressed, count, lapsed)
        for suppressed, counts in ((False, open_), (True, closed))
        for (evidence, fictional, lapsed), count in sorted(counts.items())
    ]


def _grouped(today: date) -> Select[Any]:
    withdrawn = contact.c.withdrawn_on.is_not(None)
    # Without `coalesce` a consent without an end would be neither.
    over = func.coalesce(contact.c.consent_expires_on < today, false())
    lapsed = or_(withdrawn, over).label("lapsed")
    alike = (contact.c.evidence, contact.c.fictional, lapsed)
    return select(*alike, func.count()).group_by(*alike)


def _counted(connection: Connection, asked: Select[Any]) -> dict[tuple[Evidence, bool, bool], int]:
    return {
        (Evidence(evidence), bool(fictional), bool(lapsed)): count
        for evidence, fictional, lapsed, count in connection.execute(asked)
    }


def _suppressed(controller_id: int, campaign_id: int, now: datetime) -> Select[Any]:
    in_force = or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > now)
    return select(suppression.c.number).where(_of(controller_id, campaign_id), in_force)


def _of(controller_id: int, campaign_id: int) -> ColumnElement[bool]:
    """Suppressions of the operator, of this controller, or of this campaign."""
    scope, owner = suppression.c.scope, suppression.c.owner_id
    return or_(
        scope == SuppressionScope.OPERATOR.value,
        (scope == SuppressionScope.CONTROLLER.value) & (owner == controller_id),
        (scope == SuppressionScope.CAMPAIGN.value) & (owner == campaign_id),
    )


def beginning_with(connection: Connection, list_ids: Sequence[int], prefix: str) -> int:
    """How many contacts of some lists have a number of this prefix, along the index of numbers."""
    after = prefix + ":"  # the sign after 9
    counted = connection.execute(
        select(func.count()).where(
            contact.c.number >= prefix,
            contact.c.number < after,
            contact.c.list_id.in_(list_ids),
        )
    )
    return int(counted.scalar_one())
