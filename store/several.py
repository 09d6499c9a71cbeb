"""Targets of numbers that several lists of a campaign have: see `campaigns.rules.several`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, update

from campaigns.contacts.basis import Evidence
from campaigns.contacts.terms import SLOTS_APART, kept_terms
from campaigns.rules import several
from campaigns.rules.gates import Gate
from campaigns.rules.several import Asked, Row
from campaigns.states import TargetState
from store import tallies
from store.tables import attempt, campaign, campaign_list, contact, contact_list, target

_PENDING, _REFUSED = TargetState.PENDING.value, TargetState.REFUSED.value
_FOR_ITS_BASIS = (Gate.NO_BASIS.value, Gate.EVIDENCE_TOO_WEAK.value)

_LISTS = select(func.count()).where(campaign_list.c.campaign_id == bindparam("campaign"))
_ASKED = select(campaign.c.purpose, campaign.c.evidence).where(
    campaign.c.id == bindparam("campaign")
)

_WAITING = (
    select(target, select(attempt.c.id).where(attempt.c.target_id == target.c.id).exists())
    .where(
        target.c.campaign_id == bindparam("campaign"),
        target.c.number.in_(bindparam("numbers", expanding=True)),
        or_(
            target.c.state == _PENDING,
            (target.c.state == _REFUSED) & target.c.gate.in_(_FOR_ITS_BASIS),
        ),
    )
    .order_by(target.c.id)
    .with_for_update(of=target)
)

_ROWS = (
    select(
        contact.c.id,
        contact.c.number,
        contact_list.c.purposes,
        contact.c.evidence,
        contact.c.consented_on,
        contact.c.slot,
        contact.c.consent_expires_on,
        contact.c.withdrawn_on,
        contact.c.zones,
    )
    .join(campaign_list, campaign_list.c.list_id == contact.c.list_id)
    .join(contact_list, contact_list.c.id == contact.c.list_id)
    .where(
        campaign_list.c.campaign_id == bindparam("campaign"),
        contact.c.number.in_(bindparam("numbers", expanding=True)),
    )
)

_KEPT = ("contact_id", "zones", "state", "gate", "due_at", "other_slots", "other_expires_on")
_WRITE = (
    update(target)
    .where(target.c.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in _KEPT})
)


def has_several(connection: Connection, campaign_id: int) -> bool:
    """Whether a campaign has more lists than one, so that a number may be in two."""
    return bool(connection.execute(_LISTS, {"campaign": campaign_id}).scalar_one() > 1)


def weigh(
    connection: Connection,
    campaign_id: int,
    numbers: Collection[str],
    now: datetime,
    *,
    repoint: bool,
) -> tallies.Delta:
    """Have targets rest on the newest row of their number, and keep to what the others add.

    What was called already goes on resting on the row that it was called by, as the audit says;
    the others' hours and days hold for it too. Asked again, nothing changes.

    Args:
        connection: a writing transaction, in which these people have targets.
        campaign_id: of which campaign.
        numbers: some that a list of it has.
        now: who is called again is due then.
        repoint: people may rest on another row than they were put in by: not where that row was
            chosen for what it says, in a campaign of a segment.

    Returns:
        What is to be counted: people who were refused for want of a basis or its proof, wait now.
    """
    asked_for = {"campaign": campaign_id, "numbers": list(numbers)}
    waiting = connection.execute(_WAITING, asked_for).all() if numbers else []
    rows = _rows(connection, campaign_id, [one.number for one in waiting])
    purpose, evidence = connection.execute(_ASKED, {"campaign": campaign_id}).one()
    asked = Asked(purpose, Evidence(evidence), now)
    delta: tallies.Delta = Counter()
    changed = []
    for *before, called in waiting:
        one = dict(zip(target.c.keys(), before, strict=True))
        after = _weighed(one, rows[one["number"]], asked, repoint=repoint and not called)
        if after != one:
            changed.append({"b_id": one["id"], **{f"b_{name}": after[name] for name in _KEPT}})
            _count(delta, one, after)
    if changed:
        connection.execute(_WRITE, changed)
    return delta


def _rows(
    connection: Connection, campaign_id: int, numbers: Sequence[str]
) -> Mapping[str, list[Row]]:
    """By number, what each list of the campaign says of it."""
    found: dict[str, list[Row]] = defaultdict(list)
    if numbers:
        asked = {"campaign": campaign_id, "numbers": numbers}
        for id_, number, purposes, evidence, day, *terms, zones in connection.execute(_ROWS, asked):
            found[number].append(
                Row(
                    id_,
                    tuple(purposes),
                    Evidence(evidence),
                    day,
                    kept_terms(*terms),
                    frozenset(zones.split("|")),
                )
            )
    return found


def _weighed(
    one: Mapping[str, Any], rows: Sequence[Row], asked: Asked, *, repoint: bool
) -> dict[str, Any]:
    """The target as it is to be."""
    now_on = next((row for row in rows if row.contact_id == one["contact_id"]), None)
    if len(rows) < 2 or now_on is None:
        return dict(one)
    chosen = several.newest(rows, asked) if repoint else now_on
    besides = several.besides(rows, chosen, asked)
    after = {
        **one,
        "contact_id": chosen.contact_id,
        "zones": "|".join(sorted(besides.zones)),
        "other_slots": SLOTS_APART.join(besides.slots) or None,
        "other_expires_on": besides.expires_on,
    }
    if one["state"] != _REFUSED:
        return after
    if chosen is now_on or not several.is_enough(chosen, asked):
        return dict(one)
    return {**after, "state": _PENDING, "gate": None, "due_at": asked.at}


def _count(delta: tallies.Delta, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    if before["state"] != after["state"]:
        tallies.moved(delta, before["campaign_id"], before["state"], after["state"])
        delta[before["campaign_id"], tallies.GATE, before["gate"]] -= 1
