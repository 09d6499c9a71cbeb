"""Erasing one person: what a controller holds of a number goes, but for what must stay.

GDPR article 17(1); what stays rests on 17(3)(b) and (e), and on 21(3): who objected to calls must
not be called again, which nobody can see to without keeping something of the number.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from campaigns.contacts.phone import masked, parse
from campaigns.contacts.suppression import Suppression, SuppressionReason, SuppressionScope
from campaigns.errors import NotAllowed
from campaigns.states import AttemptState
from operations.workspace import Workspace
from store import audit, erasure, receipt_links, suppression_keys, suppressions
from store import requests as kept_requests
from store.engine import writing

DOUBT_ENDS = timedelta(days=1)
"""How long a call in doubt keeps its number: any call is over by then, four hours being the longest
there is, and what the PBX wrote of it has been read."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done.

    Attributes:
        number: masked.
        contacts: entries in lists, of which nothing is left but that there was one.
        targets: places in campaigns, of which state and outcome stay.
        attempts: calls, of which instant and outcome stay.
        submissions: what was done on consent forms, of which act and instant stay.
        callbacks: what was done by calling the number shown, likewise.
        refused_rows: rows of files that were refused.
        suppressions: refusals, kept as a digest now; one more where there had been none.
        requests: what the person asked for; date and answer stay, under a digest.
    """

    number: str
    contacts: int
    targets: int
    attempts: int
    submissions: int
    callbacks: int
    refused_rows: int
    suppressions: int
    requests: int


def erase(
    workspace: Workspace, controller_id: int, text: str, by: str, now: datetime | None = None
) -> Erased:
    """Erase what a controller holds of a number, and never let it be called again.

    Args:
        workspace: where.
        controller_id: whose data; no other controller's is touched.
        text: the number, written in any French way.
        by: who does it.
        now: aware instant; of the call where absent.

    Raises:
        InvalidNumber: it is no number that could be called.
        NotAllowed: a call to it is up, or may be.
        SuppressionKeyMissing: its refusal could not be kept.
    """
    number = parse(text).e164
    moment = now or datetime.now(UTC)
    written = [id_ for id_, _ in erasure.rejected_of(workspace.engine, controller_id, number)]
    with writing(workspace.engine) as connection:
        targets = erasure.lock_targets(connection, controller_id, number)
        _check_calls(connection, controller_id, number, moment)
        refusals = _hide_refusals(connection, controller_id, number, moment)
        erasure.close_pending(connection, targets)
        receipt_links.forget_person(connection, controller_id, number)
        found = Erased(
            number=masked(number),
            contacts=erasure.blank_contacts(connection, controller_id, number),
            targets=erasure.blank_targets(connection, [one["id"] for one in targets]),
            attempts=erasure.blank_attempts(connection, controller_id, number),
            submissions=erasure.blank_submissions(connection, controller_id, number),
            callbacks=erasure.blank_callbacks(connection, controller_id, number),
            refused_rows=erasure.blank_rejected(connection, written),
            suppressions=refusals,
            requests=_hide_requests(connection, controller_id, number, by, moment),
        )
        _record(connection, controller_id, found, by, moment)
    return found


def _check_calls(connection: Connection, controller_id: int, number: str, moment: datetime) -> None:
    for one in erasure.open_attempts(connection, controller_id, number):
        if one["state"] == AttemptState.CLAIMED.value:
            raise NotAllowed(
                "A call to this number is up. Ask again when it is over, in a few minutes; where "
                "no dialer runs, start one, which finds out how it ended."
            )
        free = one["claimed_at"] + DOUBT_ENDS
        if moment < free:
            raise NotAllowed(
                "Nobody knows yet how a call to this number ended. "
                f"Ask again after {free:%Y-%m-%d %H:%M} UTC."
            )


def _hide_refusals(
    connection: Connection, controller_id: int, number: str, moment: datetime
) -> int:
    """Keep every refusal as a digest, the one that an erasure is among them."""
    key = suppression_keys.needed(connection)
    suppression_keys.note_erasure(connection, moment)
    asked = Suppression(
        number=number,
        scope=SuppressionScope.CONTROLLER,
        owner_id=controller_id,
        reason=SuppressionReason.ERASURE,
        source="",
        created_at=moment,
    )
    suppressions.add(connection, [asked])
    rows = suppressions.of_number(connection, controller_id, number)
    suppressions.hide(connection, rows, key.digest(number))
    return len(rows)


def _hide_requests(
    connection: Connection, controller_id: int, number: str, by: str, moment: datetime
) -> int:
    key = suppression_keys.needed(connection)
    kept_requests.answer_erasures(connection, controller_id, number, by, moment)
    return erasure.hide_requests(connection, controller_id, number, key.digest(number))


def _record(
    connection: Connection, controller_id: int, found: Erased, by: str, moment: datetime
) -> None:
    detail = {
        "contacts": found.contacts, "targets": found.targets, "attempts": found.attempts,
        "submissions": found.submissions, "callbacks": found.callbacks,
        "refused_rows": found.refused_rows, "suppressions": found.suppressions,
        "requests": found.requests,
    }  # fmt: skip
    audit.record(connection, moment, by, "person.erase", found.number, controller_id, detail)
