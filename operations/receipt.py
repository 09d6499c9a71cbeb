"""A receipt: everything a controller holds of one number, for the person whose it is.

GDPR article 15: what is held, where it comes from, what it was used for, how long it is kept. Other
people's data is not in it (15(4)), nor are the names of a controller's own people, who act for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from campaigns.contacts.fault import InvalidNumber
from campaigns.contacts.phone import masked, parse
from campaigns.reply import Reply
from campaigns.states import AttemptState, CampaignState
from operations import receipt_parts as parts
from operations.receipt_parts import FORMAT, Receipt, Row
from operations.workspace import Workspace
from store import (
    audit,
    callbacks,
    controllers,
    erasure,
    holdings,
    replies,
    requests,
    submissions,
    suppressions,
)
from store.engine import reading, writing

_NEVER_LAUNCHED = {CampaignState.DRAFT, CampaignState.STOPPED}


def issue(workspace: Workspace, controller_id: int, text: str, by: str, shown_as: str) -> Receipt:
    """Gather what a controller holds of a number, and note in the audit that it was asked for.

    Args:
        workspace: where.
        controller_id: whose; of no other's is anything in it.
        text: the number, written in any French way.
        by: who asks.
        shown_as: in which form it is given out, for the audit.

    Raises:
        InvalidNumber: it is no number that could be called.
    """
    number, now = parse(text).e164, datetime.now(UTC)
    refused = [
        parts.RefusedRow(row["list"], row["line"], row["field"], row["value"], row["reason"])
        for _, row in erasure.rejected_of(workspace.engine, controller_id, number)
        if _is(row["value"], number)
    ]
    with reading(workspace.engine) as connection:
        found = _Gathering(workspace, connection, controller_id, number).receipt(refused, now)
    with writing(workspace.engine) as connection:
        detail = {"as": shown_as, "lists": len(found.lists), "campaigns": len(found.campaigns)}
        audit.record(
            connection, now, by, "receipt.issue", masked(number), controller_id, detail
        )  # fmt: skip
    return found


def _is(text: str, number: str) -> bool:
    try:
        return parse(text).e164 == number
    except InvalidNumber:
        return False


class _Gathering:
    """Gathers one receipt within one transaction."""

    def __init__(
        self, workspace: Workspace, connection: Connection, controller_id: int, number: str
    ) -> None:
        self._settings = workspace.settings
        self._connection = connection
        self._controller_id = controller_id
        self._number = number
        self._kept = timedelta(days=workspace.settings.retention.campaign_days)

    def receipt(self, refused: Sequence[parts.RefusedRow], now: datetime) -> Receipt:
        asked = (self._connection, self._controller_id, self._number)
        entries, places = holdings.entries(*asked), holdings.places(*asked)
        calls = [one for one in holdings.calls(*asked) if one["state"] != AttemptState.UNSENT.value]
        refusals = suppressions.of_number(*asked, operators=True)
        made = requests.of_number(*asked)
        name = controllers.name_of(self._connection, self._controller_id)
        return Receipt(
            format=FORMAT,
            issued_at=now,
            number=self._number,
            controller=name,
            contact=self._settings.privacy.contacts.get(name, ""),
            kept_days=self._kept.days,
            lists=list(self._entries(entries)),
            campaigns=list(self._places(places, calls)),
            refusals=[parts.refusal(row) for row in refusals],
            forms=[parts.submitted(row) for row in reversed(submissions.of_number(*asked))],
            callbacks=[parts.rang_back(row) for row in callbacks.of_number(*asked)],
            refused_rows=refused,
            requests=[parts.asked(row) for row in made],
            acts=self._acts(entries, places, calls, refusals, made),
        )

    def _entries(self, rows: Sequence[Row]) -> Iterator[parts.Entry]:
        users = defaultdict[int, list[Row]](list)
        ids = [row["list_id"] for row in rows]
        for one in holdings.campaigns_of_lists(self._connection, ids):
            users[one["list_id"]].append(one)
        for row in rows:
            ends = [self._end(one) for one in users[row["list_id"]]]
            yield parts.entry(row, _last([row["list_created_at"] + self._kept, *ends]))

    def _places(self, rows: Sequence[Row], calls: Sequence[Row]) -> Iterator[parts.Place]:
        by_target = defaultdict[int, list[parts.CallMade]](list)
        said = defaultdict[int, list[Reply]](list)
        replied = replies.of_attempts(self._connection, [one["id"] for one in calls])
        for one in calls:
            by_target[one["target_id"]].append(parts.call(one))
            said[one["target_id"]] += replied[one["id"]]
        for row in rows:
            keyed_in = parts.keyed_in(row, said[row["id"]])
            yield parts.place(row, by_target[row["id"]], keyed_in, self._end(row))

    def _end(self, row: Row) -> datetime | None:
        """When a campaign's people are removed; see `store.retention`."""
        never = row["campaign_launched_at"] is None and row["campaign_state"] in _NEVER_LAUNCHED
        over: datetime | None = row["campaign_created_at" if never else "campaign_ended_at"]
        return over and over + self._kept

    def _acts(
        self,
        entries: Sequence[Row],
        places: Sequence[Row],
        calls: Sequence[Row],
        refusals: Sequence[Row],
        made: Sequence[Row],
    ) -> list[parts.Act]:
        subjects = {f"list {row['list_id']}" for row in entries}
        subjects |= {f"campaign {row['campaign_id']}" for row in places}
        subjects |= {f"request {row['id']}" for row in made}
        asked = (self._connection, self._controller_id)
        found = holdings.acts_on(*asked, sorted(subjects))
        found += holdings.claims(*asked, calls)
        instants = [row["created_at"] for row in refusals]
        found += holdings.acts_near(*asked, masked(self._number), instants)
        return [parts.act(row) for row in sorted(found, key=_order)]


def _last(instants: Sequence[datetime | None]) -> datetime | None:
    """The last of them; None where one is not known yet."""
    known = [one for one in instants if one is not None]
    return max(known) if len(known) == len(instants) else None


def _order(row: Row) -> tuple[datetime, int, int]:
    return row["at"], row["segment_id"], row["sequence"]
