"""Signing in: by password or identity provider, then a code where there is a second factor; by key.

Whoever guesses waits ever longer, by what was typed and where from; nobody is locked out by what
strangers do. Whether an account exists is told by neither the answer nor the time it takes.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from campaigns.errors import PortevoixError
from campaigns.password import check_password, wait_s
from operations import keys, second_factor, sessions
from operations.accounts import set_password, subject
from operations.identity_provider import Identity
from operations.passwords import hashed, is_dated, is_right
from operations.secret_words import digest
from operations.workspace import Workspace
from store import accounts, audit, sign_ins
from store import sessions as kept_sessions
from store.accounts import Account
from store.engine import reading, writing
from store.sign_ins import Stage

MOST_OF_A_NETWORK = 30
"""Failures from one network within `store.sign_ins.WITHIN`, whoever was tried."""

MOST_CODES = 10
"""Wrong codes of one account in that time: whoever enters codes knew the password."""


class TooMany(PortevoixError):
    """Too many failures: ask again later."""

    code = "too_many"


class SessionOver(PortevoixError):
    """What was begun is over: begin anew."""

    code = "unauthenticated"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was begun, and counts as failed until it succeeds."""

    id: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class Opened:
    """What a right password opens.

    Attributes:
        token: of the session.
        awaits_code: it opens nothing before a code is given too.
    """

    token: str
    awaits_code: bool


def begin(workspace: Workspace, typed: str, network: str) -> Attempt:
    """Note that somebody tries a password, and say how long to wait before it is looked at.

    Raises:
        TooMany: too many attempts from this network failed.
    """
    now, who = datetime.now(UTC), _digest(typed)
    with writing(workspace.engine) as connection:
        _check_network(connection, network, now)
        before = sign_ins.failures_of(connection, who, network, now)
        begun = sign_ins.begin(connection, who, network, Stage.PASSWORD, now)
    return Attempt(begun, wait_s(before))


def by_password(workspace: Workspace, attempt: Attempt, typed: str, password: str) -> Opened | None:
    """A session for the right password of an account; None for anything else."""
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        whose = accounts.find(connection, _bare(typed))
        kept = accounts.secrets(connection, whose.id)["password"] if whose else None
    right = is_right(kept, password)
    if not right or kept is None or whose is None or whose.disabled_at is not None:
        _failed(workspace, whose, Stage.PASSWORD, now)
        return None
    anew = hashed(password) if is_dated(kept) else None
    with writing(workspace.engine) as connection:
        if anew is not None:
            accounts.change(connection, whose.id, password=anew)
        _passed(connection, attempt, whose)
        token = sessions.open_for(connection, whose, now, awaits_code=whose.second_factor)
    return Opened(token, whose.second_factor)


def by_code(workspace: Workspace, token: str, code: str, network: str) -> str | None:
    """The token of a full session, for one that awaits a code; None for a wrong code.

    Raises:
        TooMany: too many codes were wrong.
        SessionOver: it took too long.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = _awaited(connection, token, now)
        attempt_id = _begin_code(connection, whose, network, now)
    with writing(workspace.engine) as connection:
        if second_factor.take(connection, whose.id, code, now):
            sign_ins.succeed(connection, attempt_id)
            kept_sessions.close_session(connection, digest(token))
            return sessions.open_for(connection, whose, now)
    _failed(workspace, whose, Stage.CODE, now)
    return None


def by_identity(workspace: Workspace, who: Identity) -> Opened | None:
    """A session for somebody an identity provider vouches for; None where they have no account.

    The first time they are known by their e-mail address, and from then on by what the provider
    calls them, whoever has that address later.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.of_identity(connection, who.key) or _claim(connection, who, now)
        if whose is not None and whose.disabled_at is None:
            token = sessions.open_for(connection, whose, now, awaits_code=whose.second_factor)
            return Opened(token, whose.second_factor)
    _failed(workspace, whose, Stage.IDENTITY, now)
    return None


def by_key(workspace: Workspace, key: str, network: str) -> str | None:
    """The token of a session for an API key; None where it is no key in force.

    It is looked up before anything is written: whoever tries keys must not keep calls waiting.

    Raises:
        TooMany: too many attempts from this network failed.
    """
    now = datetime.now(UTC)
    with reading(workspace.engine) as connection:
        _check_network(connection, network, now)
    if keys.owner_of(workspace, key) is not None:
        return sessions.open_for_key(workspace, key)
    with writing(workspace.engine) as connection:
        sign_ins.begin(connection, _digest(key), network, Stage.KEY, now)
        _record_failure(connection, None, Stage.KEY, now)
    return None


def forget_identity(workspace: Workspace, account_id: int, by: str) -> None:
    """Have somebody known by their e-mail address again: for who got another account there.

    Their sessions end: it may be that the wrong person came by it.

    Raises:
        NotFound: there is nobody of that id.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
        if whose.has_identity:
            accounts.change(connection, account_id, identity=None)
            ended = kept_sessions.close_all(connection, account_id)
            detail = {"email": whose.email, "known": False, "sessions_ended": ended}
            audit.record(connection, now, by, "user.identity", subject(account_id), None, detail)


def awaits_code(workspace: Workspace, token: str) -> bool:
    """Whether a session is waiting for its code."""
    with reading(workspace.engine) as connection:
        found = kept_sessions.find(connection, digest(token), datetime.now(UTC))
    return found is not None and found.awaits_code


def change_password(
    workspace: Workspace, account_id: int, token: str, current: str, password: str
) -> None:
    """Set another password; every other session of the account is ended.

    Raises:
        InvalidInput: the current one is wrong, or the new one soon guessed.
    """
    second_factor.check_own_password(workspace, account_id, current)
    with reading(workspace.engine) as connection:
        whose = accounts.one(connection, account_id)
    check_password(password, whose.email)
    kept = hashed(password)
    with writing(workspace.engine) as connection:
        set_password(connection, whose, kept, datetime.now(UTC), digest(token))


def _claim(connection: Connection, who: Identity, now: datetime) -> Account | None:
    """The account of their address, which nobody else came by yet; it is theirs from now on."""
    whose = accounts.find(connection, who.email) if who.email else None
    if whose is None or whose.disabled_at is not None:
        return None
    if not accounts.claim(connection, whose.id, who.key):
        return None
    detail = {"email": whose.email, "known": True}
    audit.record(connection, now, whose.email, "user.identity", subject(whose.id), None, detail)
    return whose


def _check_network(connection: Connection, network: str, now: datetime) -> None:
    if sign_ins.failures_from(connection, network, now) >= MOST_OF_A_NETWORK:
        raise TooMany("Too many attempts from here failed. Try again in a quarter of an hour.")


def _begin_code(connection: Connection, whose: Account, network: str, now: datetime) -> int:
    who = _digest(whose.email)
    if sign_ins.wrong_codes(connection, who, now) >= MOST_CODES:
        raise TooMany("Too many codes were wrong. Try again in a quarter of an hour.")
    return sign_ins.begin(connection, who, network, Stage.CODE, now)


def _awaited(connection: Connection, token: str, now: datetime) -> Account:
    found = kept_sessions.find(connection, digest(token), now)
    if found is None or not found.awaits_code or found.account_id is None:
        raise SessionOver("That took too long. Sign in again.")
    return accounts.one(connection, found.account_id)


def _passed(connection: Connection, attempt: Attempt, whose: Account) -> None:
    if whose.second_factor:
        sign_ins.withdraw(connection, attempt.id)
    else:
        sign_ins.succeed(connection, attempt.id)


def _failed(workspace: Workspace, whose: Account | None, stage: Stage, now: datetime) -> None:
    with writing(workspace.engine) as connection:
        _record_failure(connection, whose, stage, now)


def _record_failure(
    connection: Connection, whose: Account | None, stage: Stage, now: datetime
) -> None:
    """On record by account; of an address that is nobody's, nothing that was typed is kept."""
    who = whose.email if whose else "somebody"
    about = subject(whose.id) if whose else "nobody"
    audit.record(connection, now, who, "session.fail", about, None, {"stage": stage.value})


def _bare(typed: str) -> str:
    return typed.strip().lower()


def _digest(typed: str) -> bytes:
    return hashlib.sha256(_bare(typed).encode()).digest()
