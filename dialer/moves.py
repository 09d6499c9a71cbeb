"""What the clock does with campaigns: begin, go to the next stage, hold, end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from campaigns import stages
from campaigns.campaign import Campaign
from campaigns.states import Action, CampaignState, TargetState
from store import attempts, audit, tallies, targets
from store import campaigns as kept

CANCEL_AT_ONCE = 5000
"""Targets of a stopped campaign cancelled in one transaction, so that none is long."""

log = structlog.get_logger()

Counts = Mapping[str, Mapping[str, int]]


class Moves:
    """Moves campaigns within a transaction; a broken one keeps none of the others."""

    def __init__(self) -> None:
        self._broken: dict[int, str] = {}

    def make(self, connection: Connection, now: datetime, *, halted: bool) -> list[Campaign]:
        """Do whatever is due; the campaigns that may have calls up afterwards.

        While everything is stopped no campaign begins.
        """
        for campaign_id, action in kept.due(connection, now):
            if action is not Action.LAUNCH or not halted:
                with self._apart(connection, campaign_id):
                    _act(connection, campaign_id, action, now)
        found = kept.live(connection, self._note)
        moved = False
        for campaign in found:
            with self._apart(connection, campaign.id):
                moved = _move(connection, campaign, now) or moved
        return kept.live(connection, self._note) if moved else found

    @contextmanager
    def _apart(self, connection: Connection, campaign_id: int) -> Iterator[None]:
        """What fails for one campaign is undone for that one alone."""
        try:
            with connection.begin_nested():
                yield
        except kept.UNREADABLE as error:
            self._note(campaign_id, error)

    def _note(self, campaign_id: int, error: Exception) -> None:
        """Say once of a campaign that it is left alone, and why."""
        said = f"{type(error).__name__}: {error}"
        if self._broken.get(campaign_id) != said:
            self._broken[campaign_id] = said
            log.error("a campaign is left alone", campaign=campaign_id, why=said)


def _move(connection: Connection, campaign: Campaign, now: datetime) -> bool:
    """Do what is due for a campaign; whether anything was."""
    counts = tallies.of_campaign(connection, campaign.id)
    pending = counts[tallies.STATE].get(TargetState.PENDING.value, 0)
    calling = counts[tallies.STATE].get(TargetState.CALLING.value, 0)
    if campaign.state is CampaignState.RUNNING:
        if pending or calling:
            return _watch(connection, campaign, counts, now)
        _act(connection, campaign.id, Action.FINISH, now)
        return True
    if campaign.state in {CampaignState.DRAINING, CampaignState.STOPPING} and not calling:
        if pending:
            targets.cancel(connection, campaign.id, CANCEL_AT_ONCE)
        else:
            _act(connection, campaign.id, Action.END, now)
        return True
    return False


def _watch(connection: Connection, campaign: Campaign, counts: Counts, now: datetime) -> bool:
    """Hold it where a bound is exceeded; let it into its next stage where all is well."""
    if campaign.hold:
        return False
    over = _stage_over(connection, campaign, counts)
    found = _verdict(connection, campaign, counts, ended=over)
    if found is not None:
        kept.hold(connection, campaign.id, found, now)
        _record(connection, campaign.id, "campaign.hold", asdict(found), now)
    elif over:
        kept.next_stage(connection, campaign.id, campaign.stage + 1)
        detail = {"called": campaign.stage_limit, "stage": campaign.stage + 1}
        _record(connection, campaign.id, "campaign.next_stage", detail, now)
    return over or found is not None


def _stage_over(connection: Connection, campaign: Campaign, counts: Counts) -> bool:
    begun = sum(counts[tallies.BEGUN].values())
    limit = campaign.stage_limit
    if not stages.stage_over(limit, begun, 0):
        return False
    return stages.stage_over(limit, begun, attempts.first_calls_up(connection, campaign.id))


def _verdict(
    connection: Connection, campaign: Campaign, counts: Counts, *, ended: bool
) -> stages.Hold | None:
    if not campaign.bounds:
        return None
    baseline = kept.baseline_of(connection, campaign.id)
    up = counts[tallies.STATE].get(TargetState.CALLING.value, 0)
    return stages.verdict(tallies.watched(counts), baseline, campaign.bounds, ended=ended, up=up)


def _act(connection: Connection, campaign_id: int, action: Action, now: datetime) -> None:
    before, after = kept.act(connection, campaign_id, action, now)
    detail = {"before": before, "after": after}
    _record(connection, campaign_id, f"campaign.{action}", detail, now)


def _record(
    connection: Connection, campaign_id: int, act: str, detail: Mapping[str, Any], now: datetime
) -> None:
    audit.record(
        connection, now, actor="clock", act=act, subject=f"campaign {campaign_id}",
        controller_id=kept.by_id(connection, campaign_id).controller_id, detail=detail,
    )  # fmt: skip
