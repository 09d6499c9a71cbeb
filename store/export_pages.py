"""Rows as exports want them: plain tuples, a page at a time, instants in milliseconds."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, select, type_coerce

from campaigns.contacts.suppression import SuppressionScope
from store.attempt_reports import IN_ORDER, behind
from store.tables import attempt, contact, suppression, target
from store.targets import walked

Rows: TypeAlias = Sequence[Any]
"""Rows of `sqlalchemy`, which are tuples."""


def _ms(column: Column[Any]) -> ColumnElement[int]:
    """An instant as it is kept: to make it one takes as long as all the rest of a row."""
    return type_coerce(column, BigInteger).label(column.name)


_ATTEMPTS = (
    select(
        attempt.c.id,
        attempt.c.target_id,
        contact.c.external_id,
        contact.c.list_id,
        contact.c.line,
        attempt.c.number,
        attempt.c.trunk,
        attempt.c.caller_id,
        attempt.c.rehearsal,
        attempt.c.state,
        attempt.c.outcome,
        _ms(attempt.c.claimed_at),
        _ms(attempt.c.sent_at),
        _ms(attempt.c.ringing_at),
        _ms(attempt.c.answered_at),
        _ms(attempt.c.ended_at),
        attempt.c.heard_ms,
        attempt.c.quartile,
        attempt.c["keys"],
        attempt.c.cause,
        attempt.c.tech,
        attempt.c.sip_call_id,
        attempt.c.cost,
        attempt.c.variant,
    )
    .join(target, target.c.id == attempt.c.target_id)
    .join(contact, contact.c.id == target.c.contact_id)
    .order_by(*IN_ORDER)
)


def attempts(connection: Connection, campaign_id: int, after: str, count: int) -> Rows:
    """Attempts of a campaign in order of time, from after one's id."""
    asked = _ATTEMPTS.where(attempt.c.campaign_id == campaign_id, *behind(after))
    return connection.execute(asked.limit(count)).all()


_TARGETS = (
    select(
        target.c.id,
        contact.c.external_id,
        contact.c.list_id,
        contact.c.line,
        target.c.number,
        target.c.state,
        target.c.attempts,
        target.c.tries,
        target.c.outcome,
        target.c.gate,
        _ms(target.c.due_at),
        target.c.variant,
    )
    .join(contact, contact.c.id == target.c.contact_id)
    .order_by(target.c.id)
)


def targets(connection: Connection, campaign_id: int, after: int, last: int, count: int) -> Rows:
    """Targets of a campaign in order of id, from after one to another; see `targets.walked`."""
    asked = _TARGETS.where(*walked(campaign_id, after), target.c.id <= last)
    return connection.execute(asked.limit(count)).all()


_SUPPRESSIONS = select(
    suppression.c.id,
    suppression.c.number,
    suppression.c.reason,
    suppression.c.source,
    suppression.c.attempt_id,
    _ms(suppression.c.created_at),
    _ms(suppression.c.expires_at),
).order_by(suppression.c.id)


def suppressions(connection: Connection, controller_id: int, after: int, count: int) -> Rows:
    """Suppressions of a controller in order of id, from after one."""
    own = SuppressionScope.CONTROLLER.value
    asked = _SUPPRESSIONS.where(
        suppression.c.id > after,
        suppression.c.scope == own,
        suppression.c.owner_id == controller_id,
    )
    return connection.execute(asked.limit(count)).all()
