"""A campaign's message as a telephone will play it: its own, a variant's, or that of one person."""

from pathlib import Path

from audio.preview import preview
from campaigns.errors import InvalidInput
from operations.workspace import Workspace
from store import campaigns as kept
from store import targets
from store.engine import reading


def of_campaign(
    workspace: Workspace,
    controller_id: int,
    campaign_id: int,
    variant: str = "",
    contact_id: int | None = None,
) -> bytes:
    """A WAV of 8 kHz, sample for sample what a telephone decodes.

    Args:
        workspace: where.
        controller_id: whose campaign it is.
        campaign_id: in any state.
        variant: whose message; the campaign's own where it is empty.
        contact_id: the person who hears it; their variant is looked up.

    Raises:
        NotFound: there is no such campaign, or the contact is not in it, or what was prepared is
            not there any more.
        InvalidInput: the campaign has no such message.
    """
    if variant and contact_id is not None:
        raise InvalidInput("variant", "a contact has a variant already.", "Give one of the two.")
    with reading(workspace.engine) as connection:
        kept.row(connection, controller_id, campaign_id)
        campaign = kept.by_id(connection, campaign_id)
        heard_by: str | None = variant or None
        if contact_id is not None:
            heard_by = targets.variant_of(connection, campaign_id, contact_id)
    directory = Path(campaign.heard_by(heard_by).path).parent
    return preview(workspace.library.message(directory.name))
