"""Sums over the campaigns of one controller, for monitoring."""

from sqlalchemy import Connection, func, select

from store.tables import campaign, tally


def campaigns_by_state(connection: Connection, controller_id: int) -> dict[str, int]:
    """How many campaigns stand where."""
    rows = connection.execute(
        select(campaign.c.state, func.count().label("many"))
        .where(campaign.c.controller_id == controller_id)
        .group_by(campaign.c.state)
    )
    return {found.state: found.many for found in rows}


def campaigns_held(connection: Connection, controller_id: int) -> int:
    """How many campaigns wait to be released by a person."""
    asked = (
        select(func.count())
        .select_from(campaign)
        .where(campaign.c.controller_id == controller_id, campaign.c.hold.is_not(None))
    )
    return int(connection.execute(asked).scalar_one())


def tallies(connection: Connection, controller_id: int) -> list[tuple[str, str, int]]:
    """(kind, name, count) over all its campaigns."""
    rows = connection.execute(
        select(tally.c.kind, tally.c.name, func.sum(tally.c.count))
        .join(campaign, campaign.c.id == tally.c.campaign_id)
        .where(campaign.c.controller_id == controller_id)
        .group_by(tally.c.kind, tally.c.name)
    )
    return [(kind, name, int(count)) for kind, name, count in rows]
