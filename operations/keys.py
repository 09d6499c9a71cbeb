"""API keys: shown once, kept as a digest."""

import hashlib
import secrets
from datetime import UTC, datetime

from campaigns.errors import NotFound
from operations.controllers import ensure
from operations.workspace import Workspace
from store import audit, controllers
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
        return controllers.key_owner(connection, digest(key))


def digest(key: str) -> bytes:
    """SHA-256: enough for a secret of 256 random bits, and quick at every request."""
    return hashlib.sha256(key.encode()).digest()
