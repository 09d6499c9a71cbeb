"""Finding things across controllers: whoever may read the home directory may see all of them."""

from datetime import UTC, datetime
from typing import Any

from campaigns.errors import InvalidInput, NotFound
from operations.workspace import Workspace
from store import campaigns as kept
from store import controllers as kept_controllers
from store import leases
from store import lists as kept_lists
from store.engine import reading


def controllers(workspace: Workspace, name: str | None = None) -> dict[int, str]:
    """Names by id of every controller, or of the one of that name.

    Raises:
        NotFound: there is none of that name.
    """
    with reading(workspace.engine) as connection:
        found = kept_controllers.names(connection)
    if name is None:
        return found
    chosen = {one: known for one, known in found.items() if known == name}
    if not chosen:
        raise NotFound(f"There is no controller named «{name}».")
    return chosen


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
    with reading(workspace.engine) as connection:
        found = kept.of_everybody(connection)
    return [one for one in found if controller_name in {None, one["controller"]}]


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


def owner_of_list(workspace: Workspace, list_id: int, controller_name: str | None = None) -> int:
    """The id of the controller whose list it is.

    Raises:
        NotFound: there is no such list, or it is not of the controller of that name.
    """
    with reading(workspace.engine) as connection:
        owner = kept_lists.owner_of(connection, list_id)
    if owner not in controllers(workspace, controller_name):
        raise NotFound(f"There is no list {list_id}.")
    return owner


def lists_of(workspace: Workspace, campaign_id: int) -> list[int]:
    """Ids of the lists that a campaign calls, in order."""
    with reading(workspace.engine) as connection:
        return kept.lists_of(connection, campaign_id)


def dialer_status(workspace: Workspace) -> dict[str, Any] | None:
    """What the dialer that drives this database shows of itself; None where none does."""
    with reading(workspace.engine) as connection:
        return leases.holder(connection, datetime.now(UTC))
