"""Filling a campaign with the people of its lists, in pieces; again where that was cut short."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from campaigns.errors import InvalidInput, NotAllowed
from campaigns.states import CampaignState
from operations.addresses import place_list
from operations.giving_way import resting
from operations.workspace import Workspace
from store import campaigns as kept
from store import lists, tallies, targets
from store.engine import reading, writing

FILL_AT_ONCE = 1000
"""Contacts made targets in one transaction: the write lock is held for some ten milliseconds."""


_TAKES_PEOPLE = {
    CampaignState.DRAFT,
    CampaignState.SCHEDULED,
    CampaignState.RUNNING,
    CampaignState.PAUSED,
}


def check_lists(connection: Connection, controller_id: int, list_ids: Sequence[int]) -> None:
    """Refuse lists that cannot be called.

    Raises:
        InvalidInput: there is none, or one is not whole.
        NotFound: the controller does not have one of them.
    """
    if not list_ids:
        raise InvalidInput("lists", "there is nobody to call.", "Name at least one list.")
    for list_id in list_ids:
        one = lists.one(connection, controller_id, list_id)
        if one["state"] == lists.ListState.REMOVED:
            raise InvalidInput("lists", f"«{one['name']}» was removed.", "Import its file again.")
        if one["state"] != lists.ListState.READY:
            raise InvalidInput(
                "lists", f"«{one['name']}» is not whole yet.", "Import its file to the end first."
            )


def complete(workspace: Workspace, controller_id: int, campaign_id: int) -> None:
    """Make targets of whoever in its lists has none: a preparation may have been cut short.

    Where every list has different people, counts alone tell that nobody is missing. A campaign of
    a segment notes which lists were looked at to their end.

    Raises:
        NotFound: the controller has no such campaign.
    """
    with reading(workspace.engine) as connection:
        row = kept.row(connection, controller_id, campaign_id)
        if row["state"] != CampaignState.DRAFT:
            return
        done = (row["selection"] or {}).get("filled", ())
        list_ids = [one for one in kept.lists_of(connection, campaign_id) if one not in done]
        contacts = [lists.one(connection, controller_id, one)["accepted"] for one in list_ids]
        states = tallies.of_campaign(connection, campaign_id)[tallies.STATE]
    of_a_segment = row["selection"] is not None and bool(list_ids)
    if of_a_segment or sum(states.values()) < sum(contacts):
        fill(workspace, campaign_id, list_ids)


def fill(
    workspace: Workspace,
    campaign_id: int,
    list_ids: Sequence[int],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Make targets of the people of some lists whose number the campaign does not have yet.

    Raises:
        NotAllowed: the campaign has ended, or does meanwhile.
    """
    seen = 0
    for some in resting(workspace.engine, _filled(workspace, campaign_id, list_ids)):
        seen += some
        if progress:
            progress(seen)


def _filled(workspace: Workspace, campaign_id: int, list_ids: Sequence[int]) -> Iterator[int]:
    """Fill in pieces; yields how many contacts each looked at, at most."""
    with reading(workspace.engine) as connection:
        selection = kept.selection(connection, campaign_id)
    for list_id in list_ids:
        if selection is not None and selection.by_address:
            for _ in place_list(workspace.engine, list_id, selection.table_id):
                yield 0
        after: int | None = 0
        while after is not None:
            with writing(workspace.engine) as connection:
                check_open(connection, campaign_id)
                now = datetime.now(UTC)
                after = targets.fill(
                    connection, campaign_id, list_id, after, FILL_AT_ONCE, now, selection
                )
            yield FILL_AT_ONCE
        if selection is not None:
            with writing(workspace.engine) as connection:
                kept.note_filled(connection, campaign_id, list_id)


def check_open(connection: Connection, campaign_id: int) -> None:
    """Refuse a campaign that takes nobody in any more.

    Raises:
        NotAllowed: it has ended or is about to.
    """
    state = kept.state_of(connection, campaign_id)
    if state not in _TAKES_PEOPLE:
        raise NotAllowed(f"The campaign is {state}: it takes nobody in any more.")
