"""API keys: shown once, kept as a digest, good for one controller."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from store_subjects import NOW
from workspaces import a_workspace

from operations.keys import digest, make_key, owner_of
from operations.workspace import Workspace
from store import controllers
from store.engine import reading, writing
from store.tables import api_key, audit_event


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


def test_a_key_belongs_to_its_controller(workspace: Workspace) -> None:
    ours = make_key(workspace, "A", "site", "Zoé")
    theirs = make_key(workspace, "B", "site", "Zoé")
    assert owner_of(workspace, ours) == (1, "site")
    assert owner_of(workspace, theirs) == (2, "site")
    assert ours != theirs


@pytest.mark.parametrize("text", ["", "pv_", "x", "pv_" + "a" * 43, "é"])
def test_any_other_text_is_nobodys(workspace: Workspace, text: str) -> None:
    make_key(workspace, "A", "site", "Zoé")
    assert owner_of(workspace, text) is None


def test_the_key_itself_is_kept_nowhere(workspace: Workspace) -> None:
    key = make_key(workspace, "A", "site", "Zoé")
    with reading(workspace.engine) as connection:
        assert connection.execute(select(api_key.c.digest)).scalars().all() == [digest(key)]
        events = connection.execute(select(audit_event)).mappings().all()
    assert [event["act"] for event in events] == ["controller.make", "key.make"]
    assert key not in repr(events)


def test_a_revoked_key_is_out_of_force(workspace: Workspace) -> None:
    key = make_key(workspace, "A", "site", "Zoé")
    other = make_key(workspace, "A", "desk", "Zoé")
    with writing(workspace.engine) as connection:
        assert controllers.revoke_key(connection, 1, "site", NOW)
        assert not controllers.revoke_key(connection, 1, "site", NOW)
    assert owner_of(workspace, key) is None
    assert owner_of(workspace, other) == (1, "desk")
