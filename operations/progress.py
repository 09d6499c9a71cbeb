"""How far a campaign has come, and when it will be done."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from campaigns.budget import Spending
from campaigns.deadline import Outlook
from campaigns.outcome import ANSWERED
from campaigns.rules.gates import Gate
from campaigns.states import TERMINAL_TARGET, CampaignState, TargetState
from operations import deadline
from operations.hold import Held, held
from operations.workspace import Workspace
from store import campaigns as kept
from store import halts, leases, tallies
from store.engine import reading

_DONE = TERMINAL_TARGET - {TargetState.CANCELLED}
"""Nothing was done with those whom a stop cancelled."""

_LEAST_SHARE = 0.005
"""Under this share done, a finish time would be a guess."""

_UNDER_WAY = (TargetState.CALLING, TargetState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Progress:
    """A campaign at one moment.

    Attributes:
        states: targets by state; they add up to `targets`.
        attempts: calls placed or about to be: ended, under way, or in doubt.
        outcomes: ended attempts by outcome.
        gates: targets refused for good, by gate.
        answer_seizure_ratio: answered over ended attempts, 0 to 1; None before the first.
        channels: its calls up now.
        finish_at: when it will be done at the speed so far; None where nobody can tell.
        dialing: the dialer runs, reaches the PBX and has settled what was in flight.
        stages: people called by the end of each stage; none where all may be called at once.
        stage: which of them it is in, from 0; their count where everybody may be called.
        begun: people called at least once.
        hold: why it waits for a person to release it; None where it does not.
        halted: everything is stopped, this campaign with it.
        finish_by: when everybody should have been called for the first time; None: no deadline.
        needed_cps: calls per second that takes, while calls may be placed; None where no such
            time is left, there is no deadline, or the campaign has ended.
        deadline_met: whether its limits allow for that; None where it cannot be told.
        first_calls_done_at: when everybody has been called once, at the earliest its limits allow;
            None likewise, or where it is not within 15 days.
        money: what its calls cost, can cost at most and may cost, in micro-euros.
        budget_reached: the dialer places no call of it, as its budget has no room for one.
        transfers_closed: whoever asks to be put through hears that no place is free, as the trunk
            for it cannot be used: gone, not armed, or not allowed to show the caller id.
    """

    campaign_id: int
    name: str
    state: CampaignState
    rehearsal: bool
    targets: int
    done: int
    attempts: int
    states: dict[str, int]
    outcomes: dict[str, int]
    gates: dict[str, int]
    answer_seizure_ratio: float | None
    channels: int
    calls_per_second: float
    max_channels: int
    max_cps: float
    launched_at: datetime | None
    ended_at: datetime | None
    finish_at: datetime | None
    dialing: bool
    stages: tuple[int, ...] = ()
    stage: int = 0
    begun: int = 0
    hold: Held | None = None
    halted: bool = False
    finish_by: datetime | None = None
    needed_cps: float | None = None
    deadline_met: bool | None = None
    first_calls_done_at: datetime | None = None
    money: Spending = field(default_factory=Spending)
    budget_reached: bool = False
    transfers_closed: bool = False

    def plain(self) -> dict[str, Any]:
        """As plain values for JSON; instants stay datetimes."""
        return asdict(self)


def progress_of(workspace: Workspace, controller_id: int, campaign_id: int) -> Progress:
    """A campaign's progress now, from counts kept with every move: the same work at any size.

    Raises:
        NotFound: the controller has no such campaign.
    """
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        counts = tallies.of_campaign(connection, campaign_id)
        dialer = leases.holder(connection, now) or {}
        halted = halts.current(connection) is not None
        ahead = _outlook(connection, row, counts, now)
    return _progress(row, counts, dialer, ahead, now, halted=halted)


def _outlook(
    connection: Connection, row: dict[str, Any], counts: Any, now: datetime
) -> Outlook | None:
    if row["finish_by"] is None or row["ended_at"] is not None:
        return None
    return deadline.outlook(connection, kept.by_id(connection, row["id"]), counts, now)


def _progress(
    row: dict[str, Any],
    counts: Any,
    dialer: dict[str, Any],
    ahead: Outlook | None,
    now: datetime,
    *,
    halted: bool,
) -> Progress:
    states, outcomes = counts[tallies.STATE], counts[tallies.OUTCOME]
    total = sum(states.values())
    done = sum(states.get(state.value, 0) for state in _DONE)
    ended = sum(outcomes.values())
    own = dialer.get("campaigns", {}).get(str(row["id"]), {})
    return Progress(
        campaign_id=row["id"],
        name=row["name"],
        state=CampaignState(row["state"]),
        rehearsal=row["rehearsal"],
        targets=total,
        done=done,
        attempts=ended + sum(states.get(state.value, 0) for state in _UNDER_WAY),
        states=states,
        outcomes=outcomes,
        gates=counts[tallies.GATE],
        answer_seizure_ratio=_answered(outcomes) / ended if ended else None,
        channels=own.get("channels", 0),
        calls_per_second=own.get("calls_per_second", 0.0),
        max_channels=row["max_channels"],
        max_cps=row["max_cps"],
        launched_at=row["launched_at"],
        ended_at=row["ended_at"],
        finish_at=None if halted else _finish_at(row, done, total, now),
        dialing=bool(dialer.get("ready")),
        stages=tuple(row["stages"]),
        stage=row["stage"],
        begun=sum(counts[tallies.BEGUN].values()),
        hold=held(row),
        halted=halted,
        finish_by=row["finish_by"],
        needed_cps=ahead.needed_cps if ahead else None,
        deadline_met=ahead.met if ahead else None,
        first_calls_done_at=ahead.done_at if ahead else None,
        money=_money(row, counts[tallies.MONEY]),
        budget_reached=own.get("gate") == Gate.BUDGET_REACHED,
        transfers_closed=bool(own.get("transfers_closed")),
    )


def _money(row: dict[str, Any], counts: dict[str, int]) -> Spending:
    spent, reserved = (counts.get(name, 0) for name in (tallies.SPENT, tallies.RESERVED))
    return Spending(spent, reserved, row["budget"])


def _answered(outcomes: dict[str, int]) -> int:
    return sum(outcomes.get(outcome.value, 0) for outcome in ANSWERED)


def _finish_at(row: dict[str, Any], done: int, total: int, now: datetime) -> datetime | None:
    begun = row["launched_at"]
    running = row["state"] == CampaignState.RUNNING.value and not row["hold"]
    if not running or begun is None or total == 0 or done < _LEAST_SHARE * total:
        return None
    elapsed = (now - begun).total_seconds()
    return now + timedelta(seconds=elapsed / done * (total - done))
