"""Puts limits in force: all of them where this dialer is alone, its portions of them otherwise."""

from collections.abc import Callable, Collection, Sequence
from functools import partial

import structlog
from sqlalchemy import Connection

from campaigns.campaign import Campaign, Limits
from dialer import outcomes
from dialer.book import Book, write_closings
from dialer.calls import utc_now
from dialer.portions import Portions, Shared, settle, transfer_limits
from dialer.reconcile import call_of, must_be_over
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from store import attempts
from store import campaigns as kept
from store.portions import SYSTEM, of_campaign, of_controller, of_transfers, of_trunk

log = structlog.get_logger()


class Sharing:
    """What this dialer and the others do for each other.

    Args:
        book: where portions are kept.
        portions: what is in force here.
        trunks, throttle: what keeps the limits.
        system: the limit of the whole system.
        ready: whether this dialer may place calls.
    """

    def __init__(
        self,
        book: Book,
        portions: Portions,
        trunks: Trunks,
        throttle: Throttle,
        system: Limits,
        ready: Callable[[], bool],
    ) -> None:
        self._book = book
        self._portions = portions
        self._trunks = trunks
        self._throttle = throttle
        self._system = system
        self._ready = ready

    async def settle(self, campaigns: Collection[Campaign]) -> None:
        """Put limits in force, and settle with the others what is whose.

        Raises:
            StoreUnavailable: nothing was settled; what was in force stays.
            LeaseLost: another dialer has taken over.
        """
        if not self._portions.alone:
            limits = self._limits(campaigns)
            self._portions.lower(limits)
            self._put_in_force(campaigns)
            used = self._throttle.in_use()
            asked = self._portions.ask(limits, used, ready=self._ready())
            settled = await self._book.transact(lambda one: settle(one, asked, utc_now()))
            self._portions.take(settled, limits)
            await self._take_over(settled.dead)
        self._put_in_force(campaigns)

    def _put_in_force(self, campaigns: Collection[Campaign]) -> None:
        self._throttle.set_system(self._portions.of(SYSTEM, self._system))
        self._throttle.set_trunks(self._trunks.limits())
        self._throttle.set_campaigns(campaigns, self._portions)

    def _limits(self, campaigns: Collection[Campaign]) -> Shared:
        """What all dialers keep together."""
        found = {SYSTEM: self._system}
        found |= {of_trunk(name): one for name, one in self._trunks.shared().items()}
        for one in campaigns:
            found[of_campaign(one.id)] = one.limits
            if one.controller_limits:
                found[of_controller(one.controller_id)] = one.controller_limits
            if one.script and one.script.transfer:
                found[of_transfers(one.id)] = transfer_limits(one.script.transfer.limit)
        return found

    async def _take_over(self, dead: Sequence[str]) -> None:
        """Close what dead dialers left, once it must be over: nobody can tell how it ended."""
        if dead and (count := await self._book.transact(partial(_close, nodes=dead))):
            log.warning("calls of dead dialers are in doubt", calls=count, nodes=dead)


def _close(connection: Connection, nodes: Sequence[str]) -> int:
    """Have what these nodes left, and what must be over, be in doubt; how many calls that were.

    A number stays locked as long as its call may last, and not only as long as the lease. The
    dialer that comes back settles them by its journal.
    """
    campaigns: dict[int, Campaign] = {}
    closings = []
    for one in attempts.abandoned(connection, nodes):
        id_ = one.attempt.campaign_id
        if id_ not in campaigns:
            campaigns[id_] = kept.by_id(connection, id_)
        call = call_of(one, campaigns[id_])
        if must_be_over(call):
            closings.append(outcomes.in_doubt(call, utc_now()))
    write_closings(connection, closings)
    return len(closings)
