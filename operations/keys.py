"""API keys: shown once, kept as a digest."""

from collections.abc import Sequence
from datetime import UTC, datetime

from campaigns.access import OF_A_CONTROLLER
from campaigns.errors import InvalidInput, NotFound
from operations.controllers import ensure
from operations.secret_words import digest, new_token
from operations.workspace import Workspace
from store import audit, controllers
from store.controllers import Key
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
        controllers.add_key(
            connection, controller_id, name, digest(key), now, expires_at, scopes
        )  # fmt: skip
        detail = {"scopes": scopes, "expires_at": expires_at and expires_at.isoformat()}
        said = {word: value for word, value in detail.items() if value is not None}
        audit.record(connection, now, by, "key.make", f"key {name}", controller_id, said)
    return key


def _check(scopes: Sequence[str] | None, expires_at: datetime | None, now: datetime) -> None:
    known = sorted(OF_A_CONTROLLER)
    for one in scopes or ():
        if one not in known:
            raise InvalidInput("scope", f"«{one}» is none.", f"Choose of: {', '.join(known)}.")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires_at", "That instant is past.", "Give one to come.")


def revoke_key(workspace: Workspace, controller_id: int, name: str, by: str) -> None:
    """Put every key of that name out of force, and with them the sessions opened with them.

    Raises:
        NotFound: the controller has none of that name in force.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        if not controllers.revoke_key(connection, controller_id, name, now):
            raise NotFound(f"There is no key «{name}» in force.")
        audit.record(connection, now, by, "key.revoke", f"key {name}", controller_id)


def owner_of(workspace: Workspace, key: str) -> Key | None:
    """The key in force that this text is; None for any other text."""
    with reading(workspace.engine) as connection:
        return controllers.key_owner(connection, digest(key), datetime.now(UTC))


def keys_of(workspace: Workspace, controller_id: int) -> list[Key]:
    """Every key of a controller that is in force, oldest first."""
    with reading(workspace.engine) as connection:
        return controllers.keys_of(connection, controller_id, datetime.now(UTC))
