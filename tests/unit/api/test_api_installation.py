"""The page of the settings: what holds for everybody, and the dialers that work for it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_samples import Rig, make_rig
from fastapi.testclient import TestClient
from people_who_sign_in import QUICK, a_user
from postgres import Postgres
from test_api_users import browser, send, sign_in

from campaigns.access import Role
from operations import nodes
from store import leases
from store.engine import writing


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_it_says_what_is_set_and_who_works(rig: Rig, person: TestClient) -> None:
    assert "Aucun n’a encore tourné." in person.get("/settings").text
    rig.dialer_runs()
    said = words(person.get("/settings").text)
    limits = rig.workspace.settings.limits
    assert f"Appels par seconde {limits.max_cps:g}" in said
    assert "lance des appels" in said
    assert "SQLite" in said


def test_one_dialer_alone_cannot_be_taken_out(rig: Rig) -> None:
    rig.dialer_runs()
    a_user(rig.workspace, administrator=True, roles={1: {Role.READER}})
    client = browser(rig.app)
    assert sign_in(client) == 303
    assert "/drain" not in client.get("/settings").text
    assert send(client, "/settings/dialers/main/drain", "/account").status_code == 422


def test_only_an_administrator_may(rig: Rig, person: TestClient) -> None:
    answer = send(person, "/settings/dialers/main/drain", "/programs")
    assert answer.status_code == 403


@pytest.fixture
def several(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A rig on PostgreSQL, with two dialers."""
    with postgres.empty() as url:
        monkeypatch.setenv("PORTEVOIX_DATABASE_URL", url)
        made = make_rig(tmp_path / "several")
        with writing(made.workspace.engine) as connection:
            for name in ("a", "b"):
                leases.acquire(connection, datetime.now(UTC), name)
        yield made
        made.workspace.engine.dispose()


def test_one_of_several_is_taken_out_and_brought_back(several: Rig) -> None:
    a_user(several.workspace, "ad@example.org", administrator=True)
    client = browser(several.app)
    assert sign_in(client, "ad@example.org") == 303
    for act, other in (("drain", "resume"), ("resume", "drain")):
        assert f'action="/settings/dialers/a/{act}"' in client.get("/settings").text
        done = send(client, f"/settings/dialers/a/{act}", "/settings")
        assert done.headers["location"] == "/settings"
        assert f'action="/settings/dialers/a/{other}"' in client.get("/settings").text
        draining = {one.name: one.draining for one in nodes.every(several.workspace)}
        assert draining == {"a": act == "drain", "b": False}
