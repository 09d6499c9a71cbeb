"""Users: made with a link that sets their password, given roles, disabled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from campaigns.access import Role
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from campaigns.password import check_password
from operations.passwords import hashed
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import accounts, audit, controllers, sessions
from store.accounts import Account
from store.engine import reading, writing

LINK_LASTS = timedelta(days=7)
_LONGEST_EMAIL = 200


@dataclass(frozen=True, slots=True)
class User:
    """An account with its roles by controller's id."""

    account: Account
    roles: Mapping[int, frozenset[Role]]


def email_of(typed: str) -> str:
    """An e-mail address as it is kept: without spaces around it, in small letters.

    Raises:
        InvalidInput: it is none.
    """
    email = typed.strip().lower()
    name, at, domain = email.rpartition("@")
    plain = email.isprintable() and " " not in email and len(email) <= _LONGEST_EMAIL
    if not (name and at and domain and plain):
        raise InvalidInput("email", "This is no e-mail address.", "Write it as name@example.org.")
    return email


def subject(account_id: int) -> str:
    """An account as the audit names it."""
    return f"user {account_id}"


def users(workspace: Workspace) -> list[User]:
    """Everybody, by e-mail address."""
    with reading(workspace.engine) as connection:
        return [User(one, accounts.roles(connection, one.id)) for one in accounts.every(connection)]


def user(workspace: Workspace, account_id: int) -> User:
    """Somebody.

    Raises:
        NotFound: there is nobody of that id.
    """
    with reading(workspace.engine) as connection:
        return User(accounts.one(connection, account_id), accounts.roles(connection, account_id))


def user_named(workspace: Workspace, email: str) -> User:
    """Somebody by their e-mail address.

    Raises:
        NotFound: there is nobody of that address.
    """
    with reading(workspace.engine) as connection:
        found = accounts.find(connection, email_of(email))
        if found is None:
            raise NotFound(f"There is no user «{email}».")
        return User(found, accounts.roles(connection, found.id))


def add_user(workspace: Workspace, email: str, by: str, *, administrator: bool = False) -> int:
    """A new user without a role or a password; the id.

    Raises:
        InvalidInput: it is no address, or somebody has it.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        return make(connection, email_of(email), by, now, administrator=administrator)


def make(connection: Connection, email: str, by: str, now: datetime, *, administrator: bool) -> int:
    """The same within a transaction."""
    account_id = accounts.add(connection, email, now, administrator=administrator)
    if account_id is None:
        raise InvalidInput("email", "Somebody has this address.", "Change their roles instead.")
    detail = {"email": email, "administrator": administrator}
    audit.record(connection, now, by, "user.make", subject(account_id), None, detail)
    return account_id


def make_link(workspace: Workspace, account_id: int, by: str) -> str:
    """The token of a link with which somebody sets their password, once and within a week.

    An older link is worth nothing any more; the password stays until another one is set.

    Raises:
        NotFound: there is nobody of that id.
    """
    token, now = new_token(), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        accounts.one(connection, account_id)
        accounts.change(
            connection, account_id, link_digest=digest(token), link_expires_at=now + LINK_LASTS
        )
        audit.record(connection, now, by, "user.link", subject(account_id))
    return token


def owner_of_link(workspace: Workspace, token: str) -> Account | None:
    """Who may set their password with a link; None where it is not in force."""
    with reading(workspace.engine) as connection:
        return accounts.of_link(connection, digest(token), datetime.now(UTC))


def set_password_by_link(workspace: Workspace, token: str, password: str) -> Account:
    """Set a password; the link is then worth nothing, and every session is ended.

    Raises:
        NotFound: the link is not in force.
        InvalidInput: the password is soon guessed.
    """
    found = owner_of_link(workspace, token)
    if found is None:
        raise NotFound("This link is not in force any more. Ask for another one.")
    check_password(password, found.email)
    kept, now = hashed(password), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if accounts.of_link(connection, digest(token), now) is None:
            raise NotFound("This link is not in force any more. Ask for another one.")
        set_password(connection, found, kept, now)
    return found


def set_password(
    connection: Connection, whose: Account, kept: str, now: datetime, but: bytes = b""
) -> None:
    """Keep a password's hash, close links, and end sessions but the one of a digest."""
    accounts.change(connection, whose.id, password=kept, link_digest=None, link_expires_at=None)
    ended = sessions.close_all(connection, whose.id, but)
    audit.record(
        connection, now, whose.email, "user.password", subject(whose.id), None,
        {"sessions_ended": ended},
    )  # fmt: skip


def set_roles(
    workspace: Workspace, account_id: int, controller_id: int, wanted: Iterable[Role], by: str
) -> None:
    """Give somebody exactly these roles for a controller; none takes them all away.

    Raises:
        NotFound: there is no such user or controller.
    """
    wanted, now = frozenset(wanted), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if controller_id not in controllers.names(connection):
            raise NotFound("There is no such controller.")
        give_roles(connection, whose, controller_id, wanted, by, now)


def give_roles(
    connection: Connection,
    whose: Account,
    controller_id: int,
    wanted: frozenset[Role],
    by: str,
    now: datetime,
) -> None:
    """The same within a transaction, for a controller that is there."""
    before = accounts.roles(connection, whose.id).get(controller_id, frozenset())
    if wanted == before:
        return
    accounts.set_roles(connection, whose.id, controller_id, wanted)
    detail = {"email": whose.email, "before": sorted(before), "after": sorted(wanted)}
    audit.record(connection, now, by, "user.roles", subject(whose.id), controller_id, detail)


def set_administrator(
    workspace: Workspace, account_id: int, by: str, *, administrator: bool
) -> None:
    """Make somebody administrator of the installation, or no longer.

    Raises:
        NotFound: there is nobody of that id.
        NotAllowed: nobody would be left who can look after users.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if whose.administrator == administrator:
            return
        if not administrator:
            _check_not_last(connection, account_id)
        accounts.change(connection, account_id, administrator=administrator)
        detail = {"email": whose.email, "administrator": administrator}
        audit.record(connection, now, by, "user.administrator", subject(account_id), None, detail)


def disable(workspace: Workspace, account_id: int, by: str) -> None:
    """Let somebody in no more: their sessions and links end now. What they did stays on record.

    Raises:
        NotFound: there is nobody of that id.
        NotAllowed: nobody would be left who can look after users.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if whose.disabled_at is not None:
            return
        _check_not_last(connection, account_id)
        accounts.change(
            connection, account_id, disabled_at=now, link_digest=None, link_expires_at=None
        )
        sessions.close_all(connection, account_id)
        detail = {"email": whose.email}
        audit.record(connection, now, by, "user.disable", subject(account_id), None, detail)


def enable(workspace: Workspace, account_id: int, by: str) -> None:
    """Let somebody in again, with the roles and the password they had.

    Raises:
        NotFound: there is nobody of that id.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if whose.disabled_at is None:
            return
        accounts.change(connection, account_id, disabled_at=None)
        detail = {"email": whose.email}
        audit.record(connection, now, by, "user.enable", subject(account_id), None, detail)


def _check_not_last(connection: Connection, account_id: int) -> None:
    if accounts.administrators(connection) == {account_id}:
        raise NotAllowed("This is the only administrator. Make somebody else one first.")
