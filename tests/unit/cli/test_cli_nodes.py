"""Dialers that share a database, at the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_subjects import Command
from sqlalchemy import Engine, update

from operations import nodes
from operations.workspace import open_workspace
from store import audit, leases
from store.engine import reading, writing
from store.tables import lease


@pytest.fixture
def shared(home: Path, postgres_store: Engine) -> Engine:
    url = postgres_store.url.render_as_string(hide_password=False)
    home.mkdir()
    (home / "portevoix.toml").write_text(f'database_url = "{url}"\n')
    now = datetime.now(UTC)
    with writing(postgres_store) as connection:
        for name, channels in (("a", 3), ("b", 4)):
            held = leases.acquire(connection, now, name, 300)
            leases.renew(connection, held, now, {"ready": True, "channels": channels})
    return postgres_store


def states(portevoix: Command) -> dict[str, str]:
    found = json.loads(portevoix("node", "list", "--json").stdout)
    return {one["name"]: one["state"] for one in found}


def test_they_are_listed_with_what_they_do(portevoix: Command, shared: Engine) -> None:
    with writing(shared) as connection:
        connection.execute(update(lease).where(lease.c.name == "b").values(process=""))
    assert states(portevoix) == {"a": "places calls", "b": "not there"}
    shown = portevoix("node", "list").stdout
    assert "places calls" in shown


def test_one_is_drained_and_resumed_by_a_named_person(portevoix: Command, shared: Engine) -> None:
    assert portevoix("node", "drain", "b", "--by", "Zoé").exit_code == 0
    assert states(portevoix) == {"a": "places calls", "b": "draining"}
    assert portevoix("node", "resume", "b", "--by", "Zoé").exit_code == 0
    assert states(portevoix)["b"] == "places calls"
    with reading(shared) as connection:
        acts = [
            (one["act"], one["actor"], one["subject"]) for one in audit.latest(connection, None, 2)
        ]
    assert ("node.drain", "Zoé", "node b") in acts


def test_one_that_will_not_come_back_is_forgotten(portevoix: Command, shared: Engine) -> None:
    done = portevoix("node", "forget", "b", "--by", "Zoé")
    assert done.exit_code != 0
    assert "runs. Stop it first" in done.stderr
    with writing(shared) as connection:
        connection.execute(update(lease).where(lease.c.name == "b").values(process=""))
    assert portevoix("node", "forget", "b", "--by", "Zoé").exit_code == 0
    assert states(portevoix) == {"a": "places calls"}
    with reading(shared) as connection:
        (last,) = audit.latest(connection, None, 1)
    assert (last["act"], last["actor"], last["subject"]) == ("node.forget", "Zoé", "node b")


def test_only_one_of_the_same_name_is_waited_for(home: Path, shared: Engine) -> None:
    workspace = open_workspace(home)
    found = [nodes.in_the_way(workspace, name) for name in ("a", "c")]
    assert [one and one.name for one in found] == ["a", None]
    workspace.engine.dispose()


def test_one_that_never_was_is_not_drained(portevoix: Command, shared: Engine) -> None:
    done = portevoix("node", "drain", "nosuch")
    assert done.exit_code != 0
    assert "«nosuch»" in done.stderr


def test_where_one_alone_dials_there_is_nobody_to_drain_for(portevoix: Command) -> None:
    done = portevoix("node", "drain", "main")
    assert done.exit_code != 0
    assert "Pause its campaigns" in done.stderr


def test_a_name_that_could_be_a_path_is_refused(portevoix: Command) -> None:
    done = portevoix("dialer", "--node", "../x")
    assert done.exit_code != 0
    assert "small letters" in done.stderr
