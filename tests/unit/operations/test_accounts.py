"""Users: links that work once, roles, and always somebody who looks after the installation."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from people_who_sign_in import OTHER, PASSWORD, QUICK, a_user
from sqlalchemy import Engine, select
from workspaces import a_workspace

from campaigns.access import Role
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations import accounts, controllers, second_factor, set_up
from operations.workspace import Workspace
from store import audit
from store.engine import reading
from store.tables import account, audit_event


@pytest.fixture
def workspace(store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("operations.passwords._hasher", QUICK)
    return a_workspace(store, tmp_path)


@pytest.mark.parametrize(
    "typed",
    ["", "zoe", "@b.fr", "zoe@", "zoe martin@b.fr", "a" * 200 + "@b.fr", "zoe\n@b.fr"],
)
def test_what_is_no_address_is_refused(workspace: Workspace, typed: str) -> None:
    with pytest.raises(InvalidInput, match="no e-mail address"):
        accounts.add_user(workspace, typed, "test")


def test_nobody_has_an_address_twice(workspace: Workspace) -> None:
    accounts.add_user(workspace, "zoe@example.org", "test")
    with pytest.raises(InvalidInput, match="Somebody has this address"):
        accounts.add_user(workspace, " ZOE@example.org", "test")


def test_a_link_sets_the_password_once(workspace: Workspace) -> None:
    account_id = accounts.add_user(workspace, "zoe@example.org", "test")
    token = accounts.make_link(workspace, account_id, "test")
    with pytest.raises(InvalidInput, match="too short"):
        accounts.set_password_by_link(workspace, token, "short")
    accounts.set_password_by_link(workspace, token, PASSWORD)
    with pytest.raises(NotFound):
        accounts.set_password_by_link(workspace, token, OTHER)


def test_a_link_ends_with_the_week_with_another_link_and_with_the_account(
    workspace: Workspace,
) -> None:
    account_id = a_user(workspace)
    first = accounts.make_link(workspace, account_id, "test")
    second = accounts.make_link(workspace, account_id, "test")
    assert accounts.owner_of_link(workspace, first) is None
    assert accounts.owner_of_link(workspace, second) is not None
    with time_machine.travel(datetime.now(UTC) + timedelta(days=8), tick=False):
        assert accounts.owner_of_link(workspace, second) is None
    a_user(workspace, "admin@example.org", administrator=True)
    accounts.disable(workspace, account_id, "test")
    accounts.enable(workspace, account_id, "test")
    assert accounts.owner_of_link(workspace, second) is None


def test_neither_a_link_nor_a_password_is_kept(workspace: Workspace) -> None:
    account_id = a_user(workspace)
    token = accounts.make_link(workspace, account_id, "test")
    with reading(workspace.engine) as connection:
        kept = repr(connection.execute(select(account)).all())
        said = repr(connection.execute(select(audit_event)).all())
    for secret in (token, PASSWORD):
        assert secret not in kept
        assert secret not in said


def test_a_change_of_roles_is_on_record_for_its_controller(workspace: Workspace) -> None:
    controller_id = controllers.add(workspace, "A", "test")
    account_id = a_user(workspace)
    accounts.set_roles(workspace, account_id, controller_id, {Role.READER}, "root")
    accounts.set_roles(workspace, account_id, controller_id, {Role.READER}, "root")
    accounts.set_roles(workspace, account_id, controller_id, {Role.OFFICER, Role.MANAGER}, "root")
    with reading(workspace.engine) as connection:
        latest, first = audit.latest(connection, controller_id, 2)
    assert (latest["act"], latest["actor"]) == ("user.roles", "root")
    assert latest["detail"]["before"] == ["reader"]
    assert latest["detail"]["after"] == ["manager", "officer"]
    assert first["detail"]["before"] == [], "what changes nothing is no act"


def test_roles_are_given_for_controllers_that_are_there(workspace: Workspace) -> None:
    account_id = a_user(workspace)
    with pytest.raises(NotFound):
        accounts.set_roles(workspace, account_id, 9, {Role.READER}, "test")
    with pytest.raises(NotFound):
        accounts.set_roles(workspace, 9, 9, {Role.READER}, "test")


def test_there_is_always_an_administrator(workspace: Workspace) -> None:
    only = a_user(workspace, administrator=True)
    for act in (
        lambda: accounts.disable(workspace, only, "test"),
        lambda: accounts.set_administrator(workspace, only, "test", administrator=False),
    ):
        with pytest.raises(NotAllowed, match="only administrator"):
            act()
    other = a_user(workspace, "al@example.org", administrator=True)
    accounts.disable(workspace, other, "test")
    with pytest.raises(NotAllowed):
        accounts.set_administrator(workspace, only, "test", administrator=False)
    accounts.enable(workspace, other, "test")
    accounts.set_administrator(workspace, only, "test", administrator=False)


class TestSetUp:
    """The first user: once, with the token that was printed."""

    def test_the_first_user_looks_after_everything(self, workspace: Workspace) -> None:
        token = set_up.offer(workspace)
        assert token is not None
        set_up.begin(workspace, token, "Zoe@example.org", PASSWORD, "  Comité  A ")
        (made,) = accounts.users(workspace)
        assert made.account.email == "zoe@example.org"
        assert made.account.administrator
        assert made.roles == {1: set_up.OF_THE_FIRST}
        assert controllers.names(workspace) == {1: "Comité A"}

    def test_it_is_over_for_good(self, workspace: Workspace) -> None:
        token = set_up.offer(workspace)
        assert token is not None
        set_up.begin(workspace, token, "zoe@example.org", PASSWORD, "A")
        assert not set_up.is_open(workspace, token)
        assert set_up.offer(workspace) is None
        with pytest.raises(NotFound):
            set_up.begin(workspace, token, "al@example.org", PASSWORD, "B")
        assert len(accounts.users(workspace)) == 1

    @pytest.mark.parametrize("token", ["", "x", "None"])
    def test_nothing_is_set_up_without_the_token(self, workspace: Workspace, token: str) -> None:
        first, second = set_up.offer(workspace), set_up.offer(workspace)
        assert first is not None
        assert second is not None
        assert not set_up.is_open(workspace, first), "a new one puts it out of force"
        with pytest.raises(NotFound):
            set_up.begin(workspace, token, "zoe@example.org", PASSWORD, "A")
        assert set_up.is_open(workspace, second)

    @pytest.mark.parametrize(
        ("email", "password", "controller", "field"),
        [
            ("zoe", PASSWORD, "A", "email"),
            ("zoe@example.org", "short", "A", "password"),
            ("zoe@example.org", PASSWORD, "  ", "controller"),
            ("zoe@example.org", PASSWORD, "A" * 201, "controller"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_made(
        self, workspace: Workspace, email: str, password: str, controller: str, field: str
    ) -> None:
        token = set_up.offer(workspace)
        assert token is not None
        with pytest.raises(InvalidInput) as refused:
            set_up.begin(workspace, token, email, password, controller)
        assert refused.value.field == field
        assert set_up.is_open(workspace, token)
        assert controllers.names(workspace) == {}

    def test_who_was_added_at_the_command_line_closes_it_too(self, workspace: Workspace) -> None:
        token = set_up.offer(workspace)
        assert token is not None
        accounts.add_user(workspace, "zoe@example.org", "test", administrator=True)
        assert not set_up.is_open(workspace, token)


def test_an_administrator_takes_a_lost_second_factor_away(workspace: Workspace) -> None:
    account_id = a_user(workspace)
    second_factor.remove(workspace, account_id, "root")
    with pytest.raises(NotFound):
        second_factor.remove(workspace, 99, "root")
