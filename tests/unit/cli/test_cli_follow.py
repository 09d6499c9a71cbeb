"""Following ends when the campaign does, when nobody can be called, or when the user says so."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.errors import PbxError
from campaigns.rules.gates import Gate
from campaigns.states import Action, CampaignState
from cli import follow as following
from cli.campaign_setup import Chosen, set_up
from cli.follow import Ending, follow
from operations.campaign_file import CampaignFile, ScheduleValues, read_campaign_file
from operations.launch import act
from operations.progress import Progress
from operations.workspace import Workspace
from store import campaigns as kept
from store import leases
from store.engine import writing


class Script:
    """A display that does something at its nth showing."""

    def __init__(self, at: int = 0, do: Callable[[], Any] = lambda: None) -> None:
        self.shown: list[tuple[Progress, str]] = []
        self._at, self._do = at, do

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None: ...

    def show(self, progress: Progress, waiting: str) -> None:
        self.shown.append((progress, waiting))
        if len(self.shown) == self._at:
            self._do()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_S", 0.01)
    monkeypatch.setattr(following, "PATIENCE_S", 0.0)


def launched(workspace: Workspace, values: CampaignFile) -> Chosen:
    chosen = set_up(workspace, values, "Zoé")
    act(workspace, chosen.controller_id, chosen.campaign_id, Action.LAUNCH, "Zoé")
    return chosen


@pytest.fixture
def chosen(workspace: Workspace, campaign_file: Path) -> Chosen:
    return launched(workspace, read_campaign_file(campaign_file))


def dialer_says(workspace: Workspace, chosen: Chosen, gate: str | None = None) -> None:
    """A dialer that is ready, and what it shows of the campaign."""
    status = {
        "ready": True,
        "campaigns": {str(chosen.campaign_id): {"channels": 0, "gate": gate}},
        "trunks": {"rehearsal": {"rehearsal": True}},
    }
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        leases.renew(connection, leases.acquire(connection, now), now, status)


def finish(workspace: Workspace, chosen: Chosen) -> None:
    with writing(workspace.engine) as connection:
        kept.act(connection, chosen.campaign_id, Action.FINISH, datetime.now(UTC))


def watch(
    workspace: Workspace,
    chosen: Chosen,
    display: Script,
    asked: threading.Event | None = None,
    check: Callable[[], None] = lambda: None,
) -> Ending:
    return follow(workspace, chosen, display, asked or threading.Event(), check, "Zoé")


def test_it_ends_with_the_campaign(workspace: Workspace, chosen: Chosen) -> None:
    display = Script(at=3, do=lambda: finish(workspace, chosen))
    ending = watch(workspace, chosen, display)
    assert ending.progress.state is CampaignState.FINISHED
    assert ending.gate is None
    assert len(display.shown) == 4


def test_a_gate_that_needs_a_person_ends_it(workspace: Workspace, chosen: Chosen) -> None:
    dialer_says(workspace, chosen, gate="trunk_unavailable")
    ending = watch(workspace, chosen, Script())
    assert ending.gate is Gate.TRUNK_UNAVAILABLE
    assert ending.progress.state is CampaignState.RUNNING


def test_closed_hours_are_waited_for_and_their_end_is_shown(
    workspace: Workspace, campaign_file: Path
) -> None:
    values = read_campaign_file(campaign_file)
    day = (datetime.now(UTC) + timedelta(days=3)).isoweekday()
    other = min(day, 6) if day != 7 else 2
    hours = [{"days": [other], "start": "10:00", "end": "13:00"}]
    values.schedule = ScheduleValues.model_validate({"hours": hours})
    chosen = launched(workspace, values)
    dialer_says(workspace, chosen)
    display = Script(at=5, do=lambda: finish(workspace, chosen))
    ending = watch(workspace, chosen, display)
    assert ending.gate is None
    assert "waiting: outside_window until " in display.shown[-2][1]


def test_without_a_dialer_it_says_so_and_waits(workspace: Workspace, chosen: Chosen) -> None:
    display = Script(at=3, do=lambda: finish(workspace, chosen))
    watch(workspace, chosen, display)
    assert {waiting for _, waiting in display.shown} == {"waiting for the dialer"}


def test_the_user_who_leaves_leaves_a_paused_campaign(workspace: Workspace, chosen: Chosen) -> None:
    asked = threading.Event()
    ending = watch(workspace, chosen, Script(at=2, do=asked.set), asked)
    assert ending.interrupted
    assert ending.progress.state is CampaignState.PAUSED


def test_the_death_of_a_program_it_needs_is_told(workspace: Workspace, chosen: Chosen) -> None:
    def check() -> None:
        raise PbxError("The dialer ended.")

    with pytest.raises(PbxError, match="The dialer ended"):
        watch(workspace, chosen, Script(), check=check)
