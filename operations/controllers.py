"""What the operator decides about controllers."""

from collections.abc import Mapping
from dataclasses import dataclass
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


def one(workspace: Workspace, controller_id: int) -> dict[str, Any]:
    """One controller as `every` has it.

    Raises:
        NotFound: there is none with that id.
    """
    with reading(workspace.engine) as connection:
        return controllers.one(connection, controller_id)


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
    _check_weight(weight)
    decided = _decided(by)
    with writing(workspace.engine) as connection:
        _weigh(connection, controllers.named(connection, name), weight, decided)


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
    decided = _decided(by)
    if not changes:
        raise InvalidInput("max_channels", "no limit is named.", "Name max_channels or max_cps.")
    with writing(workspace.engine) as connection:
        channels, cps = controllers.limits(connection, controller_id)
        wanted = {"max_channels": channels, "max_cps": cps, **changes}
        kept = wanted["max_channels"]
        channels = None if kept is None else int(kept)
        _limit(connection, controller_id, channels, wanted["max_cps"], decided)


def mark_public_body(workspace: Workspace, name: str, by: str, *, marked: bool = True) -> None:
    """Say that a controller is a public body, or that it is none; some rule packs are for them.

    Raises:
        NotFound: there is no controller of that name.
        InvalidInput: nobody is named.
    """
    decided = _decided(by)
    with writing(workspace.engine) as connection:
        _mark(connection, controllers.named(connection, name), decided, marked=marked)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided about a controller.

    Attributes:
        weight: of its share of every limit.
        max_channels: concurrent calls of all its campaigns; None for no limit.
        max_cps: calls started in a second, likewise.
        public_body: some rule packs are for public bodies alone.
    """

    weight: float
    max_channels: int | None
    max_cps: float | None
    public_body: bool


def change(workspace: Workspace, controller_id: int, wanted: Standing, by: str) -> None:
    """Decide anew about a controller; what stays as it is is no act.

    Raises:
        NotFound: there is no such controller.
        InvalidInput: the weight or a limit makes no sense, or nobody is named; nothing is changed.
    """
    _check_weight(wanted.weight)
    decided = _decided(by)
    limits = (wanted.max_channels, wanted.max_cps)
    with writing(workspace.engine) as connection:
        if controllers.limits(connection, controller_id) != limits:
            _limit(connection, controller_id, *limits, decided)
        found = controllers.one(connection, controller_id)
        if found["weight"] != wanted.weight:
            _weigh(connection, controller_id, wanted.weight, decided)
        if found["public_body"] != wanted.public_body:
            _mark(connection, controller_id, decided, marked=wanted.public_body)


def _check_weight(weight: float) -> None:
    if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
        raise InvalidInput("weight", f"must be {LEAST_WEIGHT} to {MOST_WEIGHT}.")


def _decided(by: str) -> str:
    if not by.strip():
        raise InvalidInput("by", "it names nobody.", "Name the person who decides it.")
    return by.strip()


def _weigh(connection: Connection, controller_id: int, weight: float, by: str) -> None:
    controllers.weigh(connection, controller_id, weight)
    _record(connection, by, "controller.weigh", controller_id, {"weight": weight})


def _limit(
    connection: Connection, controller_id: int, channels: int | None, cps: float | None, by: str
) -> None:
    own_limits(channels, cps)
    controllers.limit(connection, controller_id, channels, cps)
    notices.changed(connection)
    detail = {"max_channels": channels, "max_cps": cps}
    _record(connection, by, "controller.limit", controller_id, detail)


def _mark(connection: Connection, controller_id: int, by: str, *, marked: bool) -> None:
    controllers.mark_public_body(connection, controller_id, marked=marked)
    _record(connection, by, "controller.public_body", controller_id, {"public_body": marked})


def _record(
    connection: Connection, by: str, act: str, controller_id: int, detail: Mapping[str, object]
) -> None:
    audit.record(
        connection, datetime.now(UTC), by, act, f"controller {controller_id}", controller_id, detail
    )
