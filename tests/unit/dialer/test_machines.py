"""What the dialer does on answering machines, by what it hears of them."""

import asyncio

import pytest
from dialer_subjects import a_call, a_campaign
from dialing import until
from fake_pbx import FakePbx

from campaigns.machine import SILENCE_MS, MachineMode, Machines
from dialer import machines
from dialer.calls import Call, Calls
from dialer.events import Answered, Event, HungUp, KeyPressed, TalkingBegan, TalkingEnded
from dialer.machines import MachineWatch

LEAVES = Machines(MachineMode.LEAVE_MESSAGE, "messages/left", 3000)
HANGS_UP = Machines(MachineMode.HANG_UP)


class Clock:
    """Seconds that pass where the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Line:
    """One call, and what the far side says in it."""

    def __init__(self, clock: Clock, mode: Machines) -> None:
        self.clock, self.pbx, calls = clock, FakePbx(), Calls()
        self.call: Call = a_call(campaign=a_campaign(machines=mode))
        calls.add(self.call)
        self.watch = MachineWatch(calls, self.pbx)

    @property
    def id(self) -> str:
        return self.call.attempt.id

    @property
    def done(self) -> list[str]:
        return [what for what, attempt_id in self.pbx.on_machines if attempt_id == self.id]

    def hear(self, event: Event) -> None:
        self.watch.hear(event)

    def speaks(self, seconds: float, then_silent: float = 0.25) -> None:
        self.hear(TalkingBegan(self.id))
        self.clock.now += seconds + SILENCE_MS / 1000
        self.hear(TalkingEnded(self.id))
        self.clock.now += then_silent

    async def pauses(self) -> None:
        """Long enough for a greeting to be over, by its own clock."""
        self.clock.now += 5
        await asyncio.sleep(3 * machines._PAUSE_S)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The pause is looked at after 20 ms, and the clock says how long it was."""
    clock = Clock()
    monkeypatch.setattr(machines, "time", clock)
    monkeypatch.setattr(machines, "_PAUSE_S", 0.02)
    monkeypatch.setattr(machines, "_LATE_S", 10.0)
    return clock


def a_line(clock: Clock, mode: Machines, *, connected: bool = True) -> Line:
    line = Line(clock, mode)
    line.pbx._up = connected
    line.hear(Answered(line.id))
    clock.now += 0.6  # the silence before a greeting
    return line


async def greets(line: Line) -> None:
    line.speaks(4.1)
    line.speaks(4.1)
    await line.pauses()


async def test_a_message_is_left_once_the_greeting_has_ended(clock: Clock) -> None:
    line = a_line(clock, LEAVES)
    line.speaks(4.1)
    line.speaks(4.1)
    assert line.done == ["wait"]
    await line.pauses()
    assert line.done == ["wait", "leave"]


async def test_a_greeting_that_goes_on_is_not_over(clock: Clock) -> None:
    line = a_line(clock, LEAVES)
    line.speaks(4.1)
    line.speaks(4.1)
    line.hear(TalkingBegan(line.id))
    await line.pauses()
    assert line.done == ["wait"]


async def test_a_beep_that_comes_into_the_message_begins_it_anew(clock: Clock) -> None:
    line = a_line(clock, LEAVES)
    await greets(line)
    line.speaks(0.4)
    await line.pauses()
    assert line.done == ["wait", "leave", "leave"]


async def test_a_look_that_comes_late_looks_again(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "_LATE_S", 4.0)
    line = a_line(clock, HANGS_UP)
    line.speaks(4.1)
    line.speaks(4.1)
    first = line.watch._lines[line.id].timer
    clock.now += 5  # this process stood still, and so long nothing was heard
    await until(lambda: line.watch._lines[line.id].timer is not first)
    line.hear(TalkingBegan(line.id))
    assert line.watch._lines[line.id].timer is None, "nothing can follow"
    assert line.done == ["wait"]


async def test_a_machine_is_hung_up_on_once(clock: Clock) -> None:
    line = a_line(clock, HANGS_UP)
    await greets(line)
    line.speaks(6)
    await line.pauses()
    assert line.done == ["wait", "hangup"]


@pytest.mark.parametrize("mode", [LEAVES, HANGS_UP])
async def test_a_person_gets_the_message_and_nothing_is_done(clock: Clock, mode: Machines) -> None:
    line = a_line(clock, mode)
    line.speaks(0.7, then_silent=2)
    line.speaks(0.9)
    await line.pauses()
    assert line.done == []


@pytest.mark.parametrize(("mode", "done"), [(LEAVES, ["wait", "leave"]), (HANGS_UP, [])])
async def test_who_talks_like_a_machine_is_not_hung_up_on(
    clock: Clock, mode: Machines, done: list[str]
) -> None:
    """Nor does their call stay up for what comes after the message."""
    line = a_line(clock, mode)
    line.speaks(2.5)
    line.speaks(2.7)
    await line.pauses()
    assert line.done == done


@pytest.mark.parametrize("mode", [LEAVES, HANGS_UP])
async def test_who_presses_a_key_is_a_person(clock: Clock, mode: Machines) -> None:
    line = a_line(clock, mode)
    line.speaks(3)
    line.hear(KeyPressed(line.id, "1", 500))
    line.speaks(6)
    await line.pauses()
    assert line.done == []


async def test_a_call_that_ended_is_left_alone(clock: Clock) -> None:
    line = a_line(clock, HANGS_UP)
    line.speaks(4.1)
    line.speaks(4.1)
    line.hear(HungUp(line.id, 16, 0))
    await line.pauses()
    assert line.done == ["wait"]


async def test_nobody_listens_where_the_campaign_does_not_care(clock: Clock) -> None:
    line = a_line(clock, Machines())
    await greets(line)
    assert line.done == []


async def test_without_a_link_the_message_plays_on(clock: Clock) -> None:
    line = a_line(clock, HANGS_UP, connected=False)
    await greets(line)
    assert line.done == []
