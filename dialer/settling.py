"""Nothing is placed before what was in flight is settled: when to reconcile, when to go on."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog

from campaigns.errors import PbxError, StoreUnavailable
from dialer.occupancy import Occupancy
from dialer.pbx import Pbx
from dialer.reconcile import Reconciled, Reconciliation
from dialer.throttle import Throttle

AGAIN_S = 0.3
"""How soon what failed is tried again."""

log = structlog.get_logger()


class Settling:
    """Reconciles where it is asked to, beside the cycles, which go on writing ends and refusals.

    Args:
        pbx: must be there for it.
        reconciliation: what is done.
        occupancy, throttle: told of what is up, and that a ramp begins.
        take_in: told what each round has found.
        asked: set where something in flight is not accounted for.

    Attributes:
        ready: calls may be placed.
        gaps: how often events were missed since this dialer began, so that all was settled again.
    """

    def __init__(
        self,
        pbx: Pbx,
        reconciliation: Reconciliation,
        occupancy: Occupancy,
        throttle: Throttle,
        take_in: Callable[[Reconciled], None],
        asked: asyncio.Event,
    ) -> None:
        self._pbx = pbx
        self._reconciliation = reconciliation
        self._occupancy = occupancy
        self._throttle = throttle
        self._take_in = take_in
        self._asked = asked
        self._in_quarantine = False
        self._task: asyncio.Task[None] | None = None
        self._tell_ready: Callable[[], None] | None = None
        self.ready = False
        self.gaps = 0

    def begin(self, tell_ready: Callable[[], None] | None) -> None:
        """Settle what an earlier dialer left; `tell_ready` hears when calls can be placed."""
        self._tell_ready = tell_ready
        self._asked.set()

    def unsettle(self) -> None:
        """Place nothing until everything in flight is accounted for again."""
        self.ready = False
        self.gaps += 1
        self._asked.set()

    def ask(self) -> None:
        """Something in flight is not accounted for."""
        self._asked.set()

    def where_asked(self) -> None:
        """Begin to reconcile where somebody asked, and the PBX is there."""
        idle = self._task is None or self._task.done() or self._in_quarantine
        if idle and self._asked.is_set() and self._pbx.connected:
            self._asked.clear()
            # No claim meanwhile: one that is committed and not yet in hand would look abandoned.
            self.ready = self._in_quarantine = False
            if self._task is not None:
                self._task.cancel()
            self._task = asyncio.create_task(self._reconcile())

    async def end(self) -> None:
        """Leave what is not settled to the next dialer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _reconcile(self) -> None:
        try:
            async for found in self._reconciliation.rounds():
                self._in_quarantine = False
                self._take_in(found)
                await self._go_on(found)
        except (PbxError, StoreUnavailable) as error:
            self._in_quarantine = False
            log.warning("cannot reconcile yet", why=str(error))
            await asyncio.sleep(AGAIN_S)
            self._asked.set()

    async def _go_on(self, found: Reconciled) -> None:
        """Place calls again; what is in quarantine is settled beside them."""
        if self.ready:
            return
        self._occupancy.take_others(await self._pbx.other_channels())
        for call in found.quarantined:
            self._occupancy.take(call)
        self._throttle.ramp_up(time.monotonic())
        self.ready = not self._asked.is_set()
        self._in_quarantine = bool(found.quarantined)
        if self.ready and self._tell_ready is not None:
            self._tell_ready()
            self._tell_ready = None
