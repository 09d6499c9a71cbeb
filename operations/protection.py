"""What a data-protection officer is shown of a controller: proof that its rules were kept.

GDPR article 5(2): whoever answers for the processing must be able to show that the principles are
kept. No number of a person called is in it. Each part is read in short transactions.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from campaigns.contacts.basis import Evidence
from campaigns.rules import windows
from operations import requests
from operations.workspace import Workspace
from store import audit, launch_records, lists, policies, suppressions
from store.audit import AuditFilter, Place
from store.engine import reading
from store.suppressions import Counted

AT_ONCE = 20_000
"""Contacts or suppressions counted in one transaction, which takes some 20 ms."""

_PAGE = 200

ANSWERED_FOR = ("campaign.acknowledge", "campaign.release", "list.release", "suppression.lift")
"""Acts by which a named person answers for what would not be done otherwise."""

REMOVED = ("person.erase", "retention.remove", "list.undo")
"""Acts by which personal data went."""

EXPORTED = ("export.make",)
"""Acts by which people's data left through the API or the page."""

RECEIPTS = "receipt.issue"


@dataclass(frozen=True, slots=True)
class Proved:
    """A list and how the consent of its people is proved.

    Attributes:
        row: as `store.lists` has it.
        evidence: how many are proved how well.
    """

    row: Mapping[str, Any]
    evidence: Mapping[Evidence, int]


@dataclass(frozen=True, slots=True)
class Launched:
    """A launch as it was recorded.

    Attributes:
        pack: rule pack with its version.
        people: who could be called then.
        any_hour: hours, public holidays and the cap on calls were lifted, for a rehearsal.
        past_date_by: who answers for rules that had to be read again; None where they had not.
        intact: the record still has the hash that the audit holds.
    """

    campaign_id: int
    name: str
    rehearsal: bool
    at: datetime
    by: str
    prepared_by: str
    pack: str
    people: int
    any_hour: bool
    past_date_by: str | None
    intact: bool


@dataclass(frozen=True, slots=True)
class Protection:
    """What there is to show.

    Attributes:
        at: when it was read.
        lists: the newest first; None where they were not asked for.
        refusals: counted by reason and reach.
        requests: as `operations.requests.shown`, without numbers, the newest first.
        receipts: how many were made.
        launches: the newest first.
        answered_for, removed, exported: acts, as `store.audit` has them, the newest first.
        keep_days: how long people are kept after a campaign's end.
    """

    at: datetime
    lists: Sequence[Proved] | None
    refusals: Sequence[Counted]
    requests: Sequence[Mapping[str, Any]]
    receipts: int
    launches: Sequence[Launched]
    answered_for: Sequence[Mapping[str, Any]]
    removed: Sequence[Mapping[str, Any]]
    exported: Sequence[Mapping[str, Any]]
    keep_days: int


def protection_of(
    workspace: Workspace, controller_id: int, *, with_lists: bool = True
) -> Protection:
    """What there is to show of a controller.

    Args:
        workspace: where.
        controller_id: whose.
        with_lists: count how everybody's consent is proved, which takes a second for every
            million people.
    """
    engine, now = workspace.engine, datetime.now(UTC)
    return Protection(
        at=now,
        lists=_lists(engine, controller_id) if with_lists else None,
        refusals=_refusals(engine, controller_id, now),
        requests=_requests(workspace, controller_id),
        receipts=sum(1 for _ in _acts(engine, controller_id, (RECEIPTS,))),
        launches=list(_launches(engine, controller_id)),
        answered_for=list(_acts(engine, controller_id, ANSWERED_FOR)),
        removed=list(_acts(engine, controller_id, REMOVED)),
        exported=list(_acts(engine, controller_id, EXPORTED)),
        keep_days=workspace.settings.retention.campaign_days,
    )


def _lists(engine: Engine, controller_id: int) -> list[Proved]:
    with reading(engine) as connection:
        rows = lists.all_of(connection, controller_id)
    return [Proved(row, _evidence(engine, row["id"])) for row in rows]


def _evidence(engine: Engine, list_id: int) -> Counter[Evidence]:
    found: Counter[Evidence] = Counter()
    after: int | None = 0
    while after is not None:
        with reading(engine) as connection:
            some, after = lists.evidence_some(connection, list_id, after, AT_ONCE)
        found.update(some)
    return found


def _refusals(engine: Engine, controller_id: int, now: datetime) -> list[Counted]:
    with reading(engine) as connection:
        last = suppressions.last_id(connection)
    found: dict[tuple[str, str], Counted] = {}
    for after in range(0, last, AT_ONCE):
        with reading(engine) as connection:
            some = suppressions.counted(connection, controller_id, after, after + AT_ONCE, now)
        for one in some:
            alike = (one.reason, one.scope)
            found[alike] = _together(found[alike], one) if alike in found else one
    return sorted(found.values(), key=lambda one: (-one.many, one.reason, one.scope))


def _together(one: Counted, other: Counted) -> Counted:
    return replace(
        one,
        many=one.many + other.many,
        in_force=one.in_force + other.in_force,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )


def _requests(workspace: Workspace, controller_id: int) -> list[dict[str, Any]]:
    rows = requests.listed(workspace, controller_id, closed=True)
    rows.sort(key=lambda row: row["id"], reverse=True)
    return [{name: value for name, value in row.items() if name != "number"} for row in rows]


def _launches(engine: Engine, controller_id: int) -> Iterator[Launched]:
    before: int | None = None
    while True:
        with reading(engine) as connection:
            rows = launch_records.page(connection, controller_id, before, _PAGE)
        yield from map(_launched, rows)
        if len(rows) < _PAGE:
            return
        before = rows[-1]["campaign_id"]


def _launched(row: Mapping[str, Any]) -> Launched:
    content = row["content"]
    decided = content["campaign"]
    return Launched(
        campaign_id=row["campaign_id"],
        name=row["name"],
        rehearsal=row["rehearsal"],
        at=row["at"],
        by=row["by"],
        prepared_by=row["prepared_by"],
        pack=decided["pack"],
        people=content["callable"],
        any_hour=decided["windows"] == policies.windows_to_plain(windows.ALWAYS),
        past_date_by=decided["acknowledged_by"],
        intact=launch_records.hash_of(content) == row["hash"],
    )


def _acts(engine: Engine, controller_id: int, acts: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    before: Place | None = None
    asked = AuditFilter(acts=acts)
    while True:
        with reading(engine) as connection:
            rows = audit.page(connection, controller_id, before, _PAGE, asked)
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1]
        before = Place(last["at"], last["segment_id"], last["sequence"])
