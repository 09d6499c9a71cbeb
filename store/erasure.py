"""One person's data of one controller: found, and taken out of every row that has it.

No row goes, so that states, outcomes and what the audit says of each claim still add up: what tells
of the person is taken out of it, as retention does with contacts.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    String,
    delete,
    literal,
    null,
    select,
    update,
)

from campaigns.rules.gates import Gate
from campaigns.states import AttemptState, TargetState
from store import retention, tallies
from store.engine import reading
from store.tables import (
    attempt,
    callback_act,
    campaign,
    consent_form,
    consent_submission,
    contact,
    contact_list,
    number_lock,
    privacy_request,
    rejected_row,
    reply,
    target,
)

ROWS_AT_ONCE = 5000
"""Refused rows looked through in one transaction."""

_COUNTRY = 4
"""What ways of writing a number differ in at its beginning: `+33 6`, `06`, `+687`."""


def lock_targets(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """The person's targets, held so that no claim takes one meanwhile."""
    rows = connection.execute(
        select(target.c.id, target.c.campaign_id, target.c.state)
        .join(campaign, campaign.c.id == target.c.campaign_id)
        .where(target.c.number == number, campaign.c.controller_id == controller_id)
        .order_by(target.c.id)
        .with_for_update(of=target)
    )
    return [dict(row) for row in rows.mappings()]


def open_attempts(connection: Connection, controller_id: int, number: str) -> list[dict[str, Any]]:
    """The controller's calls to the number that are up or in doubt, the oldest first."""
    rows = connection.execute(
        _attempts_of(controller_id, number)
        .where(attempt.c.state.in_([AttemptState.CLAIMED.value, AttemptState.IN_DOUBT.value]))
        .order_by(attempt.c.claimed_at)
    )
    return [dict(row) for row in rows.mappings()]


def _attempts_of(controller_id: int, number: str) -> Any:
    return (
        select(attempt.c.id, attempt.c.state, attempt.c.claimed_at)
        .join(campaign, campaign.c.id == attempt.c.campaign_id)
        .where(attempt.c.number == number, campaign.c.controller_id == controller_id)
    )


def close_pending(connection: Connection, targets: Sequence[dict[str, Any]]) -> None:
    """Those of these targets that wait to be called are refused for good."""
    waiting = [one for one in targets if one["state"] == TargetState.PENDING.value]
    after = TargetState.REFUSED.value
    connection.execute(
        update(target)
        .where(target.c.id.in_([one["id"] for one in waiting]))
        .values(state=after, gate=Gate.SUPPRESSED.value)
    )
    delta: tallies.Delta = Counter()
    for one in waiting:
        tallies.moved(delta, one["campaign_id"], TargetState.PENDING.value, after)
        delta[one["campaign_id"], tallies.GATE, Gate.SUPPRESSED.value] += 1
    tallies.add(connection, delta)


def blank_targets(connection: Connection, ids: Sequence[int]) -> int:
    """Take the number out of targets; how many."""
    done = connection.execute(
        update(target)
        .where(target.c.id.in_(ids))
        .values(number=_nobody(target.c.id), other_slots=null(), other_expires_on=null())
    )
    return done.rowcount


def blank_attempts(connection: Connection, controller_id: int, number: str) -> int:
    """Take number, keys and the carrier's id out of the controller's calls to it; how many.

    What was said with the keys goes: it may be an opinion (GDPR art. 9). It stays counted. A lock
    that a call in doubt left goes on under the same name as its call.
    """
    rows = connection.execute(_attempts_of(controller_id, number)).mappings()
    ids = [row["id"] for row in rows]
    name = select(_nobody(attempt.c.target_id)).where(attempt.c.id == number_lock.c.attempt_id)
    connection.execute(
        update(number_lock)
        .where(number_lock.c.attempt_id.in_(ids))
        .values(number=name.scalar_subquery())
    )
    connection.execute(delete(reply).where(reply.c.attempt_id.in_(ids)))
    done = connection.execute(
        update(attempt)
        .where(attempt.c.id.in_(ids))
        .values(number=_nobody(attempt.c.target_id), keys=null(), sip_call_id=null(), tech=null())
    )
    return done.rowcount


def blank_contacts(connection: Connection, controller_id: int, number: str) -> int:
    """Take whatever tells of the person out of the controller's lists; how many contacts."""
    mine = select(contact_list.c.id).where(contact_list.c.controller_id == controller_id)
    done = connection.execute(
        update(contact)
        .where(contact.c.number == number, contact.c.list_id.in_(mine))
        .values(**retention.blanked())
    )
    return done.rowcount


def blank_submissions(connection: Connection, controller_id: int, number: str) -> int:
    """Take the number out of what was done on the controller's consent forms; how many times."""
    forms = select(consent_form.c.id).where(consent_form.c.controller_id == controller_id)
    done = connection.execute(
        update(consent_submission)
        .where(consent_submission.c.number == number, consent_submission.c.form_id.in_(forms))
        .values(number=_nobody(consent_submission.c.id), slot=null())
    )
    return done.rowcount


def blank_callbacks(connection: Connection, controller_id: int, number: str) -> int:
    """Take the number out of what was done on the controller's callback lines; how many times."""
    done = connection.execute(
        update(callback_act)
        .where(callback_act.c.number == number, callback_act.c.controller_id == controller_id)
        .values(number=_nobody(callback_act.c.id))
    )
    return done.rowcount


def _nobody(id_: Column[Any]) -> Any:
    """What stands in the place of a number: no two are the same, and none can be called."""
    return literal("-") + id_.cast(String)


def rejected_of(
    engine: Engine, controller_id: int, number: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Refused rows that may name the number, with their ids, read in short transactions.

    They hold it as it was written, with an extension or a slip of the pen; its last digits
    decide, so that rather too many are found than too few.
    """
    end, after = number[_COUNTRY:], 0
    while True:
        with reading(engine) as connection:
            page = _rejected_page(connection, controller_id, after)
        if not page:
            return
        after = page[-1]["id"]
        yield from ((row["id"], row) for row in page if end in _digits(row["value"]))


def _rejected_page(connection: Connection, controller_id: int, after: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(rejected_row, contact_list.c.name.label("list"))
        .join(contact_list, contact_list.c.id == rejected_row.c.list_id)
        .where(contact_list.c.controller_id == controller_id, rejected_row.c.id > after)
        .order_by(rejected_row.c.id)
        .limit(ROWS_AT_ONCE)
    )
    return [dict(row) for row in rows.mappings()]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def blank_rejected(connection: Connection, ids: Sequence[int]) -> int:
    """Take what was written out of refused rows; how many."""
    done = connection.execute(
        update(rejected_row).where(rejected_row.c.id.in_(ids)).values(value="")
    )
    return done.rowcount


def hide_requests(connection: Connection, controller_id: int, number: str, digest: str) -> int:
    """Keep what the person asked of the controller under a digest of the number; how many."""
    done = connection.execute(
        update(privacy_request)
        .where(privacy_request.c.controller_id == controller_id, privacy_request.c.number == number)
        .values(number=digest, note="")
    )
    return done.rowcount
