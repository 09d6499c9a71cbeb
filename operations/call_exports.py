"""What is exported of calls, people and refusals: columns, and rows in flat memory.

Each page is read in a transaction of its own, which is over before a row of it is given out: a slow
reader would otherwise keep the database's log from being emptied.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from campaigns.contacts.suppression_key import known_number
from campaigns.money import to_euros
from operations.import_list import rejects
from operations.rejects import Reject
from operations.workspace import Workspace
from store import audit, export_pages, lists
from store import campaigns as kept
from store import targets as kept_targets
from store.engine import reading, writing
from store.export_pages import Rows

PAGE = 2000
"""Rows read in one transaction, which takes some 20 ms."""

Cells: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True)
class Export:
    """A table to be written.

    Attributes:
        name: of the file, without its ending.
        header: column names.
        pages: rows as wide as the header, some at a time; cells are texts, numbers, booleans, None.
    """

    name: str
    header: Sequence[str]
    pages: Iterator[Sequence[Cells]]


ATTEMPTS = (
    "attempt_id", "target_id", "external_id", "list_id", "line", "number", "trunk", "caller_id",
    "rehearsal", "state", "outcome", "claimed_at", "sent_at", "ringing_at", "answered_at",
    "ended_at", "post_dial_delay_ms", "heard_s", "quartile", "keys", "hangup_cause", "sip_answer",
    "sip_call_id", "cost_euros", "variant",
)  # fmt: skip
TARGETS = (
    "target_id", "external_id", "list_id", "line", "number", "state", "attempts", "tries",
    "outcome", "gate", "due_at", "variant",
)  # fmt: skip
SUPPRESSIONS = ("id", "number", "reason", "source", "attempt_id", "asked_at", "expires_at")


def attempts(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> Export:
    """Every attempt of a campaign, in order of time; who asks for them goes on record.

    Raises:
        NotFound: the controller has no such campaign.
    """
    _hand_out(workspace, controller_id, campaign_id, "attempts", by)

    def page(connection: Connection, after: Any) -> Rows:
        return export_pages.attempts(connection, campaign_id, after, PAGE)

    return Export(f"attempts-{campaign_id}", ATTEMPTS, _pages(workspace, page, "", _attempt))


def targets(workspace: Workspace, controller_id: int, campaign_id: int, by: str) -> Export:
    """Every target of a campaign that is there now, in the order of the lists; likewise.

    Raises:
        NotFound: the controller has no such campaign.
    """
    _hand_out(workspace, controller_id, campaign_id, "targets", by)
    with reading(workspace.engine) as connection:
        first, last = kept_targets.span(connection, campaign_id)

    def page(connection: Connection, after: Any) -> Rows:
        return export_pages.targets(connection, campaign_id, after, last, PAGE)

    return Export(f"targets-{campaign_id}", TARGETS, _pages(workspace, page, first - 1, _target))


def suppressions(workspace: Workspace, controller_id: int, by: str) -> Export:
    """Every suppression of a controller, expired ones too; likewise."""
    with writing(workspace.engine) as connection:
        _note(connection, controller_id, by, "suppressions", f"controller {controller_id}")

    def page(connection: Connection, after: Any) -> Rows:
        return export_pages.suppressions(connection, controller_id, after, PAGE)

    return Export("suppressions", SUPPRESSIONS, _pages(workspace, page, 0, _suppression))


def refused_rows(
    workspace: Workspace, controller_id: int, list_id: int, by: str
) -> Iterator[Reject]:
    """The refused rows of a list, in the order of its file; likewise.

    Raises:
        NotFound: the controller has no such list.
    """
    with writing(workspace.engine) as connection:
        lists.one(connection, controller_id, list_id)
        _note(connection, controller_id, by, "rejects", f"list {list_id}")
    return rejects(workspace.engine, controller_id, list_id)


def _note(connection: Connection, controller_id: int, by: str, table: str, subject: str) -> None:
    """Put on record that a table of people's numbers is handed out.

    Args:
        connection: a transaction that writes.
        controller_id: whose.
        by: who asks for it.
        table: which.
        subject: of what.
    """
    now = datetime.now(UTC)
    audit.record(connection, now, by, "export.make", subject, controller_id, {"table": table})


def _hand_out(
    workspace: Workspace, controller_id: int, campaign_id: int, table: str, by: str
) -> None:
    with writing(workspace.engine) as connection:
        kept.row(connection, controller_id, campaign_id)
        _note(connection, controller_id, by, table, f"campaign {campaign_id}")


def _pages(
    workspace: Workspace,
    page: Callable[[Connection, Any], Rows],
    after: Any,
    cells: Callable[[Any], Cells],
) -> Iterator[list[Cells]]:
    while True:
        with reading(workspace.engine) as connection:
            rows = page(connection, after)
        if rows:
            yield [cells(row) for row in rows]
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _attempt(row: Any) -> Cells:
    found = [*row[:5], known_number(row.number), *row[6:11], *map(_instant, row[11:16])]
    rang = row.ringing_at or row.answered_at
    delay = max(0, rang - row.sent_at) if rang and row.sent_at else None
    heard = None if row.heard_ms is None else row.heard_ms / 1000
    cost = None if row.cost is None else float(to_euros(row.cost))
    return [*found, delay, heard, *row[17:22], cost, row.variant]


def _target(row: Any) -> Cells:
    return [*row[:4], known_number(row.number), *row[5:10], _instant(row.due_at), row.variant]


def _suppression(row: Any) -> Cells:
    return [
        row.id,
        known_number(row.number),
        *row[2:5],
        _instant(row.created_at),
        _instant(row.expires_at),
    ]


def _instant(ms: int | None) -> str | None:
    """Milliseconds since the epoch as ISO 8601 in UTC."""
    if ms is None:
        return None
    return (
        datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"
    )
