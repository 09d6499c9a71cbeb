"""Taking in what the PBX tells of calls in hand."""

from collections.abc import Callable

from campaigns.outcome import Outcome
from dialer.calls import Call, Calls, utc_now
from dialer.events import (
    Answered,
    CallEnded,
    Event,
    HungUp,
    KeyPressed,
    OptedOut,
    OriginateDone,
    OriginateRefused,
    Replied,
    Ringing,
)
from dialer.outcomes import Closing, closed


class Hearing:
    """Applies events to calls; what it cannot place belongs to a call closed already.

    Args:
        calls: the calls in hand.
        hung_up: told of each call that ended, with its closing.
        never_placed: told of each call that the PBX would not place.
        untold: told when a call ended of which the journal knows more than was heard.
        refused: told that somebody pressed 9.
    """

    def __init__(
        self,
        calls: Calls,
        hung_up: Callable[[Call, Closing], None],
        never_placed: Callable[[Call, Outcome], None],
        untold: Callable[[], None],
        refused: Callable[[], None],
    ) -> None:
        self._calls = calls
        self._hung_up = hung_up
        self._never_placed = never_placed
        self._untold = untold
        self._refused = refused
        self._refusals: list[Call] = []

    def refusals(self) -> list[Call]:
        """Calls in which 9 was pressed since this was last asked."""
        taken, self._refusals = self._refusals, []
        return taken

    def hear_again(self, refusals: list[Call]) -> None:
        """Refusals that could not be written, or that the journal told of."""
        self._refusals = refusals + self._refusals

    def hear(self, event: Event) -> None:
        """Apply one event."""
        call = self._calls.get(getattr(event, "attempt_id", ""))
        if call is not None:
            self._apply(call, event)

    def _apply(self, call: Call, event: Event) -> None:
        match event:
            case Ringing():
                call.ringing_at = call.ringing_at or utc_now()
            case Answered():
                call.answered_at = call.answered_at or utc_now()
            case KeyPressed(key=key):
                call.keys.append(key)
            case OptedOut():
                self._refuse(call)
            case Replied(reply=reply):
                call.note(reply)
            case CallEnded():
                call.ended = event
            case _:
                self._apply_end(call, event)

    def _apply_end(self, call: Call, event: Event) -> None:
        match event:
            case HungUp():
                self._end(call, event)
            case OriginateRefused() | OriginateDone(answered=False, channel_made=False):
                self._fail(call)
            case _:
                pass

    def _refuse(self, call: Call) -> None:
        call.opted_out = True
        self._refusals.append(call)
        self._refused()

    def _end(self, call: Call, event: HungUp) -> None:
        if call.ended is None:  # said while the link was down: what was heard of it is not enough
            call.hung_up = event
            self._untold()
            return
        self._calls.remove(call.attempt.id)
        self._hung_up(call, closed(call, event, utc_now()))

    def _fail(self, call: Call) -> None:
        self._calls.remove(call.attempt.id)
        self._never_placed(call, Outcome.CONFIG_ERROR)
