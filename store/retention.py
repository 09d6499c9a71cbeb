"""Personal data whose time is over: found, and removed a batch at a time."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, delete, func, literal, null, or_, select, update

from campaigns.states import CampaignState
from store import tallies
from store.lists import ListState
from store.tables import (
    attempt,
    campaign,
    campaign_list,
    consent_form,
    consent_submission,
    contact,
    contact_list,
    number_lock,
    rejected_row,
    reply,
    target,
)

_NEVER_LAUNCHED = [CampaignState.DRAFT.value, CampaignState.STOPPED.value]


@dataclass(frozen=True, slots=True)
class Old:
    """A campaign or a list whose time is over."""

    id: int
    controller_id: int


def old_campaigns(connection: Connection, before: datetime) -> list[Old]:
    """Campaigns that are over, as `_is_over`, with somebody left in them."""
    anybody = select(target.c.id).where(target.c.campaign_id == campaign.c.id).exists()
    rows = connection.execute(
        select(campaign.c.id, campaign.c.controller_id)
        .where(_is_over(before), anybody)
        .order_by(campaign.c.id)
    )
    return [Old(found.id, found.controller_id) for found in rows]


def old_lists(connection: Connection, before: datetime) -> list[Old]:
    """Lists imported before that, which are in no campaign but such as are over.

    Nor fed by a consent form that was open since.
    """
    in_use = (
        select(campaign_list.c.list_id)
        .join(campaign, campaign.c.id == campaign_list.c.campaign_id)
        .where(campaign_list.c.list_id == contact_list.c.id, ~_is_over(before))
        .exists()
    )
    open_since = or_(consent_form.c.closed_at.is_(None), consent_form.c.closed_at >= before)
    fed = (
        select(consent_form.c.id)
        .where(consent_form.c.list_id == contact_list.c.id, open_since)
        .exists()
    )
    rows = connection.execute(
        select(contact_list.c.id, contact_list.c.controller_id)
        .where(
            contact_list.c.created_at < before,
            contact_list.c.state != ListState.REMOVED.value,
            ~in_use,
            ~fed,
        )
        .order_by(contact_list.c.id)
    )
    return [Old(found.id, found.controller_id) for found in rows]


def _is_over(before: datetime) -> Any:
    """Ended before that, or prepared before that and never launched."""
    never = campaign.c.launched_at.is_(None) & campaign.c.state.in_(_NEVER_LAUNCHED)
    ended = func.coalesce(campaign.c.ended_at < before, False)
    return or_(~never & ended, never & (campaign.c.created_at < before))


def keep_heard(connection: Connection, campaign_id: int, heard: Counter[str]) -> None:
    """Keep what the people of a campaign heard, once; its attempts can then be removed."""
    if tallies.of_campaign(connection, campaign_id)[tallies.HEARD]:
        return
    tallies.add(
        connection,
        Counter({(campaign_id, tallies.HEARD, name): many for name, many in heard.items()}),
    )


def remove_attempts(connection: Connection, campaign_id: int, count: int) -> int:
    """Remove up to so many attempts of a campaign, and what was said and locked in them; how many.

    What was said stays counted.
    """
    some = (
        select(attempt.c.id, attempt.c.number)
        .where(attempt.c.campaign_id == campaign_id)
        .order_by(attempt.c.claimed_at)
        .limit(count)
    )
    found = connection.execute(some).all()
    ids = [id_ for id_, _ in found]
    numbers = [number for _, number in found]
    connection.execute(
        delete(number_lock).where(
            number_lock.c.number.in_(numbers), number_lock.c.attempt_id.in_(ids)
        )
    )
    connection.execute(delete(reply).where(reply.c.attempt_id.in_(ids)))
    connection.execute(delete(attempt).where(attempt.c.id.in_(ids)))
    return len(ids)


def remove_targets(connection: Connection, campaign_id: int, count: int) -> int:
    """Remove up to so many targets of a campaign that has no attempts left; how many."""
    some = select(target.c.id).where(target.c.campaign_id == campaign_id).limit(count)
    ids = list(connection.execute(some).scalars())
    connection.execute(delete(target).where(target.c.id.in_(ids)))
    return len(ids)


def blank_contacts(connection: Connection, list_id: int, after: int, count: int) -> list[int]:
    """Take from some contacts of a list whatever tells of a person; their ids, none at the end.

    The rows stay, as what had referred to them would have to be looked for.
    """
    ids = list(
        connection.execute(
            select(contact.c.id)
            .where(contact.c.list_id == list_id, contact.c.id > after)
            .order_by(contact.c.id)
            .limit(count)
        ).scalars()
    )
    connection.execute(update(contact).where(contact.c.id.in_(ids)).values(**blanked()))
    return ids


def blanked() -> dict[str, Any]:
    """What a contact holds of whom nothing is told any more."""
    return {
        "number": literal("-") + contact.c.id.cast(String),
        "line": 0,
        "external_id": null(),
        "attributes": {},
        "consented_on": null(),
        "consent_source": null(),
        "wording_id": null(),
        "slot": null(),
        "consent_expires_on": null(),
        "withdrawn_on": null(),
    }


def remove_rejected(connection: Connection, list_id: int, count: int) -> int:
    """Remove up to so many refused rows of a list; how many."""
    some = select(rejected_row.c.id).where(rejected_row.c.list_id == list_id).limit(count)
    ids = list(connection.execute(some).scalars())
    connection.execute(delete(rejected_row).where(rejected_row.c.id.in_(ids)))
    return len(ids)


def remove_submissions(connection: Connection, list_id: int, count: int) -> int:
    """Remove up to so many submissions of the form that fed a list; how many."""
    some = (
        select(consent_submission.c.id)
        .join(consent_form, consent_form.c.id == consent_submission.c.form_id)
        .where(consent_form.c.list_id == list_id)
        .limit(count)
    )
    ids = list(connection.execute(some).scalars())
    connection.execute(delete(consent_submission).where(consent_submission.c.id.in_(ids)))
    return len(ids)


def remove_contacts(connection: Connection, list_id: int, count: int) -> int:
    """Remove up to so many contacts of a list that no target refers to; how many."""
    some = select(contact.c.id).where(contact.c.list_id == list_id).limit(count)
    ids = list(connection.execute(some).scalars())
    connection.execute(delete(contact).where(contact.c.id.in_(ids)))
    return len(ids)


def close_list(connection: Connection, list_id: int) -> None:
    """Nobody is left in it: it can be called no more, and its file imported again as another."""
    connection.execute(
        update(contact_list)
        .where(contact_list.c.id == list_id)
        .values(state=ListState.REMOVED.value, sha256=f"removed-{list_id}")
    )
