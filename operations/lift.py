"""Lifting a refusal: a named person answers for it, and says why.

For a person who refused and has since told the controller that they want to be called, or whose
number the network did not know and knows now. Nothing else takes a suppression away: no file, no
form, no program; but for what a trunk out of order said of numbers (`store.invalid_numbers`).
"""

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression import SuppressionScope
from campaigns.errors import InvalidInput, NotFound
from operations.suppress import Owner
from store import audit, closed_targets, suppressions, tallies
from store.engine import writing


def lift(engine: Engine, owner: Owner, number: str, *, why: str, by: str) -> None:
    """Take a number off an owner's list; what other owners refuse stays refused.

    Campaigns that live and refused the number for it call it again, unless somebody else's refusal
    stands.

    Args:
        engine: the store.
        owner: whose list.
        number: as a person writes it.
        why: how the person said that they want to be called, or why the number is good, for the
            record.
        by: the person who answers for it.

    Raises:
        InvalidNumber: it is no number that could be called.
        InvalidInput: nobody is named, or no reason.
        NotFound: the number is not suppressed there.
    """
    for field, text in (("by", by), ("why", why)):
        if not text.strip():
            raise InvalidInput(field, "it is empty.", "Say who answers for it, and why.")
    e164 = parse(number).e164
    now = datetime.now(UTC)
    with writing(engine) as connection:
        if not suppressions.remove(connection, e164, owner.scope, owner.id):
            raise NotFound("This number is not suppressed there.")
        _open_again(connection, owner, e164, now)
        detail = {"why": why.strip()}
        if owner.scope is SuppressionScope.CAMPAIGN:
            detail["campaign"] = f"{owner.id}"
        audit.record(
            connection, now, by.strip(), "suppression.lift", masked(e164),
            owner.controller_id, detail,
        )  # fmt: skip


def _open_again(connection: Connection, owner: Owner, number: str, now: datetime) -> None:
    where = {
        SuppressionScope.OPERATOR: closed_targets.everybodys(),
        SuppressionScope.CONTROLLER: closed_targets.of_controller(owner.id),
        SuppressionScope.CAMPAIGN: closed_targets.of_campaign(owner.id),
    }
    delta: tallies.Delta = Counter()
    closed_targets.open_again(connection, [number], where[owner.scope], now, delta)
    tallies.add(connection, delta)
