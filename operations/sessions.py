"""Sessions of the page: who it is that a browser's token stands for, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from campaigns.access import Permission, Role, granted, of_key, signed_by_key
from campaigns.errors import NotFound
from operations import keys
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import accounts, api_keys, audit
from store import sessions as kept
from store.accounts import Account
from store.api_keys import Key
from store.engine import reading, writing
from store.sessions import Session

LASTS = timedelta(hours=12)
"""The longest life of a session; without a request it ends sooner (`store.sessions.IDLE`)."""

_CODE_WITHIN = timedelta(minutes=10)
"""Between the password and the code."""

_NOTED_EVERY = timedelta(minutes=1)
"""Use is noted no more often: a page that follows a campaign must not keep the dialer waiting."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever asks, as far as this installation knows them.

    Attributes:
        name: what their acts are signed with: an e-mail address, or «key » and the name of a key.
        permissions: what they may do now.
        controller_id: on whose behalf; None for somebody who has no role anywhere.
        account_id: None for a key.
        controllers: names by id of those they may act for; empty for a key.
        roles: theirs for the controller they act for.
        expires_at: from when on a key stands for nobody; None for never, and for a session.
    """

    name: str
    permissions: frozenset[Permission]
    controller_id: int | None
    account_id: int | None = None
    controllers: Mapping[int, str] = field(default_factory=dict)
    roles: frozenset[Role] = frozenset()
    expires_at: datetime | None = None


def asker_of_key(workspace: Workspace, key: str) -> Asker | None:
    """Who a key stands for; None where it is none in force."""
    found = keys.owner_of(workspace, key)
    if found is None:
        return None
    return _stood_for(found, found.expires_at)


def asker(workspace: Workspace, token: str) -> Asker | None:
    """Who a session's token stands for, and note its use; None where it is none in force."""
    now, own = datetime.now(UTC), digest(token)
    with reading(workspace.engine) as connection:
        session = kept.find(connection, own, now)
        if session is None or session.awaits_code:
            return None
        found = _whose(connection, session, now)
    if found is not None and session.seen_at <= now - _NOTED_EVERY:
        with writing(workspace.engine) as connection:
            kept.seen(connection, own, now)
    return found


def open_for_key(workspace: Workspace, key: str) -> str | None:
    """A new session's token for an API key; None where it is no key in force."""
    token, now = new_token(), datetime.now(UTC)
    with writing(workspace.engine) as connection:
        found = api_keys.of_digest(connection, digest(key), now)
        if found is None:
            return None
        ends = min(now + LASTS, found.expires_at or now + LASTS)
        session = Session(None, found.id, found.controller_id, False, now, now, ends)
        kept.open_session(connection, digest(token), session)
        by = signed_by_key(found.name)
        audit.record(connection, now, by, "session.open", "page", found.controller_id)
    return token


def open_for(
    connection: Connection, whose: Account, now: datetime, *, awaits_code: bool = False
) -> str:
    """A new session's token for somebody; one that awaits a code opens nothing yet."""
    token = new_token()
    controller_id = next(iter(accounts.controllers_of(connection, whose.id)), None)
    ends = now + (_CODE_WITHIN if awaits_code else LASTS)
    session = Session(whose.id, None, controller_id, awaits_code, now, now, ends)
    kept.open_session(connection, digest(token), session)
    if not awaits_code:
        accounts.change(connection, whose.id, signed_in_at=now)
        audit.record(connection, now, whose.email, "session.open", "page", controller_id)
    return token


def close(workspace: Workspace, token: str, by: str, controller_id: int | None) -> None:
    """End a session."""
    with writing(workspace.engine) as connection:
        kept.close_session(connection, digest(token))
        audit.record(connection, datetime.now(UTC), by, "session.close", "page", controller_id)


def close_all(workspace: Workspace, account_id: int, by: str) -> int:
    """End every session of somebody, this one too; how many there were."""
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        ended = kept.close_all(connection, account_id)
        audit.record(
            connection, now, by, "session.close_all", f"user {account_id}", None, {"ended": ended}
        )
    return ended


def open_ones(workspace: Workspace, account_id: int) -> list[Session]:
    """The sessions of somebody, newest first."""
    with reading(workspace.engine) as connection:
        return kept.of_account(connection, account_id, datetime.now(UTC))


def act_for(workspace: Workspace, token: str, account_id: int, controller_id: int) -> None:
    """Have a session act for another controller.

    Raises:
        NotFound: its owner has no role there.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if controller_id not in accounts.controllers_of(connection, account_id):
            raise NotFound("There is no such controller.")
        kept.act_for(connection, digest(token), controller_id)
        by = accounts.one(connection, account_id).email
        audit.record(connection, now, by, "session.act_for", "page", controller_id)


def _stood_for(key: Key, expires_at: datetime | None = None) -> Asker:
    by = signed_by_key(key.name)
    return Asker(by, of_key(key.scopes), key.controller_id, expires_at=expires_at)


def _whose(connection: Connection, session: Session, now: datetime) -> Asker | None:
    if session.account_id is None:
        key = api_keys.by_id(connection, session.api_key_id or 0, now)
        return _stood_for(key) if key else None
    whose = accounts.one(connection, session.account_id)
    names = accounts.controllers_of(connection, whose.id)
    chosen = session.controller_id
    if chosen not in names:  # the role was taken away, or one was given since
        chosen = next(iter(names), None)
    roles = accounts.roles(connection, whose.id).get(chosen or 0, frozenset())
    may = granted(roles, administrator=whose.administrator)
    return Asker(whose.email, may, chosen, whose.id, names, roles)
