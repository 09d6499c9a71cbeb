"""The control room: what is going on at this moment on behalf of one controller."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.states import LIVE_CAMPAIGN, CampaignState
from operations.calls_made import CallsMade, Made, minute_of
from operations.progress import Progress, progress_of
from operations.spans import Span, spans
from operations.standing import Standing, standing
from operations.trunk_states import TrunkState, trunk_states
from operations.workspace import Workspace
from store import campaigns as kept
from store import halts, leases
from store.engine import reading

WINDOW = timedelta(hours=1)
"""How far back it looks."""

_SHOWN = 12
"""Campaigns on it: those that may have calls up, then those that ended within the window."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign in the control room.

    Attributes:
        share: of what the controller's running campaigns may call, by their weights; 0 to 1, None
            where it does not run.
        standing: why it is or is not dialing.
    """

    progress: Progress
    weight: float
    share: float | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Room:
    """What is going on.

    Attributes:
        dialer: one runs; `connected`: it reaches its PBX; `ready`: it places calls.
        gaps: how often that dialer missed events and settled everything anew.
        channels, calls_per_second: of the controller's calls, now.
        max_channels, max_cps: of the whole system.
        lately: its calls within `WINDOW`.
        minutes: the same minute by minute, the oldest first, without a gap.
        silent: of them, calls that were answered and heard nothing.
    """

    at: datetime
    dialer: bool
    connected: bool
    ready: bool
    gaps: int
    channels: int
    calls_per_second: float
    max_channels: int
    max_cps: float
    lately: Made
    minutes: tuple[Span, ...]
    silent: int
    campaigns: tuple[Shown, ...]
    trunks: tuple[TrunkState, ...]


def room_of(workspace: Workspace, controller_id: int, made: CallsMade) -> Room:
    """Look around, on behalf of one controller: nothing of any other's calls is in it."""
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        rows = _rows(kept.rows_of(connection, controller_id), now)
        campaigns = [kept.by_id(connection, row["id"]) for row in rows]
        dialer = leases.holder(connection, now) or {}
        standings = _standings(connection, campaigns, dialer, now)
    shown = tuple(_shown(workspace, controller_id, row, rows, standings) for row in rows)
    lately = _lately(workspace, campaigns, made, now)
    minutes = _minutes(lately, now)
    return Room(
        at=now,
        dialer=bool(dialer),
        connected=bool(dialer.get("connected")),
        ready=bool(dialer.get("ready")),
        gaps=int(dialer.get("gaps", 0)),
        channels=sum(one.progress.channels for one in shown),
        calls_per_second=sum(one.progress.calls_per_second for one in shown),
        max_channels=workspace.settings.limits.max_channels,
        max_cps=workspace.settings.limits.max_cps,
        lately=lately,
        minutes=minutes,
        silent=lately.silent,
        campaigns=shown,
        trunks=trunk_states(workspace, dialer),
    )


def _rows(rows: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    live = [row for row in rows if row["state"] in LIVE_CAMPAIGN]
    late = [row for row in rows if row["ended_at"] and row["ended_at"] > now - WINDOW]
    return [*live, *(row for row in late if row not in live)][:_SHOWN]


def _standings(
    connection: Connection, campaigns: list[Campaign], dialer: Mapping[str, Any], now: datetime
) -> dict[int, Standing]:
    halted = halts.current(connection) is not None
    return {one.id: standing(connection, one, dialer, now, halted=halted) for one in campaigns}


def _shown(
    workspace: Workspace,
    controller_id: int,
    row: dict[str, Any],
    rows: list[dict[str, Any]],
    standings: dict[int, Standing],
) -> Shown:
    running = [one["weight"] for one in rows if one["state"] == CampaignState.RUNNING.value]
    runs = row["state"] == CampaignState.RUNNING.value
    return Shown(
        progress_of(workspace, controller_id, row["id"]),
        row["weight"],
        row["weight"] / sum(running) if runs else None,
        standings[row["id"]],
    )


def _lately(
    workspace: Workspace, campaigns: list[Campaign], made: CallsMade, now: datetime
) -> Made:
    found = Made()
    for one in campaigns:
        found.join(made.lately(workspace.engine, one.id, one.max_call_s, now - WINDOW))
    return found


def _minutes(lately: Made, now: datetime) -> tuple[Span, ...]:
    last = minute_of(now)
    return spans(lately, 1, (last - round(WINDOW.total_seconds()) // 60 + 1, last))
