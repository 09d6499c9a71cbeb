"""Fixtures of the API tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_samples import Rig, make_rig, sign_in
from fastapi.testclient import TestClient
from people_who_sign_in import QUICK


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash them as the real hasher does, a thousand times as quick."""
    monkeypatch.setattr("operations.passwords._hasher", QUICK)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(tmp_path / "home")
    yield made
    made.workspace.engine.dispose()


@pytest.fixture
def person(rig: Rig) -> TestClient:
    """Somebody who is signed in on the page, in French."""
    client = TestClient(rig.app, follow_redirects=False, headers={"Accept-Language": "fr"})
    sign_in(client, rig.key)
    return client
