"""Placing claimed calls: each at its instant, once, while the claim is fresh."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

import structlog

from campaigns.campaign import Campaign
from campaigns.errors import InvalidInput, PbxError, StoreUnavailable
from campaigns.script import Transfer
from campaigns.trunk import Trunk
from dialer.calls import Call, utc_now
from dialer.last_look import LastLook
from dialer.orders import OriginateOrder, ScriptOrder, TransferOrder
from dialer.pbx import Pbx
from dialer.throttle import Throttle
from dialer.trunks import Trunks
from store.refusals import Refusals

FRESH_S = 1.0
"""A claim older than this (monotonic) is not sent: what the gates saw may have changed."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sounds:
    """Where the PBX finds what it plays and writes, as it sees its own disk.

    Attributes:
        confirmation: spoken when 9 was pressed, without extension.
        journal: path of the journal for calls that start now.
        messages: turns a path within the audio library into the PBX's.
    """

    confirmation: str
    journal: Callable[[], str]
    messages: Callable[[str], str]


class Sender:
    """Sends claimed calls to the PBX, each as soon as every limit lets it.

    Args:
        pbx: where to.
        refusals: for the last look at suppressions, on this thread.
        trunks: by which way.
        throttle: when.
        sounds: what the PBX needs to play and write.
        returned: told of each call that was not sent.
    """

    def __init__(
        self,
        pbx: Pbx,
        refusals: Refusals,
        trunks: Trunks,
        throttle: Throttle,
        sounds: Sounds,
        returned: Callable[[Call], None],
    ) -> None:
        self._pbx = pbx
        self._last_look = LastLook(refusals)
        self._trunks = trunks
        self._throttle = throttle
        self._sounds = sounds
        self._returned = returned
        self._queues: dict[tuple[str, int], deque[Call]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.halted = False

    def add(self, calls: Iterable[Call]) -> None:
        """Take claimed calls; they are sent, or returned within the time a claim is fresh."""
        for call in calls:
            self._queues.setdefault(_way(call), deque()).append(call)
        self._pump()

    def void(self) -> None:
        """Give back everything that was claimed and not sent."""
        queues, self._queues = self._queues, {}
        for queue in queues.values():
            for call in queue:
                self._returned(call)

    def _pump(self) -> None:
        """Send what may be sent now and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waits = [self._send_due(queue) for queue in self._queues.values()]
        self._queues = {key: queue for key, queue in self._in_turn() if queue}
        if self._queues:
            soonest = min(wait for wait in waits if wait is not None)
            self._timer = asyncio.get_running_loop().call_at(soonest, self._pump)

    def _in_turn(self) -> list[tuple[tuple[str, int], deque[Call]]]:
        """Another campaign or trunk first each time."""
        queues = list(self._queues.items())
        return queues[1:] + queues[:1]

    def _send_due(self, queue: deque[Call]) -> float | None:
        """Send the calls of a queue that may go now; when the next may, None where none waits."""
        while queue:
            now = time.monotonic()
            at = self._throttle.earliest(*_way(queue[0]), now)
            if at > now and not self._is_stale(queue[0], now):
                return min(at, queue[0].claimed + FRESH_S)
            self._send(queue.popleft())
        return None

    def _send(self, call: Call) -> None:
        trunk = self._trunks.get(call.attempt.trunk)
        try:
            if trunk is None or self._is_refused(call) or self._is_stale(call, time.monotonic()):
                self._returned(call)
                return
            order = self._order(call, trunk)
            now, at = time.monotonic(), utc_now()  # a last look at a busy database takes its time
            self._pbx.originate(order)
        except (InvalidInput, PbxError, StoreUnavailable) as error:
            log.warning("originate refused", attempt=call.attempt.id, why=str(error))
            self._returned(call)
            return
        call.sent, call.sent_at = now, at
        self._throttle.sent(call.attempt.id, now)

    def _is_stale(self, call: Call, now: float) -> bool:
        old = now - call.claimed >= FRESH_S
        return old or self.halted or call.hung_up_by_us or not self._pbx.connected

    def _is_refused(self, call: Call) -> bool:
        """Somebody may have refused since the claim, or since this process was last awake."""
        waiting = chain.from_iterable(self._queues.values())
        return self._last_look.is_refused(call, waiting, time.monotonic())

    def _order(self, call: Call, trunk: Trunk) -> OriginateOrder:
        campaign, machines = call.campaign, call.campaign.machines
        return OriginateOrder(
            attempt_id=call.attempt.id,
            endpoint=self._trunks.endpoint(trunk.name),
            number=trunk.dialled(call.attempt.number),
            caller_id=trunk.dialled(call.attempt.caller_id),
            ring_timeout_s=campaign.ring_timeout_s,
            max_call_s=trunk.longest_call_s(campaign.max_call_s),
            message=self._sounds.messages(call.message.path),
            confirmation=self._sounds.confirmation,
            journal=self._sounds.journal(),
            machine=self._sounds.messages(machines.message) if machines.message else "",
            listens=machines.listens,
            send_by=call.claimed + FRESH_S,
            target_id=call.attempt.target_id,
            script=self._script(campaign, trunk),
        )

    def _script(self, campaign: Campaign, trunk: Trunk) -> ScriptOrder | None:
        script = campaign.script
        if script is None or not script.is_interactive:
            return None
        transfer = script.transfer
        return ScriptOrder(
            sounds=self._sounds.messages(script.sounds),
            keys={key: act.value for key, act in script.keys.items()},
            questions=tuple("".join(one.answers) for one in script.questions),
            tries=script.tries,
            transfer=self._transfer(transfer, campaign, trunk) if transfer else None,
        )

    def _transfer(self, transfer: Transfer, campaign: Campaign, trunk: Trunk) -> TransferOrder:
        """Where the call may be put through to.

        A trunk that cannot be used for it keeps nobody from being called: whoever asks then hears
        that no place is free, and the PBX is not even told of that trunk.
        """
        way = self._trunks.get(transfer.trunk) if transfer.trunk else trunk
        closed = way is None or not self._trunks.may_transfer(way.name, campaign)
        by = trunk if way is None or closed else way
        return TransferOrder(
            number=by.dialled(transfer.number),
            endpoint=self._trunks.endpoint(by.name),
            group=str(campaign.id),
            most=0 if closed else self._trunks.transfers(campaign.id, transfer.limit),
            ring_s=transfer.ring_s,
            talk_s=transfer.talk_s,
        )


def _way(call: Call) -> tuple[str, int]:
    """What a call's limits depend on: its trunk and its campaign."""
    return call.attempt.trunk, call.campaign.id
