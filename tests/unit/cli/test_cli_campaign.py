"""The campaign commands, as a shell sees them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cli_subjects import Command
from sqlalchemy import update

from campaigns.states import Action
from cli import campaign_run
from cli.campaign_setup import set_up
from operations.campaign_file import read_campaign_file
from operations.workspace import Workspace
from store import campaigns as kept
from store import tables
from store.engine import writing


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No dialer is started."""

    @contextmanager
    def nothing(*_: object) -> Iterator[Callable[[], None]]:
        yield lambda: None

    monkeypatch.setattr(campaign_run, "companions", nothing)


@pytest.fixture
def campaign_id(workspace: Workspace, campaign_file: Path) -> int:
    return set_up(workspace, read_campaign_file(campaign_file), "Zoé").campaign_id


def move(workspace: Workspace, campaign_id: int, *actions: Action) -> None:
    with writing(workspace.engine) as connection:
        for action in actions:
            kept.act(connection, campaign_id, action, datetime.now(UTC))


def test_run_detached_launches_and_says_that_no_dialer_runs(
    portevoix: Command, campaign_file: Path
) -> None:
    result = portevoix("campaign", "run", str(campaign_file), "--detach")
    assert result.exit_code == 0
    assert "«Essai» is running." in result.stderr
    assert "No dialer runs" in result.stderr
    assert "running" in portevoix("campaign", "show", "Essai").stdout


@pytest.mark.usefixtures("alone")
def test_run_of_a_finished_campaign_nobody_was_called_for_is_4(
    portevoix: Command, workspace: Workspace, campaign_id: int, campaign_file: Path
) -> None:
    move(workspace, campaign_id, Action.LAUNCH, Action.FINISH)
    result = portevoix("campaign", "run", str(campaign_file), "--json")
    last = json.loads(result.stdout.splitlines()[-1])
    assert result.exit_code == last["exit_code"] == 4
    assert last["progress"]["targets"] == 2
    assert "Nobody was called" in result.stderr


@pytest.mark.usefixtures("alone")
def test_run_of_a_stopped_campaign_is_3(
    portevoix: Command, workspace: Workspace, campaign_id: int, campaign_file: Path
) -> None:
    move(workspace, campaign_id, Action.STOP)
    assert portevoix("campaign", "run", str(campaign_file)).exit_code == 3


def test_a_campaign_is_found_by_name_and_by_number_whoever_it_is_for(
    portevoix: Command, campaign_id: int
) -> None:
    by_name = portevoix("campaign", "show", "Essai", "--json").stdout
    assert json.loads(by_name)["campaign_id"] == campaign_id
    assert portevoix("campaign", "show", str(campaign_id), "--json").stdout == by_name
    unknown = portevoix("campaign", "show", "Autre")
    assert (unknown.exit_code, unknown.stderr) == (1, "There is no campaign «Autre».\n")


def test_it_is_paused_resumed_and_stopped(
    portevoix: Command, workspace: Workspace, campaign_id: int
) -> None:
    move(workspace, campaign_id, Action.LAUNCH)
    assert "paused" in portevoix("campaign", "pause", "Essai").stdout
    resumed = portevoix("campaign", "resume", "Essai")
    assert "running" in resumed.stdout
    assert "No dialer is ready" in resumed.stderr
    assert "stopping" in portevoix("campaign", "stop", "Essai").stdout
    again = portevoix("campaign", "resume", "Essai")
    assert (again.exit_code, again.stdout) == (1, "")


@pytest.mark.usefixtures("campaign_id")
def test_limits_are_changed_one_at_a_time(portevoix: Command) -> None:
    portevoix("campaign", "limits", "Essai", "--cps", "2.5")
    assert "7 calls, 2.5 calls/s" in portevoix("campaign", "limits", "Essai").stdout
    refused = portevoix("campaign", "limits", "Essai", "--cps", "0")
    assert refused.exit_code == 1
    assert "max_cps" in refused.stderr


@pytest.mark.usefixtures("campaign_id")
def test_a_report_is_one_json_object_whose_states_add_up(portevoix: Command) -> None:
    report = json.loads(portevoix("campaign", "report", "Essai", "--json").stdout)
    assert sum(report["progress"]["states"].values()) == report["progress"]["targets"] == 2


def test_somebody_answers_for_rules_that_are_past_their_date(
    portevoix: Command, workspace: Workspace, campaign_id: int, campaign_file: Path
) -> None:
    with writing(workspace.engine) as connection:
        connection.execute(
            update(tables.campaign).values(rehearsal=False, verify_by=date(2026, 1, 31))
        )
    command = ("campaign", "acknowledge", "Essai", "--by", "Maître Roux")
    assert "pack_expired" in portevoix("why", "06 39 98 00 01").stdout
    refused = portevoix("campaign", "run", str(campaign_file), "--detach")
    assert refused.exit_code == 1
    assert f"portevoix campaign acknowledge {campaign_id} --by NAME" in refused.stderr
    assert "Maître Roux answers for fr-political" in portevoix(*command).stdout
    assert portevoix(*command).exit_code == 1, "once is enough"
    assert portevoix("campaign", "run", str(campaign_file), "--detach").exit_code == 0
