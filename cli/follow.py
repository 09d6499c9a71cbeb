"""Following a campaign until it ends, or until it is clear that nobody can be called."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState, TargetState
from cli.campaign_setup import Chosen
from cli.console import local
from cli.display import Display
from operations.explain import why
from operations.launch import act
from operations.progress import Progress, progress_of
from operations.workspace import Workspace
from store import targets
from store.engine import reading

LOOK_S = 0.5
"""Between two looks at the campaign."""

PATIENCE_S = 5.0
"""How long a dialer that is ready may place no call before the reason is asked for."""

ENDED = frozenset({CampaignState.FINISHED, CampaignState.STOPPED})

OPEN_BY_THEMSELVES = frozenset(
    {
        Gate.OUTSIDE_WINDOW,
        Gate.PUBLIC_HOLIDAY,
        Gate.BLACKOUT,
        Gate.FREQUENCY_CAP,
        Gate.RETRY_NOT_DUE,
        Gate.LIVE_CALL_ON_NUMBER,
        Gate.TEMPORARILY_NOT_CALLABLE,
        Gate.LIMIT_REACHED,
        Gate.PBX_UNAVAILABLE,
        Gate.CAMPAIGN_NOT_RUNNING,
    }
)
"""Gates worth waiting for; any other needs a person."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How following ended.

    Attributes:
        progress: the last look.
        gate: what keeps everybody from being called, where that is why.
        interrupted: the user asked to stop following.
    """

    progress: Progress
    gate: Gate | None = None
    interrupted: bool = False


@contextmanager
def interruption() -> Iterator[threading.Event]:
    """An event set by Ctrl-C or SIGTERM; a second one interrupts whatever is waited for."""
    asked = threading.Event()

    def ask(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(
    workspace: Workspace,
    chosen: Chosen,
    display: Display,
    asked: threading.Event,
    check: Callable[[], None],
    by: str,
) -> Ending:
    """Show a campaign's progress until it ends.

    Args:
        workspace: where it is.
        chosen: the campaign.
        display: shows each moment.
        asked: set when the user wants to stop; the campaign is then paused.
        check: called at each look; raises where a program that is needed has died.
        by: in whose name a pause is asked.
    """
    patience = _Patience()
    with display:
        while True:
            check()
            progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
            gate = _gate(workspace, chosen) if patience.over(progress) else None
            display.show(progress, _waiting(progress, gate))
            if progress.state in ENDED:
                return Ending(progress)
            if gate is not None and not _opens_by_itself(gate[0], progress):
                return Ending(progress, gate[0])
            if asked.wait(LOOK_S):
                return _paused(workspace, chosen, by)


def _opens_by_itself(gate: Gate, progress: Progress) -> bool:
    """A stage goes on by itself, unless a bound was exceeded."""
    if gate is Gate.STAGE_HOLD:
        return progress.hold is None
    return gate in OPEN_BY_THEMSELVES


def _paused(workspace: Workspace, chosen: Chosen, by: str) -> Ending:
    progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    if progress.state is CampaignState.RUNNING:
        act(workspace, chosen.controller_id, chosen.campaign_id, Action.PAUSE, by)
        progress = progress_of(workspace, chosen.controller_id, chosen.campaign_id)
    return Ending(progress, interrupted=True)


class _Patience:
    """Runs out while a running campaign has nothing up and nothing happens."""

    def __init__(self) -> None:
        self._seen = (-1, -1)
        self._since = monotonic()

    def over(self, progress: Progress) -> bool:
        now = monotonic()
        seen = (progress.attempts, progress.done)
        if seen != self._seen or progress.channels or not progress.dialing:
            self._seen, self._since = seen, now
        return now - self._since > PATIENCE_S


def _gate(workspace: Workspace, chosen: Chosen) -> tuple[Gate, datetime | None] | None:
    """What keeps the first pending person from being called now, and until when."""
    with reading(workspace.engine) as connection:
        waiting = targets.TargetFilter(state=TargetState.PENDING)
        found = targets.page(connection, chosen.campaign_id, 0, 1, waiting)
    if not found:
        return None
    for one in why(workspace, chosen.controller_id, found[0]["number"]):
        if one.campaign_id == chosen.campaign_id and one.gate is not None:
            return one.gate, one.opens_at
    return None


def _waiting(progress: Progress, gate: tuple[Gate, datetime | None] | None) -> str:
    if progress.state is CampaignState.SCHEDULED:
        return "waiting for its start"
    if progress.halted:
        return "everything is stopped"
    if not progress.dialing:
        return "waiting for the dialer"
    if gate is None:
        return ""
    name, opens_at = gate
    if opens_at is None or opens_at <= datetime.now(UTC):
        return f"waiting: {name}"
    return f"waiting: {name} until {local(opens_at)}"
