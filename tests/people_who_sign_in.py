"""Users of tests, whose passwords are checked quickly."""

from argon2 import PasswordHasher

from campaigns.access import Role
from operations import accounts
from operations.workspace import Workspace

PASSWORD = "un bateau sous la pluie"
OTHER = "trois chats et un piano"

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Argon2id as the real one, a thousand times as quick."""


def a_user(
    workspace: Workspace,
    email: str = "zoe@example.org",
    *,
    administrator: bool = False,
    roles: dict[int, set[Role]] | None = None,
    password: str = PASSWORD,
) -> int:
    """Somebody who has chosen a password."""
    account_id = accounts.add_user(workspace, email, "test", administrator=administrator)
    for controller_id, wanted in (roles or {}).items():
        accounts.set_roles(workspace, account_id, controller_id, wanted, "test")
    token = accounts.make_link(workspace, account_id, "test")
    accounts.set_password_by_link(workspace, token, password)
    return account_id
