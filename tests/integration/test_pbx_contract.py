"""What the dialer relies on a PBX to tell, and in which order, on the fake and on the real one."""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from far_side import Call, FarSide
from ulid import ULID

from campaigns.errors import PbxError
from dialer.ami import AmiPbx, AmiSettings
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    Invited,
    KeyPressed,
    OptedOut,
    OriginateDone,
    Ringing,
)
from dialer.instance.configure import AMI_USER
from dialer.instance.supervise import Supervisor
from dialer.journal import Journal, OptOutPressed, Started, read
from dialer.orders import OriginateOrder
from dialer.pbx import Pbx

sys.path.append(str(Path(__file__).parents[1] / "unit" / "dialer"))
import fake_pbx

pytestmark = pytest.mark.pbx

_numbers = itertools.count(1)


class Subject:
    """A PBX of one kind, and callees that behave in a given way."""

    def __init__(self, pbx: Pbx, order: OriginateOrder, behave: Callable[[str, str], None]) -> None:
        self.pbx = pbx
        self.order = order
        self.behave = behave
        self.events: list[Event] = []
        self.more = asyncio.Event()

    def hear(self, events: Sequence[Event]) -> None:
        self.events += events
        self.more.set()

    async def call(self, script: str) -> tuple[str, list[Event]]:
        """Place a call to somebody who behaves so, and hear it to its end."""
        number = f"+336398{next(_numbers):05d}"
        self.behave(number, script)
        order = replace(self.order, attempt_id=str(ULID()), number=number)
        self.pbx.originate(order)
        async with asyncio.timeout(20):
            while not {HungUp, OriginateDone} <= {type(one) for one in self.of(order.attempt_id)}:
                self.more.clear()
                await self.more.wait()
        return order.attempt_id, self.of(order.attempt_id)

    def of(self, attempt_id: str) -> list[Event]:
        return [one for one in self.events if getattr(one, "attempt_id", "") == attempt_id]

    def records(self, attempt_id: str) -> list[object]:
        found = read(Path(self.order.journal)).records
        return [one for one in found if one.attempt_id == attempt_id]


def _order(journal: Path, sounds: Path, endpoint: str) -> OriginateOrder:
    return OriginateOrder(
        "", endpoint, "", "+33199001234", 2, 30, str(sounds / "contract"),
        str(sounds / "contract-confirmation"), str(journal),
    )  # fmt: skip


@pytest.fixture(params=["fake", "real"])
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    if request.param == "fake":
        subject = _fake(tmp_path)
    else:
        subject = _real(request.getfixturevalue("asterisk"), request.getfixturevalue("far_side"))
    await subject.pbx.open(subject.hear)
    yield subject
    await subject.pbx.close()


def _fake(directory: Path) -> Subject:
    behaviour: dict[str, fake_pbx.Script] = {}
    pbx = fake_pbx.FakePbx(lambda call: behaviour[call.order.number](call))

    def behave(number: str, script: str) -> None:
        behaviour[number] = getattr(fake_pbx, script)

    return Subject(pbx, _order(Journal(directory).current(), directory, "e"), behave)


def _real(asterisk: Supervisor, far_side: FarSide) -> Subject:
    instance = asterisk.instance
    (instance.sounds / "contract.alaw").write_bytes(b"\x55" * 8_000)
    (instance.sounds / "contract-confirmation.alaw").write_bytes(b"\xd5" * 1_600)
    pbx = AmiPbx(AmiSettings("127.0.0.1", instance.ami_port, AMI_USER, instance.ami_secret))

    def behave(number: str, script: str) -> None:
        far_side.scripts[number] = _CALLEES[script]

    order = _order(
        instance.journal / "contract.journal", instance.sounds, instance.endpoint("loop")
    )
    return Subject(pbx, order, behave)


def _deliver(call: Call) -> None:
    call.ring()
    call.answer()
    call.ended.wait(20)


def _opt_out(call: Call) -> None:
    call.ring()
    call.answer()
    assert call.first_audio.wait(5)
    call.press("9")
    call.ended.wait(20)


def _hang_up_early(call: Call) -> None:
    call.ring()
    call.answer()
    assert call.first_audio.wait(5)
    call.ended.wait(0.3)
    call.hang_up()


_CALLEES: dict[str, Callable[[Call], None]] = {
    "deliver": _deliver,
    "busy": lambda call: call.reply("486 Busy Here"),
    "no_answer": lambda call: call.ring(),
    "opt_out": _opt_out,
    "hang_up_early": _hang_up_early,
}


@pytest.mark.parametrize(
    ("script", "kinds", "result", "tech"),
    [
        ("deliver", [Dialling, Ringing, Answered, CallEnded, HungUp], "played", ""),
        ("busy", [Dialling, CallEnded, HungUp], "", "SIP 486"),
        ("no_answer", [Dialling, Ringing, CallEnded, HungUp], "", "SIP 180"),
        (
            "opt_out",
            [Dialling, Ringing, Answered, KeyPressed, OptedOut, CallEnded, HungUp],
            "optout",
            "",
        ),
        ("hang_up_early", [Dialling, Ringing, Answered, CallEnded, HungUp], "playing", ""),
    ],
)
async def test_what_is_told_in_which_order_and_journalled(
    subject: Subject, script: str, kinds: list[type[Event]], result: str, tech: str
) -> None:
    attempt_id, events = await subject.call(script)
    # They come by another route or thread: their place among the others is not promised.
    apart = (OriginateDone, Invited)
    assert [type(one) for one in events if not isinstance(one, apart)] == kinds
    assert [one.attempt_id for one in events if isinstance(one, Invited)] == [attempt_id]
    (done,) = [one for one in events if isinstance(one, OriginateDone)]
    assert (done.answered, done.channel_made) == (Answered in kinds, True)
    (ended,) = [one for one in events if isinstance(one, CallEnded)]
    _check_report(ended, result, tech)
    records = subject.records(attempt_id)
    assert (records[0], records[-1]) == (Started(attempt_id), ended)
    assert len(records) == (3 if OptedOut in kinds else 2)
    assert isinstance(records[1], OptOutPressed if OptedOut in kinds else CallEnded)


def _check_report(ended: CallEnded, result: str, tech: str) -> None:
    assert ended.result == result
    assert ended.ended_ms > ended.answered_ms
    if result:
        assert ended.answered_ms > 0
        assert ended.rtp_sent > 0
    else:
        assert (ended.answered_ms, ended.heard_ms, ended.rtp_sent) == (0, 0, 0)
        assert ended.tech.startswith(tech)


async def test_nothing_is_live_afterwards(subject: Subject) -> None:
    await subject.call("busy")
    assert await subject.pbx.live_channels() == []


async def test_without_a_link_nothing_is_sent_and_nothing_told(subject: Subject) -> None:
    await subject.pbx.close()
    order = replace(subject.order, attempt_id=str(ULID()), number="+33639800001")
    with pytest.raises(PbxError):
        subject.pbx.originate(order)
    with pytest.raises(PbxError):
        await subject.pbx.live_channels()
    with pytest.raises(PbxError):
        subject.pbx.hang_up(order.attempt_id)
    assert not subject.pbx.connected
    assert subject.events == []
