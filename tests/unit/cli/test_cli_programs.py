"""One dialer drives a home at a time; one that waits comes after the other."""

import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_subjects import Command

from campaigns.errors import LeaseLost, PbxError, StoreUnavailable
from cli.keeper import UNAVAILABLE
from cli.programs import network_wanted
from dialer import process
from dialer.ami import LoginRejected
from operations.settings import REHEARSAL, Settings, TrunkSettings
from operations.workspace import Workspace
from store import leases
from store.engine import writing


def test_a_dialer_that_waits_dials_once_the_other_has_ended(
    portevoix: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        held = leases.acquire(connection, now)
    done: list[str] = []

    def other_ends(_: float) -> None:
        with writing(workspace.engine) as connection:
            leases.release(connection, held, now)
        done.append("other ended")

    async def dial(*_: object) -> None:
        done.append("dialled")

    monkeypatch.setattr(time, "sleep", other_ends)
    monkeypatch.setattr(process, "run", dial)
    result = portevoix("dialer", "--wait")
    assert result.exit_code == 0
    assert done == ["other ended", "dialled"]
    assert "waiting for its end" in result.stderr


def test_the_network_is_ours_to_run_unless_somebody_listens_there(workspace: Workspace) -> None:
    settings = workspace.settings
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        settings.rehearsal.sip_port = other.getsockname()[1]
        assert not network_wanted(settings)
    assert network_wanted(settings)


def test_the_network_is_not_ours_where_the_trunk_of_that_name_leads_elsewhere(
    workspace: Workspace,
) -> None:
    elsewhere = TrunkSettings(host="127.0.0.1", port=5070)
    settings = Settings(home=workspace.settings.home, trunks={REHEARSAL: elsewhere})
    assert not network_wanted(settings)


@pytest.mark.parametrize("command", ["serve", "api"])
def test_a_port_that_is_taken_is_said_at_once(portevoix: Command, home: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        home.mkdir()
        (home / "portevoix.toml").write_text(f"[api]\nport = {port}\n")
        result = portevoix(command)
    assert result.exit_code == 1
    assert f"127.0.0.1, port {port}, cannot be listened on" in result.stderr
    assert "pv_" not in result.stdout  # a key shown once is not wasted on a server that never was


REMOTE = """
[pbx]
mode = "remote"
host = "127.0.0.1"
port = 5038
directory = "/tmp"
"""


@pytest.mark.parametrize(
    ("settings", "error", "code"),
    [
        (REMOTE, PbxError("No AMI connection."), UNAVAILABLE),
        (REMOTE, StoreUnavailable("The server is restarted."), UNAVAILABLE),
        ("", StoreUnavailable("The server is restarted."), UNAVAILABLE),
        (REMOTE, LoginRejected("Authentication failed."), 1),
        ("", PbxError("No Asterisk is installed."), 1),
        (REMOTE, LeaseLost("Another dialer drives this database."), 1),
    ],
)
def test_what_may_come_back_has_an_exit_code_of_its_own(
    portevoix: Command,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    error: Exception,
    code: int,
) -> None:
    """`serve` waits for that as long as it takes, and gives up what a person must mend."""

    async def fail(*_: object) -> None:
        raise error

    home.mkdir()
    (home / "portevoix.toml").write_text(settings)
    monkeypatch.setattr(process, "run", fail)
    result = portevoix("dialer")
    assert (result.exit_code, str(error) in result.stderr) == (code, True)


@pytest.mark.parametrize("command", ["dialer", "api"])
def test_a_database_that_is_away_is_one(portevoix: Command, home: Path, command: str) -> None:
    home.mkdir()
    (home / "portevoix.toml").write_text(
        'database_url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"\n'
    )
    result = portevoix(command)
    assert (result.exit_code, "cannot be opened" in result.stderr) == (UNAVAILABLE, True)
