"""Whom to look at next: due targets in open zones, in the order in which they are served."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from campaigns import turns
from campaigns.campaign import Campaign
from campaigns.rules import gates, hours
from store import queue, tallies
from store.queue import Found

PATIENCE = timedelta(minutes=5)
"""How long a target that a trunk failed is left for another one, while there is another."""


class Candidates:
    """Due targets of one campaign within one claim.

    Args:
        connection: the claim's transaction.
        campaign: whose targets.
        shunned: the trunk over which those that it failed are not called yet; empty for none.
        now: of the claim.
    """

    def __init__(
        self, connection: Connection, campaign: Campaign, shunned: str, now: datetime
    ) -> None:
        self._connection = connection
        self._campaign = campaign
        self._shunned = shunned
        self._now = now
        self._groups = self._in_turn()
        self._fresh_left = self._stage_left()

    def next(self, count: int) -> list[Found]:
        """Up to so many; those of the time before that were neither taken nor put off come again.

        Fresh people are among them only as far as the stage goes.
        """
        found: list[Found] = []
        for zones in self._groups:
            left = count - len(found)
            if left <= 0:
                break
            found += self._of_group(zones, left, self._fresh_left - _fresh(found))
        return found

    def took(self, taken: list[Found]) -> None:
        """Calls were begun for these: the stage has fewer left."""
        self._fresh_left -= _fresh(taken)

    def _of_group(self, zones: str, count: int, fresh_left: int) -> list[Found]:
        retries = self._retries(zones, count)
        many = min(count, fresh_left)
        fresh = self._due(zones, False, self._now, many) if many > 0 else []
        return turns.alternate(retries, fresh, self._now)[:count]

    def _retries(self, zones: str, count: int) -> list[Found]:
        found = self._due(zones, True, self._now, count)
        others = self._campaign.trunks if self._campaign.other_trunks else ()
        for trunk in others:
            until = self._now - PATIENCE if trunk == self._shunned else self._now
            found += self._due(zones, True, until, count, trunk)
        return sorted(found, key=lambda one: (one.due_at, one.id)) if others else found

    def _due(
        self, zones: str, retry: bool, until: datetime, count: int, avoid: str | None = None
    ) -> list[Found]:
        return queue.due(self._connection, self._campaign.id, zones, retry, until, count, avoid)

    def _in_turn(self) -> list[str]:
        rules = hours.rules_of(self._campaign)
        groups = [
            zones
            for zones in queue.zones_of(self._connection, self._campaign.id)
            if gates.closed(rules, zones.split("|"), self._now) is None
        ]
        if len(groups) < 2:
            return groups
        closings = [(hours.closing(rules, one.split("|"), self._now), one) for one in groups]
        return turns.in_turn(closings, self._now)

    def _stage_left(self) -> int:
        limit = self._campaign.stage_limit
        if limit is None:
            return NO_LIMIT
        begun = tallies.one(self._connection, self._campaign.id, tallies.BEGUN, tallies.PEOPLE)
        return limit - begun


NO_LIMIT = 2**31
"""Fresh people of a campaign that has no stages before it."""


def _fresh(found: list[Found]) -> int:
    return sum(not one.retry for one in found)
