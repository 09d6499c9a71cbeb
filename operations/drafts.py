"""Campaigns that are being made: kept with every step, until one is made of them.

A draft is its controller's: whoever may prepare campaigns there can go on with it. What it says is
checked where a campaign is made of it; until then it may be as wrong as somebody typed it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from campaigns.errors import NotAllowed, NotFound
from operations.giving_way import until_none
from operations.workspace import Workspace
from store import audit
from store import drafts as kept
from store.drafts import Filled, KeptDraft
from store.engine import reading, writing

KEPT_FOR = timedelta(days=180)
"""After the last change; also what is known of the way in which a campaign was made."""

MOST_SHOWN = 50


class Taken(NotAllowed):
    """A campaign was made of a draft, or is being made: it can't be filled in further."""


def begin(
    workspace: Workspace, controller_id: int, key: str, filled: Filled, step: str, by: str
) -> int:
    """Keep what was filled in on a first page; its id.

    Args:
        workspace: where.
        controller_id: whose.
        key: of that page: sent a second time, it begins nothing more.
        filled: what was filled in.
        step: the step to go on with.
        by: who fills it in.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        made = kept.add(connection, controller_id, key, filled, step, by, now)
        if made is None:
            return kept.id_of(connection, controller_id, key)
        _record(connection, kept.one(connection, controller_id, made), "campaign.draft", by, now)
        return made


def one(workspace: Workspace, controller_id: int, draft_id: int) -> KeptDraft:
    """One draft.

    Raises:
        NotFound: the controller has none of that id.
    """
    with reading(workspace.engine) as connection:
        return kept.one(connection, controller_id, draft_id)


def is_there(workspace: Workspace, controller_id: int, draft_id: int) -> bool:
    """Whether the controller has a draft of that id."""
    try:
        one(workspace, controller_id, draft_id)
    except NotFound:
        return False
    return True


def open_ones(workspace: Workspace, controller_id: int) -> list[KeptDraft]:
    """Those that can be gone on with, the last changed first."""
    with reading(workspace.engine) as connection:
        return kept.open_ones(connection, controller_id, MOST_SHOWN)


def of_campaign(workspace: Workspace, controller_id: int, campaign_id: int) -> KeptDraft | None:
    """What a campaign was made of; None where that is not kept."""
    with reading(workspace.engine) as connection:
        return kept.of_campaign(connection, controller_id, campaign_id)


def fill(
    workspace: Workspace,
    controller_id: int,
    draft_id: int,
    change: Callable[[Filled], Filled],
    step: str,
    by: str,
) -> KeptDraft:
    """Keep what was filled in; as it then is.

    Args:
        workspace: where.
        controller_id: whose.
        draft_id: which.
        change: what is to be kept, of what is: two tabs never undo each other's steps.
        step: the step to go on with.
        by: who fills it in.

    Raises:
        NotFound: the controller has none of that id.
        Taken: a campaign was made of it, or is being made.
    """
    now = datetime.now(UTC)
    with writing(workspace.engine) as connection:
        found = _open(connection, controller_id, draft_id)
        kept.change(connection, draft_id, change(found.filled), step, by, now)
        return kept.one(connection, controller_id, draft_id)


def make(
    workspace: Workspace, controller_id: int, draft_id: int, prepare: Callable[[Filled], int]
) -> int:
    """Make one campaign of a draft, however often that is asked for; its id.

    Args:
        workspace: where.
        controller_id: whose.
        draft_id: which.
        prepare: makes it of what was filled in.

    Raises:
        NotFound: the controller has none of that id.
        Taken: a campaign was made of it, or is being made.
        InvalidInput: whatever `prepare` finds wrong; the draft stays as it is.
    """
    with writing(workspace.engine) as connection:
        found = _open(connection, controller_id, draft_id)
        kept.take(connection, draft_id, datetime.now(UTC))
    try:
        campaign_id = prepare(found.filled)
    except BaseException:
        with writing(workspace.engine) as connection:
            kept.give_back(connection, draft_id)
        raise
    with writing(workspace.engine) as connection:
        kept.become(connection, draft_id, campaign_id)
    return campaign_id


def remove(workspace: Workspace, controller_id: int, draft_id: int, by: str) -> None:
    """Delete a draft.

    Raises:
        NotFound: the controller has none of that id.
        Taken: a campaign was made of it, or is being made.
    """
    with writing(workspace.engine) as connection:
        found = _open(connection, controller_id, draft_id)
        kept.remove(connection, draft_id)
        _record(connection, found, "campaign.discard", by, datetime.now(UTC))


def give_all_back(workspace: Workspace) -> None:
    """Free the drafts of which a process was making campaigns when it died."""
    with writing(workspace.engine) as connection:
        kept.give_all_back(connection)


def forget_old(workspace: Workspace, now: datetime, at_once: int) -> None:
    """Remove those that nobody has changed for long, so many in a transaction."""

    def forget(connection: Connection) -> int:
        some = kept.unchanged_since(connection, now - KEPT_FOR, at_once)
        for draft in some:
            kept.remove(connection, draft.id)
            if draft.campaign_id is None:
                _record(connection, draft, "campaign.discard", "clock", now)
        return len(some)

    for _ in until_none(workspace.engine, forget):
        pass


def _open(connection: Connection, controller_id: int, draft_id: int) -> KeptDraft:
    found = kept.one(connection, controller_id, draft_id, locked=True)
    if not found.is_open:
        raise Taken("A campaign was made of this draft, or is being made.")
    return found


def _record(connection: Connection, draft: KeptDraft, act: str, by: str, now: datetime) -> None:
    detail = {"name": draft.name, "step": draft.step}
    audit.record(connection, now, by, act, f"draft {draft.id}", draft.controller_id, detail)
