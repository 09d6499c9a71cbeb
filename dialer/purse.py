"""What a claim may promise of its campaign's budget."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from campaigns.budget import Prices
from campaigns.campaign import Campaign
from campaigns.rules.gates import Gate
from store import queue, spending
from store.queue import Found

LOOKED_AT_AGAIN = timedelta(minutes=15)
"""How long a number that no tariff covers is put off where there is a budget: what its call costs
cannot be promised before somebody adds a tariff."""


class Purse:
    """The room left in a campaign's budget within one claim.

    Args:
        connection: the claim's transaction.
        campaign: whose budget; with none, everything is affordable.
        prices: of its calls over the trunk.
    """

    def __init__(self, connection: Connection, campaign: Campaign, prices: Prices) -> None:
        self._connection = connection
        self._prices = prices
        self._room = _room(connection, campaign.id)

    def pay(self, found: list[Found], now: datetime) -> tuple[list[Found], bool]:
        """Those whose calls the room allows for, and whether it does not for another.

        The first one that is too dear ends it, so that nobody is passed over for being dear.
        """
        if self._room is None:
            return found, False
        paid: list[Found] = []
        for one in self._priced(found, now):
            price = self._prices.of(one.number)
            worst = price.worst if price else 0
            if worst > self._room:
                return paid, True
            self._room -= worst
            paid.append(one)
        return paid, False

    def _priced(self, found: list[Found], now: datetime) -> list[Found]:
        """Those that have a price; the others are put off."""
        unknown = [one.id for one in found if self._prices.of(one.number) is None]
        later = now + LOOKED_AT_AGAIN
        queue.postpone(self._connection, [(id_, Gate.BUDGET_REACHED, later) for id_ in unknown])
        return [one for one in found if one.id not in unknown]


def _room(connection: Connection, campaign_id: int) -> int | None:
    """What may still be promised, read in the claim itself; None where there is no budget.

    A budget set a moment ago binds the next claim, though the campaign in hand does not know it.
    """
    if spending.budget(connection, campaign_id) is None:
        return None
    return spending.held(connection, campaign_id).room
