"""The control room: what is going on at this moment on behalf of one controller."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.states import CampaignState
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
"""Campaigns in its table. What it sums up are all that may have calls up, and all that ended within
the window."""

_ORDER = (
    CampaignState.RUNNING,
    CampaignState.DRAINING,
    CampaignState.STOPPING,
    CampaignState.PAUSED,
)
"""Which of them come first, the newest before the others; then those that ended."""


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
        campaigns: the first ones; `more`: how many others are in the sums.
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
    more: int
    trunks: tuple[TrunkState, ...]


def room_of(workspace: Workspace, controller_id: int, made: CallsMade) -> Room:
    """Look around, on behalf of one controller: nothing of any other's calls is in it."""
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        rows = sorted(kept.lively(connection, controller_id, now - WINDOW), key=_place)
        campaigns = [kept.by_id(connection, row["id"]) for row in rows]
        dialer = leases.holder(connection, now) or {}
        standings = _standings(connection, campaigns[:_SHOWN], dialer, now)
    shown = tuple(_shown(workspace, controller_id, row, rows, standings) for row in rows[:_SHOWN])
    own = [dialer.get("campaigns", {}).get(str(row["id"]), {}) for row in rows]
    lately = _lately(workspace, campaigns, made, now)
    minutes = _minutes(lately, now)
    return Room(
        at=now,
        dialer=bool(dialer),
        connected=bool(dialer.get("connected")),
        ready=bool(dialer.get("ready")),
        gaps=int(dialer.get("gaps", 0)),
        channels=sum(one.get("channels", 0) for one in own),
        calls_per_second=sum(one.get("calls_per_second", 0.0) for one in own),
        max_channels=workspace.settings.limits.max_channels,
        max_cps=workspace.settings.limits.max_cps,
        lately=lately,
        minutes=minutes,
        silent=lately.silent,
        campaigns=shown,
        more=len(rows) - len(shown),
        trunks=trunk_states(workspace, dialer),
    )


def _place(row: Mapping[str, Any]) -> int:
    state = CampaignState(row["state"])
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


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
