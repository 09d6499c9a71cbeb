"""Acting on answering machines while the message already plays.

What is heard comes from the PBX, what it means from `campaigns.machine`, and what is done is asked
of the PBX again. Where anything of that fails, or this process dies, the message plays on.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from campaigns.errors import PbxError
from campaigns.machine import PAUSE_MS, SILENCE_MS, Ear, Leaving, MachineMode
from dialer.calls import Calls
from dialer.events import Answered, Event, HungUp, KeyPressed, OptedOut, TalkingBegan, TalkingEnded
from dialer.pbx import Pbx

_PAUSE_S = (PAUSE_MS - SILENCE_MS + 20) / 1000
"""From the news that a sound has ended until its pause is long enough, and some ms more."""

_LATE_S = 0.1
"""How much later than it was meant to be it may be looked."""


log = structlog.get_logger()


@dataclass(slots=True)
class _Line:
    """One answered call of a campaign that cares who answered.

    Attributes:
        answered: monotonic seconds.
        timer: looks whether a greeting has ended.
        leaving: the message that is being left; None until then.
        waits: the call stays up after its message for the greeting to end.
    """

    mode: MachineMode
    answered: float
    ear: Ear = field(default_factory=Ear)
    timer: asyncio.TimerHandle | None = None
    leaving: Leaving | None = None
    waits: bool = False

    @property
    def now_ms(self) -> int:
        """Since the answer."""
        return round((time.monotonic() - self.answered) * 1000)

    def rest(self) -> None:
        """Look at nothing by itself."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class MachineWatch:
    """Listens to calls whose campaign cares who answered.

    Args:
        calls: the calls in hand.
        pbx: where they are.
    """

    def __init__(self, calls: Calls, pbx: Pbx) -> None:
        self._calls = calls
        self._pbx = pbx
        self._lines: dict[str, _Line] = {}

    def hear(self, event: Event) -> None:
        """Take in one event; most are of calls to which nobody listens."""
        match event:
            case Answered(attempt_id=attempt_id):
                self._answered(attempt_id)
            case TalkingBegan(attempt_id=attempt_id):
                self._began(attempt_id)
            case TalkingEnded(attempt_id=attempt_id):
                self._ended(attempt_id)
            case KeyPressed() | OptedOut() | HungUp():
                # Only a person presses a key.
                self._forget(event.attempt_id)
            case _:
                pass

    def _answered(self, attempt_id: str) -> None:
        call = self._calls.get(attempt_id)
        if call is not None and call.campaign.machines.listens:
            line = _Line(call.campaign.machines.mode, time.monotonic())
            self._lines.setdefault(attempt_id, line)

    def _forget(self, attempt_id: str) -> None:
        line = self._lines.pop(attempt_id, None)
        if line is not None:
            line.rest()

    def _began(self, attempt_id: str) -> None:
        line = self._lines.get(attempt_id)
        if line is not None:
            line.rest()
            line.ear.begins(line.now_ms)

    def _ended(self, attempt_id: str) -> None:
        line = self._lines.get(attempt_id)
        if line is None or not line.ear.ends(line.now_ms - SILENCE_MS):
            return
        if line.leaving is None:
            if not line.ear.greets(line.mode):
                return
            self._wait_for_greeting(attempt_id, line)
        self._look_in(_PAUSE_S, attempt_id, line)

    def _wait_for_greeting(self, attempt_id: str, line: _Line) -> None:
        if not line.waits:
            line.waits = True
            self._ask(attempt_id, self._pbx.wait_for_greeting)

    def _look_in(self, seconds: float, attempt_id: str, line: _Line) -> None:
        line.rest()
        due = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        line.timer = loop.call_later(seconds, self._look, attempt_id, line, due)

    def _look(self, attempt_id: str, line: _Line, due: float) -> None:
        if time.monotonic() - due > _LATE_S:
            # This process had no time: what was heard meanwhile waits behind this very call.
            self._look_in(_LATE_S, attempt_id, line)
        elif line.ear.paused(line.now_ms):
            self._act(attempt_id, line)

    def _act(self, attempt_id: str, line: _Line) -> None:
        if line.mode is MachineMode.HANG_UP:
            if self._ask(attempt_id, self._pbx.hang_up_on_machine):
                self._forget(attempt_id)
        elif line.leaving is None:
            if self._ask(attempt_id, self._pbx.leave_message):
                line.leaving = Leaving(line.now_ms)
        elif line.leaving.begins_anew(line.now_ms):
            self._ask(attempt_id, self._pbx.leave_message)

    def _ask(self, attempt_id: str, order: Callable[[str], None]) -> bool:
        """Whether it could be asked for; where not, the message plays on."""
        try:
            order(attempt_id)
        except PbxError as error:
            log.info("a machine is left alone", attempt=attempt_id, why=str(error))
            return False
        return True
