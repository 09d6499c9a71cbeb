"""Adding a list to a campaign, also while it runs: whoever is not in it yet will be called too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from operations.demands import check_bases
from operations.filling import check_lists, check_open, fill
from operations.list_hold import check_released
from operations.workspace import Workspace
from store import audit, lists, tallies
from store import campaigns as kept
from store.engine import reading, writing


@dataclass(frozen=True, slots=True)
class Added:
    """What adding a list came to.

    Attributes:
        list_id: the list.
        contacts: how many people it holds.
        added: how many of them were not in the campaign before.
    """

    list_id: int
    contacts: int
    added: int


def add_list(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    list_id: int,
    by: str,
    progress: Callable[[int], None] | None = None,
) -> Added:
    """Make targets of the people of a list in a campaign that has not ended.

    Nobody is in a campaign twice. It may be cut short at any moment: asked again, it goes on.

    Args:
        workspace: where.
        controller_id: whose campaign and list they are.
        campaign_id: prepared, scheduled, running or paused.
        list_id: imported to its end.
        by: who adds it.
        progress: told how many contacts were looked at so far.

    Raises:
        NotFound: the controller has no such campaign or list.
        InvalidInput: the list is not whole, or held, or of a basis that the rules don't allow.
        NotAllowed: the campaign takes nobody in any more.
    """
    with writing(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        check_open(connection, campaign_id)
        check_lists(connection, controller_id, [list_id])
        bases = kept.by_id(connection, campaign_id).bases
        check_bases(connection, controller_id, [list_id], bases, row["pack"])
        check_released(connection, controller_id, [list_id], rehearsal=row["rehearsal"])
        contacts = lists.one(connection, controller_id, list_id)["accepted"]
        if list_id not in kept.lists_of(connection, campaign_id):
            kept.add_lists(connection, campaign_id, [list_id])
            audit.record(
                connection,
                datetime.now(UTC),
                by,
                "campaign.add_list",
                f"campaign {campaign_id}",
                controller_id,
                {"list": list_id, "contacts": contacts},
            )
    before = _people(workspace, campaign_id)
    fill(workspace, campaign_id, [list_id], progress)
    return Added(list_id, contacts, _people(workspace, campaign_id) - before)


def _people(workspace: Workspace, campaign_id: int) -> int:
    with reading(workspace.engine) as connection:
        return sum(tallies.of_campaign(connection, campaign_id)[tallies.STATE].values())
