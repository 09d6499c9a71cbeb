"""What each call takes of the limits, and what its fate says of its trunk."""

import asyncio
import time
from collections.abc import Sequence

from campaigns.states import AttemptState
from dialer.calls import Call, Calls, utc_now
from dialer.events import Dialling, Event, Invited, OtherBegun, OtherEnded, Ringing
from dialer.outcomes import Closing
from dialer.throttle import Throttle
from dialer.trunks import Trunks


class Occupancy:
    """Holds slots while calls are up, and tells trunks how their calls fared.

    Args:
        calls: the calls in hand.
        throttle: every limit.
        trunks: every trunk.
    """

    def __init__(self, calls: Calls, throttle: Throttle, trunks: Trunks) -> None:
        self._calls = calls
        self._throttle = throttle
        self._trunks = trunks

    def hear(self, event: Event) -> None:
        """Learn from an event before the call it belongs to does."""
        now = time.monotonic()
        match event:
            case Dialling(attempt_id=attempt_id):
                self._throttle.made(attempt_id, now)
                self._dials(self._calls.get(attempt_id))
            case Invited(attempt_id=attempt_id, at=at):
                self._throttle.invited(attempt_id, at, now)
            case Ringing(attempt_id=attempt_id):
                self._rings(self._calls.get(attempt_id), now)
            case OtherBegun():
                self._take_other(event)
                if event.outgoing:
                    self._throttle.started(event.channel_id, now)
            case OtherEnded(channel_id=channel_id):
                self._throttle.release(channel_id)
            case _:
                pass

    def _dials(self, call: Call | None) -> None:
        if call is not None and call.sent:
            self._trunks.dialled(call.attempt.trunk, call.sent)

    def _rings(self, call: Call | None, now: float) -> None:
        if call is not None and call.sent and call.ringing_at is None:
            self._trunks.began(call.attempt.trunk, now - call.sent, now)

    def take(self, call: Call) -> None:
        """A call that is up and was not claimed just now."""
        self._throttle.take(call.attempt.id, call.attempt.trunk, call.campaign.id)

    def _take_other(self, one: OtherBegun) -> None:
        trunk = self._trunks.of_channel(one.channel)
        self._throttle.take(one.channel_id, trunk, transfer=one.outgoing)

    def take_others(self, others: Sequence[OtherBegun]) -> None:
        """Calls that are nobody's attempt, as the PBX lists them: they hold channels too."""
        self._throttle.release_others()
        for one in others:
            self._take_other(one)

    def ended(self, closing: Closing) -> None:
        """A call is over, or in doubt: then a dead PBX may have left it up on the far side."""
        if closing.ended.state is AttemptState.IN_DOUBT:
            self.hold(closing.call)
        else:
            self._throttle.release(closing.call.attempt.id)
        self._tell_trunk(closing)

    def hold(self, call: Call) -> None:
        """Keep the slots of a call in doubt until it must be over."""
        left = max(0.0, call.campaign.max_call_s - call.age(time.monotonic(), utc_now()))
        self.take(call)
        loop = asyncio.get_running_loop()
        loop.call_later(left, self._throttle.release, call.attempt.id)

    def _tell_trunk(self, closing: Closing) -> None:
        call, ended = closing.call, closing.ended
        self._trunks.over(call.attempt.trunk, call.sent)
        if ended.outcome is None:
            return
        now = time.monotonic()
        trunk, first = call.attempt.trunk, call.attempts == 0
        self._trunks.ended(trunk, ended.outcome, ended.tech, now, call.sent, first=first)
        if self._trunks.changed:
            self._throttle.set_trunks(self._trunks.limits())
