"""What people decide about trunks: who may call through them, and how fast."""

from datetime import UTC, datetime

from campaigns.errors import InvalidInput
from operations.prepare import find_trunk
from operations.workspace import Workspace
from store import audit, trunks
from store.engine import writing


def arm(workspace: Workspace, trunk_name: str, by: str) -> None:
    """A named person lets a real trunk place calls.

    Raises:
        InvalidInput: the settings have no such trunk, or nobody is named.
    """
    find_trunk(workspace, trunk_name)
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        trunks.arm(connection, trunk_name, by.strip(), now)
        audit.record(connection, now, by.strip(), "trunk.arm", f"trunk {trunk_name}")


def disarm(workspace: Workspace, trunk_name: str, by: str) -> None:
    """Let a trunk place no more calls; those that are up go on.

    Raises:
        InvalidInput: the settings have no such trunk.
    """
    find_trunk(workspace, trunk_name)
    with writing(workspace.engine) as connection:
        trunks.disarm(connection, trunk_name)
        audit.record(connection, datetime.now(UTC), by, "trunk.disarm", f"trunk {trunk_name}")


def limit(
    workspace: Workspace, trunk_name: str, channels: int | None, cps: float | None, by: str
) -> None:
    """Change a trunk's limits, also while it is in use; None leaves one as it is.

    Raises:
        InvalidInput: the settings have no such trunk.
    """
    find_trunk(workspace, trunk_name)
    detail = {"max_channels": channels, "max_cps": cps}
    with writing(workspace.engine) as connection:
        trunks.limit(connection, trunk_name, channels, cps)
        audit.record(
            connection, datetime.now(UTC), by, "trunk.limit", f"trunk {trunk_name}", detail=detail
        )
