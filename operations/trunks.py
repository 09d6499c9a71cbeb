"""What people decide about trunks: who may call through them, and how fast."""

from datetime import UTC, datetime

from campaigns.campaign import Limits
from campaigns.contacts.phone import parse
from campaigns.errors import InvalidInput
from campaigns.trunk import FIRST_RATE, Trunk, is_loopback
from operations.trunk_choice import find_trunk
from operations.workspace import Workspace
from store import audit, trunks
from store.engine import writing
from store.trunks import TrunkRecord


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


def attest(workspace: Workspace, trunk_name: str, text: str, by: str) -> str:
    """A named person answers for a caller id being answered when called back; it as E.164.

    Raises:
        InvalidInput: the settings have no such trunk, it may not show this number, or nobody is
            named.
    """
    trunk = find_trunk(workspace, trunk_name)
    number = parse(text).e164
    if number not in trunk.caller_ids:
        raise InvalidInput(
            "caller_id",
            f"trunk «{trunk.name}» may not show {number}.",
            "Add it to the trunk's caller_ids once the carrier allows it.",
        )
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who answers for it.")
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        trunks.attest(connection, trunk_name, number, by.strip(), now)
        audit.record(
            connection, now, by.strip(), "trunk.attest", f"trunk {trunk_name}",
            detail={"caller_id": number},
        )  # fmt: skip
    return number


def in_force(trunk: Trunk, record: TrunkRecord) -> Limits:
    """A trunk's limits as people have set them; a real one starts slowly, see `FIRST_RATE`."""
    usual = trunk.max_cps if is_loopback(trunk.host) else FIRST_RATE
    return Limits(record.max_channels or trunk.max_channels, record.max_cps or usual)


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
