"""Placing claimed calls: each at its instant, once, while the claim is fresh."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from campaigns.errors import PbxError
from campaigns.trunk import Trunk
from dialer.calls import Call, utc_now
from dialer.pbx import OriginateOrder, Pbx
from store import suppressions
from store.engine import reading

FRESH_S = 1.0
"""A claim older than this (monotonic) is not sent: what the gates saw may have changed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sounds:
    """Where the PBX finds what it plays and writes, as it sees its own disk.

    Attributes:
        confirmation: spoken when 9 was pressed, without extension.
        journal: path of the journal for calls that start now.
        messages: turns a campaign's message path into the PBX's.
    """

    confirmation: str
    journal: Callable[[], str]
    messages: Callable[[str], str]


class Sender:
    """Sends claimed calls to the PBX.

    Args:
        pbx: where to.
        engine: for the last look at suppressions, on this thread and on a reading connection.
        sounds: what the PBX needs to play and write.
        returned: told of each call that was not sent.
    """

    def __init__(
        self, pbx: Pbx, engine: Engine, sounds: Sounds, returned: Callable[[Call], None]
    ) -> None:
        self._pbx = pbx
        self._engine = engine
        self._sounds = sounds
        self._returned = returned
        self.halted = False

    def schedule(self, call: Call, trunk: Trunk, instant: float) -> None:
        """Send it at a monotonic instant."""
        asyncio.get_running_loop().call_at(instant, self._send, call, trunk)

    def _send(self, call: Call, trunk: Trunk) -> None:
        if self._is_void(call):
            self._returned(call)
            return
        try:
            self._pbx.originate(self._order(call, trunk))
        except PbxError as error:
            log.warning("originate refused", attempt=call.attempt.id, why=str(error))
            self._returned(call)
            return
        call.sent_at = utc_now()

    def _is_void(self, call: Call) -> bool:
        if self.halted or time.monotonic() - call.claimed > FRESH_S:
            return True
        campaign = call.campaign
        with reading(self._engine) as connection:
            return bool(
                suppressions.in_force(
                    connection,
                    [call.attempt.number],
                    campaign.controller_id,
                    campaign.id,
                    utc_now(),
                )
            )

    def _order(self, call: Call, trunk: Trunk) -> OriginateOrder:
        campaign = call.campaign
        return OriginateOrder(
            attempt_id=call.attempt.id,
            endpoint=trunk.name,
            number=trunk.dialled(call.attempt.number),
            caller_id=trunk.dialled(call.attempt.caller_id),
            ring_timeout_s=campaign.ring_timeout_s,
            max_call_s=campaign.max_call_s,
            message=self._sounds.messages(campaign.message),
            confirmation=self._sounds.confirmation,
            journal=self._sounds.journal(),
        )
