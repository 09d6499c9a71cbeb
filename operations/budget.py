"""A campaign's money: its budget, an account of what was spent, and an invoice beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from campaigns.budget import Spending
from campaigns.errors import InvalidInput
from campaigns.invoice import Billed, Comparison, compare
from campaigns.money import plain
from campaigns.script import budget_beside_transfer
from campaigns.tariff import talked_s
from operations.trunk_choice import find_trunk
from operations.workspace import Workspace
from store import attempt_reports, audit, spending
from store import campaigns as kept
from store.engine import reading, writing
from store.spending import Spent

AT_ONCE = 5000
"""Attempts read in one transaction."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What campaigns of one controller spent, for its campaign account (Code électoral, L.52-8).

    Attributes:
        names: of the campaigns, by id.
        lines: sums by day, trunk and campaign, in that order.
        reserved: micro-euros that calls in flight or in doubt can cost at most.
    """

    names: dict[int, str]
    lines: tuple[Spent, ...]
    reserved: int

    @property
    def cost(self) -> int:
        """Micro-euros in all."""
        return sum(one.cost for one in self.lines)

    @property
    def calls(self) -> int:
        """Answered calls in all."""
        return sum(one.calls for one in self.lines)

    @property
    def seconds(self) -> int:
        """Seconds from answer to end in all."""
        return sum(one.seconds for one in self.lines)

    @property
    def unpriced(self) -> int:
        """Calls for which the trunk had no tariff, so that nobody knows what they cost."""
        return sum(one.unpriced for one in self.lines)


def change_budget(
    workspace: Workspace, controller_id: int, campaign_id: int, micros: int | None, by: str
) -> Spending:
    """A named person sets what a campaign may spend in all, also while it runs; how it stands then.

    The next claim keeps to it. What was spent or promised before stays so: a lower budget than
    that only keeps further calls from being placed.

    Args:
        workspace: where.
        controller_id: whose campaign.
        campaign_id: which.
        micros: micro-euros; None for no budget.
        by: the person who answers for it.

    Raises:
        NotFound: the controller has no such campaign.
        InvalidInput: nobody is named, it is below zero, or the campaign puts calls through, so
            that it could spend more than its budget.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    if micros is not None and micros < 0:
        raise InvalidInput("budget", "a budget is not below zero.")
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        before, script = row["budget"], row["script"]
        if micros is not None and script and script["transfer"]:
            raise budget_beside_transfer()
        spending.set_budget(connection, campaign_id, micros)
        audit.record(
            connection, datetime.now(UTC), by.strip(), "campaign.budget",
            f"campaign {campaign_id}", controller_id,
            {"before": _euros(before), "after": _euros(micros)},
        )  # fmt: skip
        return spending.of_campaign(connection, campaign_id)


def statement(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Statement:
    """What a controller's campaigns spent, or one of them; of rehearsals only one that is named.

    Args:
        workspace: where.
        controller_id: whose.
        campaign_id: one campaign; None for all.
        since: first day, in Paris; None for the first there is.
        until: last day.

    Raises:
        NotFound: the controller has no such campaign.
    """
    with reading(workspace.engine) as connection:
        if campaign_id is None:
            every = kept.rows_of(connection, controller_id)
            rows = [row for row in every if not row["rehearsal"]]
        else:
            rows = [kept.row(connection, controller_id, campaign_id)]
        names = {row["id"]: row["name"] for row in rows}
        lines = spending.by_day(connection, list(names))
        reserved = sum(spending.of_campaign(connection, one).reserved for one in names)
    within = (one for one in lines if (since or one.day) <= one.day <= (until or one.day))
    return Statement(names, tuple(within), reserved)


def beside_invoice(
    workspace: Workspace, controller_ids: Sequence[int], trunk: str, theirs: Sequence[Billed]
) -> Comparison:
    """Compare a carrier's invoice with what these controllers called over one trunk.

    Ours are the calls of the days that the invoice covers, from its first call to its last.

    Raises:
        InvalidInput: the settings have no such trunk, or the invoice has no call.
    """
    find_trunk(workspace, trunk)
    if not theirs:
        raise InvalidInput("invoice", "it has no call.", "Give a file with a row for each call.")
    days = [spending.day_of(one.start) for one in theirs]
    first, last = min(days), max(days)
    ours = _charged(workspace, controller_ids, trunk)
    return compare((one for one in ours if first <= spending.day_of(one.start) <= last), theirs)


def _charged(workspace: Workspace, controller_ids: Sequence[int], trunk: str) -> Iterator[Billed]:
    """Answered calls over a trunk, read in short transactions."""
    with reading(workspace.engine) as connection:
        ids = [row["id"] for one in controller_ids for row in kept.rows_of(connection, one)]
    after = ""
    while True:
        with reading(workspace.engine) as connection:
            rows = attempt_reports.charged(connection, ids, after, AT_ONCE)
        if not rows:
            return
        yield from (_billed(row) for row in rows if row["trunk"] == trunk)
        after = rows[-1]["id"]


def _billed(row: Mapping[str, Any]) -> Billed:
    seconds = talked_s(row["answered_at"], row["ended_at"])
    return Billed(row["number"], row["answered_at"], seconds, row["cost"] or 0)


def _euros(micros: int | None) -> str | None:
    return None if micros is None else plain(micros)
