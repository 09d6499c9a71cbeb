"""What the operator decides about controllers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from campaigns.campaign import LEAST_WEIGHT, MOST_WEIGHT, own_limits
from campaigns.errors import InvalidInput
from operations.workspace import Workspace
from store import audit, controllers, notices
from store.engine import reading, writing

_LONGEST_NAME = 200


def ensure(connection: Connection, name: str, by: str) -> int:
    """The id of the controller of that name, made where absent."""
    known = controllers.names(connection)
    now = datetime.now(UTC)
    controller_id = controllers.ensure(connection, name, now)
    if controller_id not in known:
        subject = f"controller {controller_id}"
        audit.record(connection, now, by, "controller.make", subject, controller_id, {"name": name})
    return controller_id


def names(workspace: Workspace) -> dict[int, str]:
    """Every controller's name by its id."""
    with reading(workspace.engine) as connection:
        return controllers.names(connection)


def name_of(typed: str) -> str:
    """A controller's name as it is kept.

    Raises:
        InvalidInput: there is none, or it cannot be shown.
    """
    name = " ".join(typed.split())
    if not name:
        raise InvalidInput("controller", "It names nobody.", "Say on whose behalf calls are made.")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            "controller", "It is too long or holds signs that cannot be shown.",
            "Write it in one line of at most 200 characters.",
        )  # fmt: skip
    return name


def add(workspace: Workspace, typed: str, by: str) -> int:
    """The id of the controller of that name, made where absent.

    Raises:
        InvalidInput: the name is none.
    """
    name = name_of(typed)
    with writing(workspace.engine) as connection:
        return ensure(connection, name, by)


def every(workspace: Workspace) -> list[dict[str, Any]]:
    """Every controller with its weight and its limits, in order of id."""
    with reading(workspace.engine) as connection:
        return controllers.every(connection)


def id_of(workspace: Workspace, name: str) -> int:
    """The id of the controller of that name.

    Raises:
        NotFound: there is none.
    """
    with reading(workspace.engine) as connection:
        return controllers.named(connection, name)


def weigh(workspace: Workspace, name: str, weight: float, by: str) -> None:
    """Change a controller's share of what all of them may call; in force within a second.

    Raises:
        NotFound: there is no controller of that name.
        InvalidInput: the weight makes no sense, or nobody is named.
    """
    if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
        raise InvalidInput("weight", f"must be {LEAST_WEIGHT} to {MOST_WEIGHT}.")
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who decides it.")
    with writing(workspace.engine) as connection:
        controller_id = controllers.named(connection, name)
        controllers.weigh(connection, controller_id, weight)
        audit.record(
            connection, datetime.now(UTC), by.strip(), "controller.weigh",
            f"controller {controller_id}", controller_id, {"weight": weight},
        )  # fmt: skip


def limit(
    workspace: Workspace, controller_id: int, changes: Mapping[str, float | None], by: str
) -> None:
    """Change what all campaigns of a controller may use together; in force within a second.

    Args:
        workspace: where.
        controller_id: whose.
        changes: `max_channels`, `max_cps` or both; None for no limit.
        by: who decides it.

    Raises:
        NotFound: there is no such controller.
        InvalidInput: a limit makes no sense, there is none to change, or nobody is named.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who decides it.")
    if not changes:
        raise InvalidInput("max_channels", "no limit is named.", "Name max_channels or max_cps.")
    with writing(workspace.engine) as connection:
        channels, cps = controllers.limits(connection, controller_id)
        wanted = {"max_channels": channels, "max_cps": cps, **changes}
        kept = wanted["max_channels"]
        channels, cps = None if kept is None else int(kept), wanted["max_cps"]
        own_limits(channels, cps)
        controllers.limit(connection, controller_id, channels, cps)
        notices.changed(connection)
        audit.record(
            connection, datetime.now(UTC), by.strip(), "controller.limit",
            f"controller {controller_id}", controller_id,
            {"max_channels": channels, "max_cps": cps},
        )  # fmt: skip


def mark_public_body(workspace: Workspace, name: str, by: str, *, marked: bool = True) -> None:
    """Say that a controller is a public body, or that it is none; some rule packs are for them.

    Raises:
        NotFound: there is no controller of that name.
        InvalidInput: nobody is named.
    """
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who decides it.")
    with writing(workspace.engine) as connection:
        controller_id = controllers.named(connection, name)
        controllers.mark_public_body(connection, controller_id, marked=marked)
        audit.record(
            connection, datetime.now(UTC), by.strip(), "controller.public_body",
            f"controller {controller_id}", controller_id, {"public_body": marked},
        )  # fmt: skip
