"""Users and keys at the command line."""

import re

import pytest
from cli_subjects import Command

from campaigns.access import Role
from operations import accounts, keys
from operations.workspace import Workspace

LINK = re.compile(r"http://127\.0\.0\.1:8080/password/([\w-]+)\n")


def test_somebody_is_added_listed_disabled_and_given_another_link(
    portevoix: Command, workspace: Workspace
) -> None:
    made = portevoix("user", "add", "Zoe@example.org", "--role", "manager", "--role", "officer",
                     "--controller", "Comité", "--administrator")  # fmt: skip
    assert made.exit_code == 0, made.output
    link = LINK.search(made.stdout)
    assert link
    whose = accounts.owner_of_link(workspace, link.group(1))
    assert whose is not None
    assert accounts.user(workspace, whose.id).roles == {1: {Role.MANAGER, Role.OFFICER}}
    listed = portevoix("user", "list").stdout
    assert "zoe@example.org" in listed
    assert "administrator; Comité: manager, officer" in listed
    assert LINK.search(portevoix("user", "password", "zoe@example.org").stdout)
    assert accounts.owner_of_link(workspace, link.group(1)) is None
    refused = portevoix("user", "disable", "zoe@example.org")
    assert refused.exit_code == 1
    assert "only administrator" in refused.stderr
    portevoix("user", "add", "al@example.org", "--administrator")
    assert portevoix("user", "disable", "zoe@example.org").exit_code == 0
    assert "disabled" in portevoix("user", "list").stdout


def test_roles_are_given_and_taken(portevoix: Command, workspace: Workspace) -> None:
    portevoix("user", "add", "zoe@example.org", "--role", "reader", "--controller", "Comité")
    portevoix("user", "role", "zoe@example.org", "--role", "operator")
    found = accounts.user_named(workspace, "zoe@example.org")
    assert found.roles == {1: {Role.OPERATOR}}
    portevoix("user", "role", "zoe@example.org")
    assert accounts.user(workspace, found.account.id).roles == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "zoe@example.org"), "may do nothing"),
        (("add", "zoe@example.org", "--role", "reader"), "no controller yet"),
        (("add", "zoe", "--administrator"), "no e-mail address"),
        (("disable", "zoe@example.org"), "no user «zoe@example.org»"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    portevoix: Command, workspace: Workspace, arguments: tuple[str, ...], said: str
) -> None:
    refused = portevoix("user", *arguments)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert accounts.users(workspace) == []


def test_a_key_with_scopes_and_an_end(portevoix: Command, workspace: Workspace) -> None:
    made = portevoix("key", "make", "board", "--controller", "Comité",
                     "--scope", "campaigns:read", "--days", "30")  # fmt: skip
    found = keys.owner_of(workspace, made.stdout.strip())
    assert found is not None
    assert found.scopes == ["campaigns:read"]
    assert found.expires_at is not None
    listed = portevoix("key", "list").stdout
    assert "board" in listed
    assert "campaigns:read" in listed
    refused = portevoix("key", "make", "x", "--scope", "everything")
    assert refused.exit_code == 1
    assert "«everything» is none" in refused.stderr
