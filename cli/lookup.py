"""Finding things across controllers: whoever may read the home directory may see all of them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from campaigns.errors import InvalidInput, NotFound
from operations.workspace import Workspace
from store import leases
from store.engine import reading
from store.tables import api_key, campaign, campaign_list, controller


def controllers(workspace: Workspace, name: str | None = None) -> dict[int, str]:
    """Names by id of every controller, or of the one of that name.

    Raises:
        NotFound: there is none of that name.
    """
    query = select(controller.c.id, controller.c.name).order_by(controller.c.id)
    if name is not None:
        query = query.where(controller.c.name == name)
    with reading(workspace.engine) as connection:
        found = dict(connection.execute(query).all())
    if name is not None and not found:
        raise NotFound(f"There is no controller named «{name}».")
    return found


def one_controller(workspace: Workspace, name: str | None) -> int:
    """The controller of that name; without a name, the only one there is.

    Raises:
        NotFound: there is none.
        InvalidInput: there are several, and which one matters.
    """
    found = controllers(workspace, name)
    if not found:
        raise NotFound("There is no controller yet: import a list or run a campaign first.")
    if len(found) > 1:
        names = ", ".join(f"«{one}»" for one in found.values())
        raise InvalidInput("--controller", f"there are several: {names}.", "Name one.")
    return next(iter(found))


def campaigns(workspace: Workspace, controller_name: str | None = None) -> list[dict[str, Any]]:
    """Every campaign, newest first, with its controller's name as `controller`."""
    query = (
        select(campaign, controller.c.name.label("controller"))
        .join(controller, controller.c.id == campaign.c.controller_id)
        .order_by(campaign.c.id.desc())
    )
    if controller_name is not None:
        query = query.where(controller.c.name == controller_name)
    with reading(workspace.engine) as connection:
        return [dict(found) for found in connection.execute(query).mappings()]


def find_campaign(
    workspace: Workspace, name_or_id: str, controller_name: str | None = None
) -> dict[str, Any]:
    """The campaign of that name, else of that number.

    Raises:
        NotFound: there is none, or several controllers have one of that name.
    """
    known = campaigns(workspace, controller_name)
    named = [one for one in known if one["name"] == name_or_id]
    found = named or [one for one in known if str(one["id"]) == name_or_id]
    if not found:
        raise NotFound(f"There is no campaign «{name_or_id}».")
    if len(found) > 1:
        owners = ", ".join(f"{one['controller']} ({one['id']})" for one in found)
        raise NotFound(f"Several campaigns bear that name: {owners}. Give its number instead.")
    return found[0]


def lists_of(workspace: Workspace, campaign_id: int) -> list[int]:
    """Ids of the lists that a campaign calls, in order."""
    query = (
        select(campaign_list.c.list_id)
        .where(campaign_list.c.campaign_id == campaign_id)
        .order_by(campaign_list.c.list_id)
    )
    with reading(workspace.engine) as connection:
        return list(connection.execute(query).scalars())


def has_key(workspace: Workspace, controller_id: int) -> bool:
    """Whether a controller has an API key in force."""
    query = select(api_key.c.id).where(
        api_key.c.controller_id == controller_id, api_key.c.revoked_at.is_(None)
    )
    with reading(workspace.engine) as connection:
        return connection.execute(query.limit(1)).first() is not None


def dialer_status(workspace: Workspace) -> dict[str, Any] | None:
    """What the dialer that drives this database shows of itself; None where none does."""
    with reading(workspace.engine) as connection:
        return leases.holder(connection, datetime.now(UTC))
