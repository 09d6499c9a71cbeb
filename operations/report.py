"""The report of a campaign: what was done, to how many, and why not to the others."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from campaigns.script import script_of
from campaigns.states import TargetState
from operations.progress import Progress, progress_of
from operations.replies import Said, said
from operations.workspace import Workspace
from store import attempt_reports, tallies
from store import campaigns as kept
from store.attempt_reports import Heard
from store.engine import reading

PAGE = 1000

HEARD_AT_ONCE = 20_000
"""Attempts summed up in one transaction, which takes some 20 ms."""


@dataclass(frozen=True, slots=True)
class Report:
    """A campaign's result.

    Attributes:
        progress: states, outcomes and gates, counted.
        heard: seconds heard and quarters of the message reached, over answered calls.
        opted_out: people who pressed 9.
        in_doubt: targets of which nobody knows how their call ended.
        duration: from launch to end, or to the report.
        pack: rule pack in force, with its version.
        message_s: length of the message.
        said: what people said with keys; None where no key but 9 did anything.
    """

    progress: Progress
    heard: Heard
    opted_out: int
    in_doubt: int
    duration: timedelta | None
    pack: str
    message_s: float
    said: Said | None = None


def report_of(workspace: Workspace, controller_id: int, campaign_id: int) -> Report:
    """The report of a campaign, at any moment.

    Raises:
        NotFound: the controller has no such campaign.
    """
    progress = progress_of(workspace, controller_id, campaign_id)
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        counts = tallies.of_campaign(connection, campaign_id)[tallies.REPLY]
    return Report(
        progress=progress,
        heard=attempt_reports.summed(heard_sums(workspace.engine, campaign_id)),
        opted_out=progress.outcomes.get("opted_out", 0),
        in_doubt=progress.states.get(TargetState.IN_DOUBT.value, 0),
        duration=_duration(row["launched_at"], row["ended_at"]),
        pack=row["pack"],
        message_s=row["message_ms"] / 1000,
        said=said(script_of(row["script"]), counts) if row["script"] else None,
    )


def heard_sums(engine: Engine, campaign_id: int) -> Counter[str]:
    """What the people of a campaign heard, as `summed` takes it, in short transactions.

    Of a campaign whose attempts were removed, what was counted before.
    """
    with reading(engine) as connection:
        found = Counter(tallies.of_campaign(connection, campaign_id)[tallies.HEARD])
    if found:
        return found
    after: datetime | None = None
    while True:
        with reading(engine) as connection:
            some, after = attempt_reports.heard(connection, campaign_id, after, HEARD_AT_ONCE)
        if after is None:
            return found
        found += some


def all_attempts(
    workspace: Workspace, controller_id: int, campaign_id: int
) -> Iterator[dict[str, Any]]:
    """Every attempt of a campaign in order of time, read in short transactions.

    Raises:
        NotFound: the controller has no such campaign.
    """
    after = ""
    while True:
        with reading(workspace.engine) as connection:
            kept.row(connection, controller_id, campaign_id)
            page = attempt_reports.page(connection, campaign_id, after, PAGE)
        if not page:
            return
        yield from page
        after = page[-1]["id"]


def _duration(begun: datetime | None, ended: datetime | None) -> timedelta | None:
    return ended - begun if begun and ended else None
