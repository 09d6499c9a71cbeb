"""The adapter on a real Asterisk: what it sends is done, what happens is heard."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from far_side import Address, Call, FarSide

from campaigns.errors import PbxError
from campaigns.trunk import Trunk
from dialer.ami import AmiPatience, AmiPbx, AmiSettings, LoginRejected
from dialer.events import (
    Answered,
    CallEnded,
    Dialling,
    Event,
    HungUp,
    Invited,
    LinkDown,
    LinkUp,
    OptedOut,
    OriginateDone,
    Ringing,
)
from dialer.instance.configure import AMI_USER, Instance
from dialer.instance.locate import Installation
from dialer.instance.ports import free_ports
from dialer.instance.supervise import Supervisor
from dialer.orders import OriginateOrder
from dialer.pbx import ChannelState

pytestmark = pytest.mark.pbx

NOWHERE, GONE, ASLEEP = "nowhere", "gone", "asleep"
_numbers = itertools.count(1)


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def __call__(self, events: Sequence[Event]) -> None:
        self.events += events
        self._more.set()

    async def until(self, done: Callable[[], bool], within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while not done():
                self._more.clear()
                await self._more.wait()

    def of(self, attempt_id: str) -> list[Event]:
        return [each for each in self.events if getattr(each, "attempt_id", "") == attempt_id]

    def one(self, kind: type[Event], attempt_id: str) -> Event:
        found = [each for each in self.of(attempt_id) if type(each) is kind]
        assert len(found) == 1, found
        return found[0]

    async def over(self, attempt_id: str) -> list[Event]:
        """Everything heard of a call once both its ends were: its answer and its hang-up."""
        await self.until(lambda: {HungUp, OriginateDone} <= {type(e) for e in self.of(attempt_id)})
        return self.of(attempt_id)


class Sleeper(FarSide):
    """Answers nothing until it is awake."""

    awake = False

    def _take(self, request: str, peer: Address) -> None:
        if self.awake:
            super()._take(request, peer)


class AskedTrunk(Trunk):
    """A trunk that is sent OPTIONS, as on loopback none is."""

    @property
    def asks_options(self) -> bool:
        return True


@pytest.fixture(scope="module")
def sleeper() -> Iterator[Sleeper]:
    one = Sleeper()
    yield one
    one.close()


@pytest.fixture(scope="module")
def supervisor(
    pbx_binary: Installation, pbx_root: Path, far_side: FarSide, sleeper: Sleeper
) -> Iterator[Supervisor]:
    """An Asterisk of this module's own, which may be killed; two trunks lead to nobody."""
    ports = free_ports(calls=50)
    trunks = (
        AskedTrunk("loop", "127.0.0.1", far_side.port, options_interval_s=1),
        Trunk(NOWHERE, "127.0.0.1", ports.sip + 1),
        AskedTrunk(GONE, "127.0.0.1", ports.sip + 1, options_interval_s=1),
        AskedTrunk(ASLEEP, "127.0.0.1", sleeper.port, options_interval_s=3600),
    )
    one = Supervisor(
        Instance(pbx_root / "ami", ports.sip, ports.ami, ports.rtp_first, ports.rtp_last, trunks),
        pbx_binary,
    )
    one.start()
    (one.instance.sounds / "message.alaw").write_bytes(b"\x55" * 8_000)
    (one.instance.sounds / "confirmation.alaw").write_bytes(b"\xd5" * 1_600)
    yield one
    one.stop()


@pytest.fixture
def settings(supervisor: Supervisor) -> AmiSettings:
    instance = supervisor.instance
    patience = AmiPatience(action=2.0, silence=2.0, ping=2.0, first_retry=0.05, last_retry=0.2)
    return AmiSettings(
        "127.0.0.1", instance.ami_port, AMI_USER, instance.ami_secret, None, patience
    )


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def pbx(settings: AmiSettings, ear: Ear) -> AsyncIterator[AmiPbx]:
    one = AmiPbx(settings)
    await one.open(ear)
    yield one
    await one.close()


@pytest.fixture
def order(supervisor: Supervisor, far_side: FarSide) -> Callable[..., OriginateOrder]:
    """Makes an order for a number of its own that answers by the script given."""
    instance = supervisor.instance

    def one(script: Callable[[Call], None] = refuse, **changes: object) -> OriginateOrder:
        number = f"+336399{next(_numbers):05d}"
        far_side.scripts[number] = script
        made = OriginateOrder(
            attempt_id=f"{time.time_ns():026d}",
            endpoint=instance.endpoint("loop"),
            number=number,
            caller_id="+33199000001",
            ring_timeout_s=10,
            max_call_s=20,
            message=str(instance.sounds / "message"),
            confirmation=str(instance.sounds / "confirmation"),
            journal=str(instance.journal / "calls"),
        )
        return replace(made, **changes)

    return one


Make = Callable[..., OriginateOrder]


def refuse(call: Call) -> None:
    call.reply("486 Busy Here")


def ring(call: Call) -> None:
    call.ring()


def listen(call: Call) -> None:
    call.ring()
    call.answer()
    call.ended.wait(20)


def refuse_further_calls(call: Call) -> None:
    call.answer()
    assert call.first_audio.wait(5)
    call.press("9")
    call.ended.wait(20)


def journalled(order: OriginateOrder) -> list[list[str]]:
    lines = [each.split("|") for each in Path(order.journal).read_text().splitlines()]
    return [each for each in lines if each[1] == order.attempt_id]


async def test_it_tells_what_the_pbx_can_do(pbx: AmiPbx) -> None:
    found = pbx.capabilities
    assert found.version.split(".")[0].isdigit()
    assert found.advanced_filters
    assert abs(found.started_at_ms / 1000 - time.time()) < 600


async def test_a_wrong_secret_is_raised(settings: AmiSettings, ear: Ear) -> None:
    with pytest.raises(LoginRejected, match="Authentication failed"):
        await AmiPbx(replace(settings, secret="wrong")).open(ear)


async def test_a_busy_number(pbx: AmiPbx, ear: Ear, order: Make) -> None:
    made = order()
    pbx.originate(made)
    heard = await ear.over(made.attempt_id)
    assert {type(each) for each in heard} == {Dialling, Invited, CallEnded, OriginateDone, HungUp}
    assert ear.one(OriginateDone, made.attempt_id) == OriginateDone(made.attempt_id, False, 0, True)
    assert ear.one(HungUp, made.attempt_id).cause == 17
    ended = ear.one(CallEnded, made.attempt_id)
    assert (ended.tech, ended.answered_ms, ended.result) == ("SIP 486 Busy Here", 0, "")


async def test_an_answered_call_and_its_journal(pbx: AmiPbx, ear: Ear, order: Make) -> None:
    made = order(listen)
    pbx.originate(made)
    heard = await ear.over(made.attempt_id)
    kinds = [type(each) for each in heard if type(each) not in {OriginateDone, Invited}]
    assert kinds == [Dialling, Ringing, Answered, CallEnded, HungUp]
    assert ear.one(OriginateDone, made.attempt_id).answered
    ended = ear.one(CallEnded, made.attempt_id)
    assert ended.result == "played"
    assert ended.rtp_sent > 40
    mine = journalled(made)
    assert [each[0] for each in mine] == ["start", "end"]
    assert [int(mine[1][2]), int(mine[1][3])] == [ended.ended_ms, ended.answered_ms]


async def test_an_opt_out_is_heard_while_the_call_goes_on(
    pbx: AmiPbx, ear: Ear, order: Make
) -> None:
    made = order(refuse_further_calls)
    pbx.originate(made)
    await ear.until(lambda: OptedOut(made.attempt_id) in ear.events)
    heard = await ear.over(made.attempt_id)
    assert ear.one(CallEnded, made.attempt_id).keys == "9"
    assert heard.index(OptedOut(made.attempt_id)) < heard.index(ear.one(HungUp, made.attempt_id))


async def test_a_far_side_that_is_not_there(pbx: AmiPbx, ear: Ear, order: Make) -> None:
    made = order(endpoint=NOWHERE, ring_timeout_s=1)
    pbx.originate(made)
    await ear.over(made.attempt_id)
    # Only the empty words of SIP tell it from a telephone that rang: cause and code are the same.
    ended = ear.one(CallEnded, made.attempt_id)
    assert (ended.tech, ended.cause) == ("", 19)


async def test_an_endpoint_that_does_not_exist(pbx: AmiPbx, ear: Ear, order: Make) -> None:
    made = order(endpoint="nosuch")
    pbx.originate(made)
    await ear.until(lambda: bool(ear.events))
    assert ear.events == [OriginateDone(made.attempt_id, False, 0, False)]


async def test_one_attempt_rings_one_telephone_once(
    pbx: AmiPbx, ear: Ear, order: Make, far_side: FarSide
) -> None:
    made = order(ring)
    pbx.originate(made)
    await ear.until(lambda: Ringing(made.attempt_id) in ear.events)
    pbx.originate(made)
    await ear.until(lambda: OriginateDone(made.attempt_id, False, 0, True) in ear.events)
    assert [each.attempt_id for each in await pbx.live_channels()] == [made.attempt_id]
    pbx.hang_up(made.attempt_id)
    await ear.over(made.attempt_id)
    assert len(far_side.calls_to(made.number)) == 1


async def test_live_channels_and_hanging_up(pbx: AmiPbx, ear: Ear, order: Make) -> None:
    up, ringing = order(listen, max_call_s=20), order(ring)
    pbx.originate(ringing)
    await ear.until(lambda: Ringing(ringing.attempt_id) in ear.events)
    pbx.originate(up)
    await ear.until(lambda: Answered(up.attempt_id) in ear.events)
    states = {each.attempt_id: each.state for each in await pbx.live_channels()}
    assert states == {up.attempt_id: ChannelState.UP, ringing.attempt_id: ChannelState.RINGING}
    for each in (up, ringing):
        pbx.hang_up(each.attempt_id)
        await ear.over(each.attempt_id)
    assert await pbx.live_channels() == []


async def test_contacts(pbx: AmiPbx, far_side: FarSide, supervisor: Supervisor) -> None:
    endpoint = supervisor.instance.endpoint("loop")
    assert await pbx.contacts(endpoint) == [f"sip:127.0.0.1:{far_side.port}"]
    assert await pbx.contacts("nosuch") == []


async def test_who_answers_options_and_who_does_not(pbx: AmiPbx, supervisor: Supervisor) -> None:
    async with asyncio.timeout(20):
        while not await pbx.unanswered(  # noqa: ASYNC110 - what is waited for is in the PBX
            supervisor.instance.endpoint(GONE)
        ):
            await asyncio.sleep(0.05)
    assert not await pbx.unanswered(supervisor.instance.endpoint("loop"))
    assert not await pbx.unanswered("nosuch")


async def test_who_answers_options_again_is_found_before_the_interval_is_over(
    pbx: AmiPbx, supervisor: Supervisor, sleeper: Sleeper
) -> None:
    endpoint = supervisor.instance.endpoint(ASLEEP)
    pbx.ask_options(endpoint)
    async with asyncio.timeout(20):
        while not await pbx.unanswered(endpoint):  # noqa: ASYNC110 - it is in the PBX
            await asyncio.sleep(0.05)
        sleeper.awake = True
        pbx.ask_options(endpoint)
        while await pbx.unanswered(endpoint):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)


async def test_an_order_that_could_mean_more_is_not_sent(
    pbx: AmiPbx, ear: Ear, order: Make, tmp_path: Path
) -> None:
    made = order(message=f"/m,FILE({tmp_path}/planted)=x")
    with pytest.raises(PbxError):
        pbx.originate(made)
    assert await pbx.live_channels() == []
    assert not (tmp_path / "planted").exists()
    assert ear.events == []


async def test_a_killed_pbx_is_told_and_so_is_its_return(
    pbx: AmiPbx, ear: Ear, order: Make, supervisor: Supervisor
) -> None:
    started = pbx.capabilities.started_at_ms
    os.kill(supervisor.process.pid, signal.SIGKILL)
    await ear.until(lambda: bool(ear.events))
    assert isinstance(ear.events[0], LinkDown)
    with pytest.raises(PbxError):
        pbx.originate(order())
    await asyncio.to_thread(supervisor.ensure)
    await ear.until(lambda: LinkUp() in ear.events)
    assert [type(each) for each in ear.events] == [LinkDown, LinkUp]
    assert pbx.capabilities.started_at_ms > started
    made = order()
    pbx.originate(made)
    await ear.over(made.attempt_id)
    assert ear.one(HungUp, made.attempt_id).cause == 17


async def test_a_pbx_that_hangs_is_left_and_found_again(
    pbx: AmiPbx, ear: Ear, supervisor: Supervisor
) -> None:
    process = supervisor.process.pid
    os.kill(process, signal.SIGSTOP)
    try:
        await ear.until(lambda: bool(ear.events))
    finally:
        os.kill(process, signal.SIGCONT)
    assert ear.events[0] == LinkDown("no answer to Ping in 2 s")
    await ear.until(lambda: LinkUp() in ear.events)
