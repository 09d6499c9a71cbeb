"""The dialers that share one database: who they are, and taking one out of the work."""

import re
from datetime import UTC, datetime

from campaigns.errors import InvalidInput
from operations.workspace import Workspace
from store import audit, leases
from store.engine import reading, writing
from store.leases import Node

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def node_name(text: str) -> str:
    """The name of a node: its PBX has a directory of that name.

    Raises:
        InvalidInput: it cannot be one.
    """
    if not is_node(text):
        raise InvalidInput(
            "node", f"«{text}» cannot be the name of a dialer.",
            "Write small letters, digits and hyphens, 32 at most.",
        )  # fmt: skip
    return text


def is_node(text: str) -> bool:
    """Whether a node may have this name."""
    return _NAME.fullmatch(text) is not None


def every(workspace: Workspace) -> list[Node]:
    """Every dialer that runs or ran, by name."""
    with reading(workspace.engine) as connection:
        return leases.nodes(connection, datetime.now(UTC))


def in_the_way(workspace: Workspace, name: str) -> Node | None:
    """A dialer that runs beside which one of this name could not; None where there is none."""
    alone = workspace.engine.dialect.name != "postgresql"
    return next(
        (one for one in every(workspace) if one.alive and (alone or one.name == name)), None
    )


def drain(workspace: Workspace, name: str, by: str) -> None:
    """Have a dialer place no more calls; those that are up go on.

    Raises:
        InvalidInput: there can be no other dialer that would place them.
        NotFound: there never was one of that name.
    """
    if workspace.engine.dialect.name != "postgresql":
        raise InvalidInput(
            "node", "one dialer alone drives this database.",
            "Pause its campaigns instead, or stop it: it waits for its calls to end.",
        )  # fmt: skip
    _set(workspace, name, by, draining=True)


def resume(workspace: Workspace, name: str, by: str) -> None:
    """Have a dialer that was drained place calls again.

    Raises:
        NotFound: there never was one of that name.
    """
    _set(workspace, name, by, draining=False)


def forget(workspace: Workspace, name: str, by: str) -> None:
    """Show a dialer no more that will not come back; calls that it left stay in the record.

    Raises:
        NotFound: there is none of that name.
        NotAllowed: it runs.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        leases.remove(connection, now, name)
        audit.record(connection, now, by, "node.forget", f"node {name}", None, {})


def _set(workspace: Workspace, name: str, by: str, *, draining: bool) -> None:
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        leases.drain(connection, name, draining=draining)
        act = "node.drain" if draining else "node.resume"
        audit.record(connection, now, by, act, f"node {name}", None, {})
