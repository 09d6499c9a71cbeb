"""What `portevoix trunk list` shows of trunks, with a dialer and without."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_subjects import Command

from operations.workspace import open_workspace
from store import leases
from store.engine import writing

SETTINGS = """
[trunks.carrier]
host = "192.0.2.1"
priority = 2
weight = 2.5
"""


@pytest.fixture(autouse=True)
def settings(home: Path) -> None:
    home.mkdir()
    (home / "portevoix.toml").write_text(SETTINGS)


def dialer_shows(home: Path, **rehearsal: Any) -> None:
    workspace = open_workspace(home)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        status = {"trunks": {"rehearsal": rehearsal}}
        leases.renew(connection, leases.acquire(connection, now), now, status)
    workspace.engine.dispose()


def listed(portevoix: Command) -> dict[str, dict[str, Any]]:
    found = json.loads(portevoix("trunk", "list", "--json").stdout)
    return {one["name"]: one for one in found}


def line(portevoix: Command, name: str) -> str:
    lines = portevoix("trunk", "list").stdout.splitlines()
    return next(each for each in lines if each.startswith(name))


def test_without_a_dialer_nobody_knows_how_a_trunk_fares(portevoix: Command) -> None:
    found = listed(portevoix)
    assert (found["carrier"]["priority"], found["carrier"]["weight"]) == (2, 2.5)
    assert (found["rehearsal"]["priority"], found["rehearsal"]["weight"]) == (1, 1.0)
    assert {one["breaker"] for one in found.values()} == {None}
    assert "2.5" in line(portevoix, "carrier")


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ({"breaker": "closed", "factor": 1.0, "why": None}, "in use"),
        ({"breaker": "closed", "factor": 0.25, "why": None}, "slowed"),
        ({"breaker": "open", "factor": 0.0, "why": "congested"}, "for want of room"),
        ({"breaker": "open", "factor": 0.0, "why": "invalid"}, "do not exist"),
        ({"breaker": "half_open", "factor": 0.02, "why": "failed"}, "probed: fails or refuses"),
    ],
)
def test_how_it_fares_and_why(
    portevoix: Command, home: Path, shown: dict[str, Any], words: str
) -> None:
    dialer_shows(home, **shown)
    assert words in line(portevoix, "rehearsal")
    found = listed(portevoix)["rehearsal"]
    assert {name: found[name] for name in shown} == shown


def test_the_rate_in_force_stands_beside_the_one_that_was_set(
    portevoix: Command, home: Path
) -> None:
    dialer_shows(home, breaker="closed", factor=0.25, why=None)
    assert "12 of 50" in line(portevoix, "rehearsal")
