"""API keys: shown once, kept as a digest, good for one controller."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Engine, select
from store_subjects import NOW
from workspaces import a_workspace

from campaigns.access import OF_A_CONTROLLER, Permission
from campaigns.errors import InvalidInput
from operations.keys import digest, make_key, owner_of
from operations.sessions import asker_of_key
from operations.workspace import Workspace
from store import api_keys
from store.engine import reading, writing
from store.tables import api_key, audit_event


@pytest.fixture
def workspace(store: Engine, tmp_path: Path) -> Workspace:
    return a_workspace(store, tmp_path)


def _owner(workspace: Workspace, key: str) -> tuple[int, str] | None:
    found = owner_of(workspace, key)
    return (found.controller_id, found.name) if found else None


def test_a_key_belongs_to_its_controller(workspace: Workspace) -> None:
    ours = make_key(workspace, "A", "site", "Zoé")
    theirs = make_key(workspace, "B", "site", "Zoé")
    assert _owner(workspace, ours) == (1, "site")
    assert _owner(workspace, theirs) == (2, "site")
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
        assert api_keys.revoke_named(connection, 1, "site", NOW)
        assert not api_keys.revoke_named(connection, 1, "site", NOW)
    assert owner_of(workspace, key) is None
    assert _owner(workspace, other) == (1, "desk")


def test_a_key_without_scopes_may_do_all_that_can_be_done_for_its_controller(
    workspace: Workspace,
) -> None:
    found = asker_of_key(workspace, make_key(workspace, "A", "site", "Zoé"))
    assert found is not None
    assert found.permissions == OF_A_CONTROLLER


def test_a_key_with_scopes_may_do_no_more(workspace: Workspace) -> None:
    scopes = ["campaigns:read", "refusals:write"]
    found = asker_of_key(workspace, make_key(workspace, "A", "site", "Zoé", scopes=scopes))
    assert found is not None
    assert found.permissions == {Permission.CAMPAIGNS_READ, Permission.REFUSALS_WRITE}


@pytest.mark.parametrize("scope", ["campaigns", "", "account"])
def test_a_scope_that_is_no_controllers_is_refused(workspace: Workspace, scope: str) -> None:
    with pytest.raises(InvalidInput, match="Choose of: audit:read, campaigns:launch"):
        make_key(workspace, "A", "site", "Zoé", scopes=["campaigns:read", scope])


def test_a_key_ends_when_it_was_said_to(workspace: Workspace) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now - timedelta(days=2), tick=False):
        key = make_key(workspace, "A", "site", "Zoé", expires_at=now)
        assert owner_of(workspace, key) is not None
    assert owner_of(workspace, key) is None
    with pytest.raises(InvalidInput, match="is over"):
        make_key(workspace, "A", "site", "Zoé", expires_at=now)
