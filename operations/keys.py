"""API keys: shown once, kept as a digest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.access import OF_A_CONTROLLER, OF_KEYS, Permission
from campaigns.errors import InvalidInput, NotAllowed, NotFound
from operations.controllers import ensure
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import api_keys, audit
from store.api_keys import Key
from store.engine import reading, writing

_PREFIX = "pv_"


def make_key(
    workspace: Workspace,
    controller: str,
    name: str,
    by: str,
    *,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A new key for a controller, who is made where absent. It can't be shown again.

    Args:
        workspace: where.
        controller: on whose behalf it asks.
        name: what or who it is for.
        by: who makes it.
        scopes: what it may do, as names of permissions; None for all that can be done.
        expires_at: when it ends; None for never.

    Raises:
        InvalidInput: a scope that is none, or an end that is past.
    """
    key, now = _PREFIX + new_token(), datetime.now(UTC)
    _check(scopes, expires_at, now)
    with writing(workspace.engine) as connection:
        controller_id = ensure(connection, controller, by)
        api_keys.add(
            connection, controller_id, name, digest(key), now, expires_at, scopes
        )  # fmt: skip
        audit.record(
            connection, now, by, "key.make", f"key {name}", controller_id, _said(scopes, expires_at)
        )  # fmt: skip
    return key


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made.

    Attributes:
        row: as `store.api_keys.one` has it.
        key: the key itself, which can't be shown again.
    """

    row: dict[str, Any]
    key: str = field(repr=False)


def make_own_key(
    workspace: Workspace,
    controller_id: int,
    name: str,
    by: str,
    permissions: Iterable[Permission],
    *,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """A new key for the controller that asks, which may do no more than whoever asks.

    Args:
        workspace: where.
        controller_id: whose.
        name: what or who it is for.
        by: who makes it.
        permissions: of whoever asks.
        scopes: what it may do; None for all that whoever asks may do for the controller.
        expires_at: when it ends; None for never.

    Raises:
        InvalidInput: its last instant is over, or a scope is none, or none of whoever asks.
    """
    key, now = _PREFIX + new_token(), datetime.now(UTC)
    _check(scopes, expires_at, now)
    theirs = OF_A_CONTROLLER & frozenset(permissions)
    beyond = sorted(set(scopes or ()) - {one.value for one in theirs})
    if beyond:
        raise InvalidInput(
            "scopes", f"«{beyond[0]}» is more than you may do yourself.", "Leave it out."
        )
    if scopes is None and theirs != OF_A_CONTROLLER:
        scopes = sorted(one.value for one in theirs)
    with writing(workspace.engine) as connection:
        key_id = api_keys.add(
            connection, controller_id, name, digest(key), now, expires_at, scopes
        )  # fmt: skip
        audit.record(
            connection, now, by, "key.make", f"key {name}", controller_id, _said(scopes, expires_at)
        )  # fmt: skip
        return NewKey(api_keys.one(connection, controller_id, key_id), key)


def _said(scopes: Sequence[str] | None, expires_at: datetime | None) -> dict[str, Any]:
    detail = {"scopes": scopes, "expires_at": expires_at and expires_at.isoformat()}
    return {word: value for word, value in detail.items() if value is not None}


def revoke_own_key(workspace: Workspace, controller_id: int, key_id: int, by: str) -> None:
    """Put one key out of force, and the sessions opened with it. Twice does no harm.

    Raises:
        NotFound: the controller has no such key.
        NotAllowed: it is the installation's, made at the command line.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = api_keys.one(connection, controller_id, key_id)
        if Permission.INSTALLATION in (row["scopes"] or ()):
            raise NotAllowed("This key is the installation's: revoke it at the command line.")
        if row["revoked_at"] is None:
            api_keys.revoke(connection, key_id, now)
            subject = f"key {row['name']}"
            audit.record(connection, now, by, "key.revoke", subject, controller_id)


def _check(scopes: Sequence[str] | None, expires_at: datetime | None, now: datetime) -> None:
    known = sorted(OF_KEYS)
    for one in scopes or ():
        if one not in known:
            raise InvalidInput("scope", f"«{one}» is none.", f"Choose of: {', '.join(known)}.")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(
            "expires_at",
            "that instant is over, so the key would open nothing.",
            "Give one to come, or none for a key without an end.",
        )


def revoke_key(workspace: Workspace, controller_id: int, name: str, by: str) -> None:
    """Put every key of that name out of force, and with them the sessions opened with them.

    Raises:
        NotFound: the controller has none of that name in force.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if not api_keys.revoke_named(connection, controller_id, name, now):
            raise NotFound(f"There is no key «{name}» in force.")
        audit.record(connection, now, by, "key.revoke", f"key {name}", controller_id)


def owner_of(workspace: Workspace, key: str) -> Key | None:
    """The key in force that this text is; None for any other text."""
    with reading(workspace.engine) as connection:
        return api_keys.of_digest(connection, digest(key), datetime.now(UTC))


def keys_of(workspace: Workspace, controller_id: int) -> list[Key]:
    """Every key of a controller that is in force, oldest first."""
    with reading(workspace.engine) as connection:
        return api_keys.of_controller(connection, controller_id, datetime.now(UTC))
