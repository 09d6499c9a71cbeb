"""Which campaigns call the people of a list, or called them."""

from sqlalchemy import Connection, select

from campaigns.states import CampaignState
from store.tables import campaign, campaign_list, contact, target

_OVER = [CampaignState.STOPPED.value, CampaignState.FINISHED.value]


def campaigns_of(connection: Connection, list_id: int) -> dict[int, str]:
    """Names by id of every campaign that a list was put into."""
    rows = connection.execute(
        select(campaign.c.id, campaign.c.name)
        .join(campaign_list, campaign_list.c.campaign_id == campaign.c.id)
        .where(campaign_list.c.list_id == list_id)
        .order_by(campaign.c.id)
    )
    return {found.id: found.name for found in rows}


def done_with(connection: Connection, list_id: int) -> set[int]:
    """Ids of those that are over and hold nobody of it: they will never need it again."""
    somebody = (
        select(contact.c.id)
        .join(target, target.c.contact_id == contact.c.id)
        .where(contact.c.list_id == list_id, target.c.campaign_id == campaign.c.id)
        .exists()
    )
    found = connection.execute(
        select(campaign.c.id)
        .join(campaign_list, campaign_list.c.campaign_id == campaign.c.id)
        .where(campaign_list.c.list_id == list_id, campaign.c.state.in_(_OVER), ~somebody)
    )
    return set(found.scalars())
