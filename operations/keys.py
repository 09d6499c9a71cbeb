"""API keys: shown once, kept as a digest."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaigns.errors import InvalidInput, NotFound
from operations.controllers import ensure
from operations.workspace import Workspace
from store import api_keys, audit, controllers
from store.engine import reading, writing

_PREFIX = "pv_"


def make_key(workspace: Workspace, controller: str, name: str, by: str) -> str:
    """A new key for a controller, who is made where absent. It can't be shown again."""
    key = _PREFIX + secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        controller_id = ensure(connection, controller, by)
        controllers.add_key(connection, controller_id, name, digest(key), now)
        audit.record(connection, now, by, "key.make", f"key {name}", controller_id)
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
    workspace: Workspace, controller_id: int, name: str, expires_at: datetime | None, by: str
) -> NewKey:
    """A new key for the controller that asks.

    Raises:
        InvalidInput: its last instant is over.
    """
    key, now = _PREFIX + secrets.token_urlsafe(32), datetime.now(UTC)
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(
            "expires_at",
            "that instant is over, so the key would open nothing.",
            "Give one to come, or none for a key without an end.",
        )
    with writing(workspace.engine) as connection:
        key_id = controllers.add_key(connection, controller_id, name, digest(key), now, expires_at)
        detail = {"expires_at": expires_at.isoformat()} if expires_at else {}
        audit.record(connection, now, by, "key.make", f"key {name}", controller_id, detail)
        return NewKey(api_keys.one(connection, controller_id, key_id), key)


def revoke_own_key(workspace: Workspace, controller_id: int, key_id: int, by: str) -> None:
    """Put one key out of force, and the sessions opened with it. Twice does no harm.

    Raises:
        NotFound: the controller has no such key.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        row = api_keys.one(connection, controller_id, key_id)
        if row["revoked_at"] is None:
            api_keys.revoke(connection, key_id, now)
            subject = f"key {row['name']}"
            audit.record(connection, now, by, "key.revoke", subject, controller_id)


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


def owner_of(workspace: Workspace, key: str) -> tuple[int, str] | None:
    """(controller id, name of the key) of a key in force; None for any other text."""
    with reading(workspace.engine) as connection:
        return controllers.key_owner(connection, digest(key), datetime.now(UTC))


def digest(key: str) -> bytes:
    """SHA-256: enough for a secret of 256 random bits, and quick at every request."""
    return hashlib.sha256(key.encode()).digest()
