"""Holds and one stop for everything, as a shell sees them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_subjects import Command

from campaigns.stages import Hold, Measure
from campaigns.states import Action
from cli.campaign_setup import rehearsed, set_up
from cli.doctor import keeping
from cli.doctor.check import Level
from operations import halt
from operations.campaign_file import read_campaign_file
from operations.workspace import Workspace
from store import campaigns as kept
from store.engine import reading, writing


@pytest.fixture
def held(workspace: Workspace, campaign_file: Path) -> int:
    """A running campaign that waits for a person."""
    campaign_id = set_up(workspace, read_campaign_file(campaign_file), "Zoé").campaign_id
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        kept.act(connection, campaign_id, Action.LAUNCH, now)
        kept.hold(connection, campaign_id, Hold(Measure.OPT_OUTS, 0.08, 0.02, 1200), now)
    return campaign_id


def test_everything_stops_and_goes_on_without_a_server(
    portevoix: Command, workspace: Workspace
) -> None:
    stopped = portevoix("stop", "--all", "--by", "Zoé", "--reason", "essai")
    assert stopped.exit_code == 0
    assert "Everything is stopped since" in stopped.stdout
    found = halt.current(workspace)
    assert found is not None
    assert (found.by, found.reason, found.controller_id) == ("Zoé", "essai", None)
    assert "by Zoé" in portevoix("stop", "--all", "--by", "Max").stdout, "the first one stands"
    assert "may be placed again" in portevoix("resume", "--all", "--by", "Ana").stdout
    assert "Nothing was stopped" in portevoix("resume", "--all", "--by", "Ana").stdout


@pytest.mark.parametrize("command", ["stop", "resume"])
def test_everything_must_be_said(portevoix: Command, workspace: Workspace, command: str) -> None:
    result = portevoix(command, "--by", "Zoé")
    assert result.exit_code == 1
    assert f"portevoix campaign {command} NAME" in result.stderr
    assert halt.current(workspace) is None


def test_calls_are_let_through_again_in_a_persons_name_alone(portevoix: Command) -> None:
    portevoix("stop", "--all")
    assert portevoix("resume", "--all").exit_code == 2


def test_a_hold_is_shown_and_released(portevoix: Command, workspace: Workspace, held: int) -> None:
    shown = portevoix("campaign", "show", "Essai").stdout
    assert "opt_outs 8.0% of 1,200 calls, over 2.0%" in shown
    assert "stage 1 of 4: 0 of 200 people called" in shown
    assert json.loads(portevoix("campaign", "show", "Essai", "--json").stdout)["hold"]
    assert portevoix("campaign", "release", "Essai").exit_code == 2, "nobody is named"
    released = portevoix("campaign", "release", "Essai", "--by", "Zoé")
    assert released.exit_code == 0
    assert "released by Zoé" in released.stdout
    with reading(workspace.engine) as connection:
        assert kept.by_id(connection, held).hold == ""
    assert "not held" in portevoix("campaign", "release", "Essai", "--by", "Zoé").stderr


def test_show_says_when_everything_is_stopped(portevoix: Command, held: int) -> None:
    portevoix("stop", "--all", "--by", "Zoé", "--reason", "essai")
    assert "by Zoé: essai" in portevoix("campaign", "show", "Essai").stdout


def test_a_rehearsal_of_a_campaign_is_not_watched(campaign_file: Path) -> None:
    values = read_campaign_file(campaign_file)
    assert values.launch.watch
    assert not rehearsed(values).launch.watch


def test_doctor_tells_of_a_stop(workspace: Workspace) -> None:
    halt.stop_everything(workspace, "Zoé")
    (found,) = [one for one in keeping.look(workspace.settings) if "stop" in one.name]
    assert found.level is Level.WARNING
    assert "by Zoé" in found.detail
