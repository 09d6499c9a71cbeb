"""Clock work: campaigns that start or end, limits that change, the lease, what is shown."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection

from campaigns.campaign import Campaign
from campaigns.errors import LeaseLost, PbxError, StoreUnavailable
from campaigns.states import Action, CampaignState, TargetState
from dialer.book import Book
from dialer.calls import Calls, utc_now
from dialer.pbx import Pbx
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from store import audit, tallies, targets
from store import campaigns as kept
from store import trunks as trunk_records

EVERY_S = 0.5
"""How often campaigns and limits are looked at: a change holds within a second."""

CANCEL_AT_ONCE = 5000
"""Targets of a stopped campaign cancelled in one transaction, so that none is long."""

log = structlog.get_logger()


class Scheduler:
    """Runs the clock work with APScheduler; campaign state lives in the database alone."""

    def __init__(
        self,
        book: Book,
        pbx: Pbx,
        trunks: Trunks,
        throttle: Throttle,
        calls: Calls,
        status: Callable[[datetime], dict[str, Any]],
    ) -> None:
        self._book = book
        self._pbx = pbx
        self._trunks = trunks
        self._throttle = throttle
        self._calls = calls
        self._status = status
        self._clock = AsyncIOScheduler(timezone="UTC")
        self._lost: LeaseLost | None = None
        self.campaigns: list[Campaign] = []

    async def open(self) -> None:
        """Look once, so that everything is in force, and then again and again."""
        await self.tick()
        self._clock.add_job(self.tick, "interval", seconds=EVERY_S, max_instances=1, coalesce=True)
        self._clock.start()

    def close(self) -> None:
        """Stop the clock."""
        if self._clock.running:
            self._clock.shutdown(wait=False)

    def check(self) -> None:
        """Find out whether this dialer may go on.

        Raises:
            LeaseLost: another has taken over.
        """
        if self._lost is not None:
            raise self._lost

    async def tick(self) -> None:
        """Do everything that is due now."""
        try:
            await self._trunks.look(self._pbx)
            self._trunks.note(await self._book.read(trunk_records.all_of))
            self._throttle.set_trunks(self._trunks.limits())
            self.campaigns = await self._book.transact(self._move_campaigns)
            self._throttle.set_campaigns(self.campaigns)
            self._throttle.adapt()
            self._hang_up_stopped()
            await self._book.renew(self._status(utc_now()))
        except StoreUnavailable as error:
            log.error("the store cannot be read", why=str(error))
        except LeaseLost as error:
            self._lost = error

    def _move_campaigns(self, connection: Connection) -> list[Campaign]:
        now = utc_now()
        for campaign_id, action in kept.due(connection, now):
            _act(connection, campaign_id, action, now)
        for campaign in kept.live(connection):
            self._move(connection, campaign, now)
        return kept.live(connection)

    def _move(self, connection: Connection, campaign: Campaign, now: datetime) -> None:
        states = tallies.of_campaign(connection, campaign.id)[tallies.STATE]
        pending = states.get(TargetState.PENDING.value, 0)
        if states.get(TargetState.CALLING.value, 0):
            return
        if campaign.state in {CampaignState.DRAINING, CampaignState.STOPPING}:
            if pending:
                targets.cancel(connection, campaign.id, CANCEL_AT_ONCE)
            else:
                _act(connection, campaign.id, Action.END, now)
        elif campaign.state is CampaignState.RUNNING and not pending:
            _act(connection, campaign.id, Action.FINISH, now)

    def _hang_up_stopped(self) -> None:
        """End the calls of stopped campaigns; asked again each time until they are over.

        The PBX does not know yet of a call that was ordered a moment ago.
        """
        stopping = [one for one in self.campaigns if one.state is CampaignState.STOPPING]
        for campaign in stopping:
            for call in self._calls.of_campaign(campaign.id):
                with contextlib.suppress(PbxError):
                    self._pbx.hang_up(call.attempt.id)
                    call.hung_up_by_us = True


def _act(connection: Connection, campaign_id: int, action: Action, now: datetime) -> None:
    before, after = kept.act(connection, campaign_id, action, now)
    audit.record(
        connection,
        now,
        actor="clock",
        act=f"campaign.{action}",
        subject=f"campaign {campaign_id}",
        detail={"before": before, "after": after},
    )
