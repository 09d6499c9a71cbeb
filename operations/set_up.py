"""The first set-up: who looks after the installation, and on whose behalf calls are made.

It is open to whoever has the token that was printed where Porte-voix was started, and only while
there is no user: there is no default password, nor ever a second first user.
"""

from datetime import UTC, datetime

from campaigns.access import Role
from campaigns.errors import NotFound
from campaigns.password import check_password
from operations import accounts, controllers, sessions
from operations.passwords import hashed
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import accounts as kept
from store import audit, set_up
from store.engine import reading, writing

OF_THE_FIRST = frozenset({Role.MANAGER, Role.OFFICER})
"""Whoever begins alone answers for everything, until others are named."""


def is_due(workspace: Workspace) -> bool:
    """Whether there is nobody yet."""
    with reading(workspace.engine) as connection:
        return not kept.are_there(connection)


def offer(workspace: Workspace) -> str | None:
    """A new token, which puts any before out of force; None where there is somebody."""
    token = new_token()
    with writing(workspace.engine) as connection:
        if kept.are_there(connection):
            return None
        set_up.put(connection, digest(token), datetime.now(UTC))
    return token


def is_open(workspace: Workspace, token: str) -> bool:
    """Whether this token still opens the set-up."""
    with reading(workspace.engine) as connection:
        return not kept.are_there(connection) and set_up.is_token(connection, digest(token))


def begin(workspace: Workspace, token: str, email: str, password: str, controller: str) -> str:
    """Make the first user and the first controller; the token of the user's session.

    The user is administrator, manager and data-protection officer.

    Raises:
        InvalidInput: address, password or name is not right; nothing is made.
        NotFound: the token is not in force, or somebody is there already.
    """
    email, name = accounts.email_of(email), controllers.name_of(controller)
    check_password(password, email)
    if not is_open(workspace, token):
        raise NotFound("The set-up is done, or this address is not in force any more.")
    hash_, now = hashed(password), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if kept.are_there(connection) or not set_up.is_token(connection, digest(token)):
            raise NotFound("The set-up is done, or this address is not in force any more.")
        set_up.forget(connection)
        account_id = accounts.make(connection, email, email, now, administrator=True)
        kept.change(connection, account_id, password=hash_)
        audit.record(connection, now, email, "installation.set_up", "installation")
        controller_id = controllers.ensure(connection, name, email)
        whose = kept.one(connection, account_id)
        accounts.give_roles(connection, whose, controller_id, OF_THE_FIRST, email, now)
        return sessions.open_for(connection, whose, now)
